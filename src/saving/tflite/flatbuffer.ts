/** FlatBuffers (the binary format of flatbuffers.dev) of unknown origin: tables and vectors, every offset checked against the file. */
import { formatError } from "../file-errors.ts";

const MAX_TEXT = 1000;

/** A table. Its fields are found by their numbers; a field that is not there has its default. */
export class Table {
  readonly #view: DataView;
  readonly #at: number;
  readonly #fields: number;
  readonly #count: number;

  /** @throws FormatError if no table lies there. */
  constructor(view: DataView, at: number) {
    this.#view = view;
    this.#at = at;
    // The table begins with the distance back to the table of its fields' offsets.
    this.#fields = at - view.getInt32(inside(view, at, 4), true);
    const size = view.getUint16(inside(view, this.#fields, 4), true);
    inside(view, this.#fields, size);
    this.#count = Math.floor((size - 4) / 2);
  }

  /** The place of a field; undefined if it has its default. */
  #place(field: number, size: number): number | undefined {
    if (field >= this.#count) return undefined;
    const offset = this.#view.getUint16(this.#fields + 4 + 2 * field, true);
    return offset === 0 ? undefined : inside(this.#view, this.#at + offset, size);
  }

  /** The place that a field points to; undefined if the field is not there. */
  #target(field: number): number | undefined {
    const place = this.#place(field, 4);
    return place === undefined ? undefined : place + this.#view.getUint32(place, true);
  }

  has(field: number): boolean {
    return this.#place(field, 1) !== undefined;
  }

  int8(field: number, fallback = 0): number {
    const place = this.#place(field, 1);
    return place === undefined ? fallback : this.#view.getInt8(place);
  }

  uint8(field: number, fallback = 0): number {
    const place = this.#place(field, 1);
    return place === undefined ? fallback : this.#view.getUint8(place);
  }

  int32(field: number, fallback = 0): number {
    const place = this.#place(field, 4);
    return place === undefined ? fallback : this.#view.getInt32(place, true);
  }

  uint32(field: number, fallback = 0): number {
    const place = this.#place(field, 4);
    return place === undefined ? fallback : this.#view.getUint32(place, true);
  }

  uint64(field: number, fallback = 0): number {
    const place = this.#place(field, 8);
    return place === undefined ? fallback : Number(this.#view.getBigUint64(place, true));
  }

  float32(field: number, fallback = 0): number {
    const place = this.#place(field, 4);
    return place === undefined ? fallback : this.#view.getFloat32(place, true);
  }

  /** A text, cut to 1000 bytes. */
  text(field: number): string {
    return new TextDecoder().decode(this.bytes(field)?.subarray(0, MAX_TEXT) ?? new Uint8Array());
  }

  bytes(field: number): Uint8Array | undefined {
    const vector = this.#vector(field, 1);
    const { buffer, byteOffset } = this.#view;
    return vector && new Uint8Array(buffer, byteOffset + vector.start, vector.length);
  }

  int32s(field: number): readonly number[] {
    return this.#numbers(field, 4, (at) => this.#view.getInt32(at, true));
  }

  int64s(field: number): readonly number[] {
    return this.#numbers(field, 8, (at) => Number(this.#view.getBigInt64(at, true)));
  }

  float32s(field: number): readonly number[] {
    return this.#numbers(field, 4, (at) => this.#view.getFloat32(at, true));
  }

  /** The number of elements in a vector, whatever they are. */
  length(field: number): number {
    return this.#vector(field, 1)?.length ?? 0;
  }

  table(field: number): Table | undefined {
    const target = this.#target(field);
    return target === undefined ? undefined : new Table(this.#view, target);
  }

  tables(field: number): readonly Table[] {
    return this.#numbers(field, 4, (at) => at + this.#view.getUint32(at, true)).map((at) => new Table(this.#view, at));
  }

  #numbers(field: number, size: number, read: (at: number) => number): readonly number[] {
    const { start, length } = this.#vector(field, size) ?? { start: 0, length: 0 };
    return Array.from({ length }, (_, i) => read(start + i * size));
  }

  #vector(field: number, size: number): { readonly start: number; readonly length: number } | undefined {
    const target = this.#target(field);
    if (target === undefined) return undefined;
    const length = this.#view.getUint32(inside(this.#view, target, 4), true);
    return { start: inside(this.#view, target + 4, length * size), length };
  }
}

/** The root table of a file. */
export function rootTable(bytes: Uint8Array): Table {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return new Table(view, view.getUint32(inside(view, 0, 4), true));
}

function inside(view: DataView, at: number, size: number): number {
  if (at >= 0 && at + size <= view.byteLength) return at;
  throw formatError(
    `The TFLite file is truncated or broken: it refers to byte ${at + size} of ${view.byteLength}. Download or copy it again.`,
  );
}

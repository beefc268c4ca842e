/** Files of vectors, written row by row: NumPy's .npy (NEP 1), safetensors, and Parquet. */
import { type FileHandle, open } from "node:fs/promises";
import { valueError } from "../../core/errors.ts";
import { systemPath } from "../../platform/node/byte-names.ts";
import { type FeatureContent, type FeatureWriter, writeAll } from "./writer.ts";

export const FEATURE_ENDINGS = [".npy", ".safetensors", ".parquet"] as const;
export type FeatureEnding = (typeof FEATURE_ENDINGS)[number];

/** @throws ValueError for another ending. */
export function featureEnding(path: string): FeatureEnding {
  const ending = FEATURE_ENDINGS.find((one) => path.toLowerCase().endsWith(one));
  if (ending !== undefined) return ending;
  throw valueError(`Vectors are written as .npy, .safetensors or .parquet. Received: ${path}`);
}

/** The path of the file beside a file of vectors that has the names of the pictures: `features.npy` has `features.json`. */
export function besideName(path: string): string {
  return path.replace(/\.npy$/i, ".json");
}

export async function openFeatureWriter(
  path: string,
  ending: FeatureEnding,
  content: FeatureContent,
): Promise<FeatureWriter> {
  if (ending === ".parquet") return (await import("./parquet.ts")).openParquet(path, content);
  return ending === ".npy"
    ? new NpyWriter(await open(systemPath(path), "wx"), path, content)
    : openSafetensors(path, content);
}

/** A header that leaves room for any number of rows, so that it can be written last. */
const NPY_HEADER = 128;

class NpyWriter implements FeatureWriter {
  readonly #file: FileHandle;
  readonly #path: string;
  readonly #content: FeatureContent;
  readonly #names: string[] = [];

  constructor(file: FileHandle, path: string, content: FeatureContent) {
    this.#file = file;
    this.#path = path;
    this.#content = content;
  }

  async write(names: readonly string[], vectors: Float32Array): Promise<void> {
    const at = NPY_HEADER + this.#names.length * this.#content.length * 4;
    await writeAll(this.#file, littleEndian(vectors), at);
    for (const name of names) this.#names.push(name);
  }

  async finish(): Promise<void> {
    const { facts, length } = this.#content;
    const text = `{'descr': '<f4', 'fortran_order': False, 'shape': (${this.#names.length}, ${length}), }`;
    const header = Buffer.from(`\u0093NUMPY\u0001\u0000..${text.padEnd(NPY_HEADER - 11)}\n`, "latin1");
    header.writeUInt16LE(NPY_HEADER - 10, 8);
    await writeAll(this.#file, header, 0);
    await this.#file.sync();
    await using beside = await open(systemPath(besideName(this.#path)), "wx");
    await beside.writeFile(`${JSON.stringify({ ...facts, length, files: this.#names }, null, 1)}\n`);
    await beside.sync();
  }

  close(): Promise<void> {
    return this.#file.close();
  }
}

/** The names are in the metadata, before the vectors; room is left for all names that there may be. */
async function openSafetensors(path: string, { facts, length, names }: FeatureContent): Promise<FeatureWriter> {
  const headerOf = (files: readonly string[]): Buffer => {
    const bytes = files.length * length * 4;
    const features = { dtype: "F32", shape: [files.length, length], data_offsets: [0, bytes] };
    const metadata = { ...texts({ ...facts }), files: JSON.stringify(files) };
    return Buffer.from(JSON.stringify({ __metadata__: metadata, features }));
  };
  const room = Math.ceil(headerOf(names).length / 8) * 8;
  const file = await open(systemPath(path), "wx");
  const written: string[] = [];
  return {
    async write(more, vectors) {
      await writeAll(file, littleEndian(vectors), 8 + room + written.length * length * 4);
      for (const name of more) written.push(name);
    },
    async finish() {
      const header = Buffer.alloc(8 + room, " ");
      header.writeBigUInt64LE(BigInt(room), 0);
      headerOf(written).copy(header, 8);
      await writeAll(file, header, 0);
      await file.sync();
    },
    close: () => file.close(),
  };
}

/** The values as texts: metadata of safetensors have no others. */
function texts(values: Readonly<Record<string, unknown>>): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(values).map(([name, value]) => [name, typeof value === "string" ? value : JSON.stringify(value)]),
  );
}

function littleEndian(values: Float32Array): Uint8Array {
  const bytes = Buffer.from(values.buffer, values.byteOffset, values.byteLength);
  return isLittleEndian() ? bytes : Buffer.from(bytes).swap32();
}

/** Whether this machine stores numbers in the byte order of these files. */
export function isLittleEndian(): boolean {
  return new Uint8Array(new Uint32Array([1]).buffer)[0] === 1;
}

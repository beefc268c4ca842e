/** Writes pickles opcode by opcode, and files of torch.save as they were before torch 1.6 around them. */

export interface TensorSpec {
  readonly offset?: number;
  readonly shape?: readonly number[];
  readonly strides?: readonly number[];
  /** Of the storage. */
  readonly length?: number;
  readonly key?: string;
}

export class PickleWriter {
  readonly #bytes: number[] = [0x80, 2];

  /** Opcodes and arguments as they stand: bytes, and texts of one byte a character. */
  raw(...parts: readonly (string | number)[]): this {
    for (const part of parts) {
      if (typeof part === "number") this.#bytes.push(part);
      else for (let i = 0; i < part.length; i++) this.#bytes.push(part.charCodeAt(i));
    }
    return this;
  }

  text(text: string): this {
    return this.raw("X", text.length & 255, text.length >> 8, 0, 0, text);
  }

  /** A whole number of any size, 8 bytes of it. */
  integer(value: number): this {
    this.raw(0x8a, 8);
    for (let i = 0n; i < 8n; i++) this.raw(Number((BigInt(value) >> (8n * i)) & 255n));
    return this;
  }

  tuple(values: readonly number[]): this {
    this.raw("(");
    for (const value of values) this.integer(value);
    return this.raw("t");
  }

  list(texts: readonly string[]): this {
    this.raw("](");
    for (const text of texts) this.text(text);
    return this.raw("e");
  }

  tensor({ offset = 0, shape = [4], strides = [1], length = 4, key = "0" }: TensorSpec): this {
    this.raw("ctorch._utils\n_rebuild_tensor_v2\n((").text("storage").raw("ctorch\nFloatStorage\n");
    this.text(key).text("cpu").integer(length).raw("N", "tQ").integer(offset);
    return this.tuple(shape).tuple(strides).raw(0x89, "ccollections\nOrderedDict\n)R", "tR");
  }

  dict(tensors: Readonly<Record<string, TensorSpec>>): this {
    this.raw("}(");
    for (const [name, tensor] of Object.entries(tensors)) this.text(name).tensor(tensor);
    return this.raw("u");
  }

  finished(): readonly number[] {
    return [...this.#bytes, 0x2e];
  }
}

const MAGIC = [0x80, 2, 0x8a, 10, 0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19, 0x2e];

/** A file of torch.save before 1.6; `claimed`: the length that the first storage claims, in elements. */
export function legacyFile(
  value: PickleWriter,
  storages: readonly (readonly [key: string, bytes: Uint8Array])[],
  claimed?: bigint,
): Uint8Array {
  const head = [
    ...MAGIC,
    ...new PickleWriter().integer(1001).finished(),
    ...new PickleWriter().raw("}").finished(),
    ...value.finished(),
    ...new PickleWriter().list(storages.map(([key]) => key)).finished(),
  ];
  const tail = storages.flatMap(([, bytes], i) => {
    const length = new BigUint64Array([i === 0 && claimed !== undefined ? claimed : BigInt(bytes.length / 4)]);
    return [...new Uint8Array(length.buffer), ...bytes];
  });
  return Uint8Array.from([...head, ...tail]);
}

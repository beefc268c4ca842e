/** TensorFlow's checkpoints (tensor_bundle.proto): an index of tensors, whose values lie in one or several files beside it. */
import { type Dims, formatShape } from "../../core/shape.ts";
import { elementCount } from "../bytes/element-count.ts";
import { elementSize, float32Of } from "../bytes/numbers.ts";
import { fieldsOf, messageOf } from "../bytes/protobuf.ts";
import { formatError, unsupportedError } from "../file-errors.ts";
import type { StoredTensor } from "../stored-tensor.ts";
import { readTable } from "./sorted-table.ts";
import { dtypeOf, knownShape } from "./tensor-proto.ts";

export interface Bundle {
  /** All tensors of numbers by their names. */
  readonly tensors: ReadonlyMap<string, StoredTensor>;
  /** The size of the files of values in bytes. */
  readonly size: number;
}

interface Entry {
  readonly name: string;
  readonly dtype: string;
  readonly shape: Dims;
  readonly shard: number;
  readonly offset: number;
  readonly size: number;
  readonly isSliced: boolean;
}

const MAX_SHARDS = 1000;
const INDEX = ".index";

/**
 * The tensors of a checkpoint.
 * @param name the name of its index, `ckpt-1.index`, which those of the files beside it are made of
 * @param beside reads such a file; undefined if there is none
 * @throws FormatError, LimitError; UnsupportedError for checkpoints of TensorFlow's first format, and for what is compressed
 */
export async function readBundle(
  index: Uint8Array,
  name: string,
  beside: (name: string) => Promise<Uint8Array | undefined>,
): Promise<Bundle> {
  const table = readTable(index);
  const shardCount = readHeader(table.get(""));
  const entries = [...table].flatMap(([key, value]) => (key === "" ? [] : [readEntry(key, value)]));
  const prefix = name.endsWith(INDEX) ? name.slice(0, -INDEX.length) : name;
  const shards = new Map<number, Uint8Array>();
  for (const shard of new Set(entries.filter(isRead).map((entry) => entry.shard))) {
    if (shard >= shardCount)
      throw formatError(`The TensorFlow checkpoint has ${shardCount} files, but names #${shard}.`);
    // oxlint-disable-next-line no-await-in-loop -- there are as many as files, which the loop may find too few
    shards.set(shard, await readShard(prefix, shard, shardCount, beside));
  }
  return {
    tensors: new Map(entries.filter(isRead).map((entry) => [entry.name, stored(entry, shards.get(entry.shard))])),
    size: [...shards.values()].reduce((sum, { length }) => sum + length, 0),
  };
}

/** Texts, such as the graph of Keras's objects, are not read; nor are variants. */
function isRead({ dtype, isSliced, name }: Entry): boolean {
  if (isSliced) {
    throw unsupportedError(
      `Variable '${name.slice(0, 200)}' of the TensorFlow checkpoint is cut into slices, which are not read. ` +
        "Save it again from a model whose variables are whole.",
    );
  }
  return dtype !== "string" && !dtype.startsWith("type ");
}

async function readShard(
  prefix: string,
  shard: number,
  count: number,
  beside: (name: string) => Promise<Uint8Array | undefined>,
): Promise<Uint8Array> {
  const [number, of] = [shard, count].map((value) => String(value).padStart(5, "0"));
  const name = `${prefix}.data-${number}-of-${of}`;
  const bytes = await beside(name);
  if (bytes !== undefined) return bytes;
  throw formatError(
    `The TensorFlow checkpoint's values are in the file '${name}', which is missing beside its index. ` +
      "Open them together: the folder, a zip archive of it, or all of its files.",
  );
}

/** The number of files of values. */
function readHeader(message: Uint8Array | undefined): number {
  if (message === undefined) throw formatError("The index of the TensorFlow checkpoint has no header.");
  let shards = 0;
  for (const { number, wire, integer } of fieldsOf(message)) {
    if (number === 1 && wire === 2) {
      throw unsupportedError(
        "The file is a checkpoint of TensorFlow's first format (V1), which is not read. In Python: " +
          "`tf.compat.v1.train.Saver(write_version=2)` saves it again.",
      );
    }
    if (number === 1) shards = integer;
    if (number === 2 && integer !== 0) throw unsupportedError("The TensorFlow checkpoint has big-endian values.");
  }
  if (shards >= 0 && shards <= MAX_SHARDS) return shards;
  throw formatError(`The TensorFlow checkpoint says that it has ${shards} files; at most ${MAX_SHARDS} are read.`);
}

function readEntry(name: string, message: Uint8Array): Entry {
  let [dtype, shard, offset, size] = ["type 0", 0, 0, 0];
  let shape: Dims = [];
  let isSliced = false;
  for (const field of fieldsOf(message)) {
    if (field.number === 1) dtype = dtypeOf(field.integer);
    else if (field.number === 2) shape = knownShape(messageOf(field), name);
    else if (field.number === 3) shard = field.integer;
    else if (field.number === 4) offset = field.integer;
    else if (field.number === 5) size = field.integer;
    else if (field.number === 7) isSliced = true;
  }
  if (![shard, offset, size].every((value) => Number.isSafeInteger(value) && value >= 0)) {
    throw formatError(`Tensor '${name.slice(0, 200)}' lies nowhere in the TensorFlow checkpoint.`);
  }
  return { name, dtype: dtype === "bool" ? "uint8" : dtype, shape, shard, offset, size, isSliced };
}

function stored({ name, dtype, shape, offset, size }: Entry, shard: Uint8Array | undefined): StoredTensor {
  const short = name.slice(0, 200);
  if (size !== elementCount(shape) * elementSize(dtype)) {
    throw formatError(`Tensor '${short}' of shape ${formatShape(shape)} and type ${dtype} has ${size} bytes.`);
  }
  if (shard === undefined || offset + size > shard.length) {
    throw formatError(
      `Tensor '${short}' ends at byte ${offset + size} of the checkpoint's values, which have ${shard?.length ?? 0} bytes: the file is truncated.`,
    );
  }
  const bytes = shard.subarray(offset, offset + size);
  return { name, shape, dtype, read: () => float32Of({ bytes, dtype, littleEndian: true }) };
}

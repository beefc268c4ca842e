/**
 * State dicts as `torch.save` writes them (torch/serialization.py): since torch 1.6 a zip archive with a pickle and the storages beside
 * it, before that one pickle after another with the storages behind. Only tensors are read, and nothing is run.
 */
import { type Dims, formatShape, sizeOf } from "../../core/shape.ts";
import { elementCount } from "../bytes/element-count.ts";
import { formatError, unsupportedError } from "../file-errors.ts";
import { elementSize, float32Of } from "../bytes/numbers.ts";
import type { StoredTensor } from "../stored-tensor.ts";
import { isZip, zipMember, zipMembers } from "../zip/zip.ts";
import { unpickle } from "./pickle.ts";
import { type Pickled, PickledTensor } from "./pickled.ts";
import { PICKLE } from "./sniff.ts";
import { isNamedByTorch } from "./state-dict.ts";

const LEGACY_PROTOCOL = 1001;

/** The bytes of each storage by its key. */
interface Storages {
  readonly bytesOf: (key: string) => Uint8Array | undefined;
  readonly littleEndian: boolean;
}

/**
 * The tensors of the file's state dict: the whole value, or the part of a training checkpoint that is one.
 * @throws FormatError if the file is broken, UnsupportedError if it holds more than tensors.
 */
export function readTorchFile(bytes: Uint8Array): ReadonlyMap<string, StoredTensor> {
  const { value, storages } = isZip(bytes) ? readArchive(bytes) : readLegacy(bytes);
  const tensors = new Map<string, StoredTensor>();
  let total = 0;
  for (const [name, tensor] of stateDictOf(value)) {
    // Tensors that share their bytes would make much of a small file.
    total += sizeOf(tensor.shape) * elementSize(tensor.storage.dtype);
    if (total > bytes.length)
      throw formatError("The tensors of the file overlap: together they have more bytes than it.");
    tensors.set(name, storedTensor(name, tensor, storages));
  }
  return tensors;
}

interface Saved {
  readonly value: Pickled;
  readonly storages: Storages;
}

function readArchive(bytes: Uint8Array): Saved {
  const members = zipMembers(bytes);
  const pickles = [...members.keys()].filter((name) => name.endsWith(PICKLE));
  const [name] = pickles;
  if (name === undefined || pickles.length > 1) {
    throw formatError(`The zip archive has ${pickles.length} members named data.pkl, where torch writes one.`);
  }
  const folder = name.slice(0, -PICKLE.length);
  const member = (path: string): Uint8Array | undefined => members.get(`${folder}/${path}`)?.();
  const order = zipMember(bytes, `${folder}/byteorder`);
  const littleEndian = order === undefined || new TextDecoder().decode(order) === "little";
  const pickle = zipMember(bytes, name) ?? new Uint8Array();
  return { value: unpickle(pickle).value, storages: { bytesOf: (key) => member(`data/${key}`), littleEndian } };
}

/** A file of before torch 1.6: pickles of a magic number, a protocol, the machine, the value and the keys, then the length and bytes of each storage. */
function readLegacy(bytes: Uint8Array): Saved {
  const { end: magicEnd } = unpickle(bytes);
  const protocol = unpickle(bytes, magicEnd);
  if (protocol.value !== LEGACY_PROTOCOL)
    throw unsupportedError("The file is of a version of torch.save that is not read.");
  const machine = unpickle(bytes, protocol.end);
  const saved = unpickle(bytes, machine.end);
  const keys = unpickle(bytes, saved.end);
  const sizes = elementSizes(saved.value);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const storages = new Map<string, Uint8Array>();
  let at = keys.end;
  for (const key of Array.isArray(keys.value) ? keys.value : []) {
    if (typeof key !== "string" || at + 8 > bytes.length) throw truncated();
    const size = Number(view.getBigUint64(at, true)) * (sizes.get(key) ?? NaN);
    at += 8;
    if (!(size <= bytes.length - at)) throw truncated();
    storages.set(key, bytes.subarray(at, at + size));
    at += size;
  }
  const littleEndian = !(machine.value instanceof Map) || machine.value.get("little_endian") !== false;
  return { value: saved.value, storages: { bytesOf: (key) => storages.get(key), littleEndian } };
}

function truncated(): Error {
  return formatError("The file is truncated, or its storages are broken. Download or copy it again.");
}

/** The size of an element of every storage that the value uses, however deep. Lists and dicts may contain one another. */
function elementSizes(value: Pickled): ReadonlyMap<string, number> {
  const sizes = new Map<string, number>();
  const seen = new Set<Pickled>();
  const pending: Pickled[] = [value];
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    if (next instanceof PickledTensor) sizes.set(next.storage.key, elementSize(next.storage.dtype));
    if (seen.has(next)) continue;
    if (next instanceof Map) for (const item of next.values()) pending.push(item);
    else if (Array.isArray(next)) for (const item of next) pending.push(item);
    else continue;
    seen.add(next);
  }
  return sizes;
}

/** The usual names of the state dict in training checkpoints; averaged weights come before those in training. */
const PARTS = [
  "state_dict_ema",
  "model_ema",
  "ema_state_dict",
  "ema",
  "state_dict",
  "model_state_dict",
  "model",
  "net",
];
/** As deep as a state dict lies in a training checkpoint: `checkpoint["net"]["state_dict"]`. */
const MAX_DEPTH = 2;

type NamedTensor = readonly [string, PickledTensor];

/** The dict of a MobileNetV2's tensors; if there is none, that of the usual names, of which it is then said what it is. */
function stateDictOf(value: Pickled): readonly NamedTensor[] {
  if (!(value instanceof Map)) throw notStateDict();
  const dicts = dictsIn(value, MAX_DEPTH).map(tensorsOf);
  const tensors =
    dicts.find((dict) => isNamedByTorch(dict.map(([name]) => name))) ?? dicts.find((dict) => dict.length > 0);
  if (tensors === undefined) throw notStateDict();
  return tensors;
}

/** The dict's parts and it itself, the most telling first, each once. */
function dictsIn(
  dict: ReadonlyMap<Pickled, Pickled>,
  depth: number,
  seen = new Set<Pickled>(),
): readonly ReadonlyMap<Pickled, Pickled>[] {
  if (depth === 0) return [dict];
  const parts = [...PARTS.map((name) => dict.get(name)), ...dict.values()];
  const inner = parts.flatMap((part) => {
    if (!(part instanceof Map) || seen.has(part)) return [];
    seen.add(part);
    return dictsIn(part, depth - 1, seen);
  });
  return [...inner, dict];
}

function tensorsOf(dict: ReadonlyMap<Pickled, Pickled>): readonly NamedTensor[] {
  const tensors: NamedTensor[] = [];
  for (const [name, tensor] of dict) {
    if (typeof name === "string" && tensor instanceof PickledTensor) tensors.push([name, tensor]);
  }
  return tensors;
}

function notStateDict(): Error {
  return unsupportedError(
    "The file holds no state dict: a dict of tensors by name, or one with such a dict as `state_dict` or `model`.",
  );
}

function storedTensor(name: string, tensor: PickledTensor, { bytesOf, littleEndian }: Storages): StoredTensor {
  const { storage, offset, shape, strides } = tensor;
  const bytes = bytesOf(storage.key);
  if (bytes === undefined)
    throw formatError(`The storage '${storage.key.slice(0, 100)}' of tensor '${name}' is missing.`);
  const size = elementSize(storage.dtype);
  if (storage.length * size !== bytes.length) {
    throw formatError(
      `The storage of tensor '${name}' should have ${storage.length * size} bytes; it has ${bytes.length}.`,
    );
  }
  const count = elementCount(shape);
  const last = count === 0 ? -1 : shape.reduce((at, axis, i) => at + (axis - 1) * (strides[i] ?? 0), offset);
  if (!(last < storage.length) || count > storage.length) {
    throw formatError(`Tensor '${name}' of shape ${formatShape(shape)} does not lie within its storage.`);
  }
  const data = { bytes, dtype: storage.dtype, littleEndian };
  const read = (): Float32Array => {
    if (isDense(shape, strides)) {
      return float32Of({ ...data, bytes: bytes.subarray(offset * size, (offset + count) * size) });
    }
    return gathered(float32Of(data), tensor);
  };
  return { name, shape, dtype: storage.dtype, read };
}

function isDense(shape: Dims, strides: readonly number[]): boolean {
  let expected = 1;
  for (let i = shape.length - 1; i >= 0; i--) {
    const axis = shape[i] ?? 0;
    if (axis !== 1 && strides[i] !== expected) return false;
    expected *= axis;
  }
  return true;
}

/** The values of a view that is not row-major: channels last, or cut out of a larger tensor. */
function gathered(storage: Float32Array, { offset, shape, strides }: PickledTensor): Float32Array {
  const values = new Float32Array(elementCount(shape));
  const index = shape.map(() => 0);
  let from = offset;
  for (let to = 0; to < values.length; to++) {
    values[to] = storage[from] ?? 0;
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      const next = (index[axis] ?? 0) + 1;
      from += strides[axis] ?? 0;
      if (next < (shape[axis] ?? 0)) {
        index[axis] = next;
        break;
      }
      index[axis] = 0;
      from -= next * (strides[axis] ?? 0);
    }
  }
  return values;
}

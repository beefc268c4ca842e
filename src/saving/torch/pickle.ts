/**
 * Python's pickles (the docstrings of Lib/pickletools.py), as far as `torch.save` of a state dict needs them. A pickle is a program
 * that may call whatever it names; here it names nothing but the few constructors of tensors below, and anything else is an
 * error. Nothing is ever run, looked up, or imported.
 */
import { MobileNetV2Error } from "../../core/errors.ts";
import { formatError, unsupportedError } from "../file-errors.ts";
import { type Pickled, PickledName, PickledStorage, PickledTensor } from "./pickled.ts";
import { isQuantised, quantisedError } from "./quantised.ts";

export interface Unpickled {
  readonly value: Pickled;
  /** The place after the end of the pickle. */
  readonly end: number;
}

/** numpy's types of torch's storages, by the names of their classes. */
const STORAGES: ReadonlyMap<string, string> = new Map([
  ["DoubleStorage", "float64"],
  ["FloatStorage", "float32"],
  ["HalfStorage", "float16"],
  ["BFloat16Storage", "bfloat16"],
  ["LongStorage", "int64"],
  ["IntStorage", "int32"],
  ["ShortStorage", "int16"],
  ["CharStorage", "int8"],
  ["ByteStorage", "uint8"],
  ["BoolStorage", "uint8"],
]);

/** The functions that can be called. */
const FUNCTIONS: ReadonlyMap<string, (args: readonly Pickled[]) => Pickled> = new Map([
  ["collections.OrderedDict", orderedDict],
  ["torch._utils._rebuild_tensor", tensorOf],
  ["torch._utils._rebuild_tensor_v2", tensorOf],
  ["torch._utils._rebuild_parameter", parameter],
  ["torch.Size", ([list = []]: readonly Pickled[]): Pickled => list],
]);

/** Names that stand for values and are never called: types. */
const VALUES = /^torch\.(?:float(?:16|32|64)|bfloat16|u?int8|int(?:16|32|64)|bool)$/;

/** What training checkpoints have beside tensors, such as arguments: objects of these are passed over, not made. */
const INERT =
  /^(?:argparse\.Namespace|numpy(?:\._?core\.multiarray)?\.(?:scalar|dtype)|_codecs\.encode|pathlib\.\w*Path|torch\.device)$/;

const MAX_BYTES = 64 * 2 ** 20;
const MAX_AXES = 32;

/**
 * The value of the pickle that begins at `start`.
 * @throws FormatError if it is broken, UnsupportedError if it holds more than tensors, LimitError if it is too long.
 */
export function unpickle(bytes: Uint8Array, start = 0): Unpickled {
  return new Machine(bytes, start).run();
}

class Machine {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #stop: number;
  #at: number;
  #stack: Pickled[] = [];
  /** The stacks below the marks. */
  readonly #below: Pickled[][] = [];
  readonly #memo = new Map<number, Pickled>();

  constructor(bytes: Uint8Array, start: number) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#stop = Math.min(bytes.length, start + MAX_BYTES);
    this.#at = start;
  }

  run(): Unpickled {
    for (;;) {
      const at = this.#take(1);
      const opcode = String.fromCharCode(this.#bytes[at] ?? 0);
      if (opcode === ".") return { value: this.#pop(), end: this.#at };
      this.#step(opcode);
    }
  }

  #step(opcode: string): void {
    switch (opcode) {
      case "\x80": // PROTO
        return this.#protocol(this.#uint8());
      case "\x95": // FRAME
        return void this.#take(8);
      case "(":
        this.#below.push(this.#stack);
        this.#stack = [];
        return;
      case "N":
        return this.#push(null);
      case "\x88":
        return this.#push(true);
      case "\x89":
        return this.#push(false);
      case "K":
        return this.#push(this.#uint8());
      case "M":
        return this.#push(this.#view.getUint16(this.#take(2), true));
      case "J":
        return this.#push(this.#view.getInt32(this.#take(4), true));
      case "\x8a":
        return this.#push(this.#long(this.#uint8()));
      case "G":
        return this.#push(this.#view.getFloat64(this.#take(8), false));
      case "X":
      case "T": // Python 2's texts
        return this.#push(this.#text(this.#uint32()));
      case "\x8c":
      case "U":
        return this.#push(this.#text(this.#uint8()));
      case "}":
        return this.#push(new Map());
      case "]":
      case ")":
        return this.#push([]);
      case "t":
        return this.#push(this.#popMark());
      case "\x85":
        return this.#push(this.#popMany(1));
      case "\x86":
        return this.#push(this.#popMany(2));
      case "\x87":
        return this.#push(this.#popMany(3));
      case "a":
        return this.#append(this.#popMany(1));
      case "e":
        return this.#append(this.#popMark());
      case "s":
        return this.#set(this.#popMany(2));
      case "u":
        return this.#set(this.#popMark());
      case "q":
        return this.#remember(this.#uint8());
      case "r":
        return this.#remember(this.#uint32());
      case "\x94":
        return this.#remember(this.#memo.size);
      case "h":
        return this.#recall(this.#uint8());
      case "j":
        return this.#recall(this.#uint32());
      case "c":
        return this.#push(named(`${this.#line()}.${this.#line()}`));
      case "\x93":
        return this.#push(named(this.#popMany(2).map(textOf).join(".")));
      case "R":
      case "\x81": // NEWOBJ
        return this.#call(this.#popMany(2));
      case "b":
        return this.#build(this.#popMany(1));
      case "Q":
        return this.#push(storageOf(this.#pop()));
      default:
        throw unsupportedError(
          `The pickle has the opcode ${JSON.stringify(opcode)} at byte ${this.#at - 1}, which tensors do not need. ${ADVICE}`,
        );
    }
  }

  #protocol(version: number): void {
    if (version < 2 || version > 5) throw unsupportedError(`Pickles of protocol ${version} are not read.`);
  }

  #push(value: Pickled): void {
    this.#stack.push(value);
  }

  #pop(): Pickled {
    const value = this.#stack.pop();
    if (value === undefined) throw broken();
    return value;
  }

  #popMany(count: number): Pickled[] {
    if (this.#stack.length < count) throw broken();
    return this.#stack.splice(-count, count);
  }

  /** Everything above the last mark. */
  #popMark(): Pickled[] {
    const above = this.#stack;
    const below = this.#below.pop();
    if (below === undefined) throw broken();
    this.#stack = below;
    return above;
  }

  #append(items: readonly Pickled[]): void {
    const list = this.#stack.at(-1);
    if (!Array.isArray(list)) throw broken();
    for (const item of items) list.push(item);
  }

  #set(items: readonly Pickled[]): void {
    const map = this.#stack.at(-1);
    if (!(map instanceof Map) || items.length % 2 !== 0) throw broken();
    for (let i = 0; i < items.length; i += 2) put(map, items[i] ?? null, items[i + 1] ?? null);
  }

  #remember(index: number): void {
    const value = this.#stack.at(-1);
    if (value === undefined) throw broken();
    this.#memo.set(index, value);
  }

  #recall(index: number): void {
    const value = this.#memo.get(index);
    if (value === undefined) throw broken();
    this.#push(value);
  }

  #call([callee, args]: readonly Pickled[]): void {
    if (isInert(callee)) return this.#push(callee);
    const call = callee instanceof PickledName ? FUNCTIONS.get(callee.name) : undefined;
    if (call === undefined || !Array.isArray(args)) throw broken();
    this.#push(call(args));
  }

  /** State is only ever set on an OrderedDict, or on what is passed over. It is the versions of modules, which nobody needs. */
  #build([state]: readonly Pickled[]): void {
    if (isInert(this.#stack.at(-1))) return;
    if (!(state instanceof Map) || !(this.#stack.at(-1) instanceof Map)) throw broken();
  }

  /** Steps over this many bytes and gives the place where they begin. */
  #take(count: number): number {
    const at = this.#at;
    if (count > this.#stop - at) {
      if (this.#stop === this.#bytes.length)
        throw formatError("The pickle is truncated. Download or copy the file again.");
      throw new MobileNetV2Error(
        "LimitError",
        `The pickle is longer than ${MAX_BYTES} bytes: too large for a state dict.`,
      );
    }
    this.#at += count;
    return at;
  }

  #uint8(): number {
    return this.#view.getUint8(this.#take(1));
  }

  #uint32(): number {
    return this.#view.getUint32(this.#take(4), true);
  }

  #text(length: number): string {
    const at = this.#take(length);
    return new TextDecoder().decode(this.#bytes.subarray(at, at + length));
  }

  /** The text up to a line feed, which is stepped over. */
  #line(): string {
    const end = this.#bytes.subarray(0, Math.min(this.#stop, this.#at + 1000)).indexOf(0x0a, this.#at);
    if (end < 0) throw broken();
    const text = this.#text(end - this.#at);
    this.#at = end + 1;
    return text;
  }

  /** An integer of any length, little-endian, in two's complement. */
  #long(length: number): number | bigint {
    const at = this.#take(length);
    let value = 0n;
    for (let i = length - 1; i >= 0; i--) value = (value << 8n) | BigInt(this.#bytes[at + i] ?? 0);
    const signed = BigInt.asIntN(8 * length, value);
    const number = Number(signed);
    return Number.isSafeInteger(number) ? number : signed;
  }
}

const ADVICE =
  "Save the state dict alone: torch.save(model.state_dict(), path), or as safetensors: safetensors.torch.save_file(model.state_dict(), path).";

function broken(): MobileNetV2Error {
  return formatError("The pickle is broken: it is not what torch.save writes.");
}

function named(name: string): PickledName {
  if (FUNCTIONS.has(name) || INERT.test(name) || VALUES.test(name) || storageType(name) !== undefined)
    return new PickledName(name);
  if (isQuantised(name)) throw quantisedError(name);
  throw unsupportedError(
    `The pickle names '${name.slice(0, 200)}', which is code of Python's. Read are tensors only; nothing is run. ${ADVICE}`,
  );
}

function isInert(value: Pickled | undefined): value is PickledName {
  return value instanceof PickledName && INERT.test(value.name);
}

function storageType(name: string): string | undefined {
  return name.startsWith("torch.") ? STORAGES.get(name.slice("torch.".length)) : undefined;
}

function put(map: Map<Pickled, Pickled>, key: Pickled, value: Pickled): void {
  if (map.has(key)) {
    throw formatError(
      `The pickle has a key twice in one dict${typeof key === "string" ? `: '${key.slice(0, 200)}'` : ""}.`,
    );
  }
  map.set(key, value);
}

/** An OrderedDict, made of nothing or of a list of pairs. */
function orderedDict([pairs = []]: readonly Pickled[]): Pickled {
  const map = new Map<Pickled, Pickled>();
  if (!Array.isArray(pairs)) throw broken();
  for (const pair of pairs) {
    if (!Array.isArray(pair) || pair.length !== 2) throw broken();
    put(map, pair[0] ?? null, pair[1] ?? null);
  }
  return map;
}

/** The storage of ("storage", type, key, device, length); files of before torch 1.6 have a view of it after these, which must be None. */
function storageOf(id: Pickled): PickledStorage {
  if (!Array.isArray(id)) throw broken();
  const [kind, type, key, , length, view = null] = id;
  const dtype = type instanceof PickledName ? storageType(type.name) : undefined;
  if (kind !== "storage" || dtype === undefined || typeof key !== "string" || view !== null) throw broken();
  return new PickledStorage(key, dtype, whole(length));
}

/** The tensor of (storage, offset, shape, strides, …). */
function tensorOf([source, offset, shape, strides]: readonly Pickled[]): Pickled {
  if (!(source instanceof PickledStorage)) throw broken();
  const [dims, steps] = [wholes(shape), wholes(strides)];
  if (dims.length !== steps.length) throw broken();
  return new PickledTensor(source, whole(offset), dims, steps);
}

function parameter([data]: readonly Pickled[]): Pickled {
  if (!(data instanceof PickledTensor)) throw broken();
  return data;
}

function textOf(value: Pickled): string {
  if (typeof value !== "string") throw broken();
  return value;
}

function wholes(value: Pickled | undefined): readonly number[] {
  if (!Array.isArray(value) || value.length > MAX_AXES) throw broken();
  return value.map(whole);
}

function whole(value: Pickled | undefined): number {
  if (typeof value === "number" && Number.isSafeInteger(value) && value >= 0) return value;
  throw broken();
}

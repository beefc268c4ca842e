/** What a program in plain JavaScript may hand over by mistake, for every argument of every public function. */
import { Tensor } from "../../src/core/tensor.ts";

/** An array whose memory was transferred away, as `postMessage` does. */
function detached(): Float32Array {
  const values = Float32Array.of(1, 2, 3, 4);
  structuredClone(values.buffer, { transfer: [values.buffer] });
  return values;
}

/** A tensor whose memory was transferred away after it was made. */
function detachedTensor(): Tensor {
  const values = Float32Array.of(1, 2);
  const tensor = new Tensor([1, 2], values);
  structuredClone(values.buffer, { transfer: [values.buffer] });
  return tensor;
}

/** Wrong values by name, each made anew, since a function may change what it is given. */
export const wrongValues: Readonly<Record<string, () => unknown>> = {
  undefined: () => undefined,
  null: () => null,
  true: () => true,
  "0": () => 0,
  "-1": () => -1,
  "0.5": () => 0.5,
  NaN: () => NaN,
  Infinity: () => Infinity,
  "2 ** 40": () => 2 ** 40,
  "1n": () => 1n,
  "an empty text": () => "",
  "a text": () => "zzz",
  "a number as a text": () => "1",
  "a symbol": () => Symbol("zzz"),
  "a function": () => () => undefined,
  "an object": () => ({}),
  "an object without a prototype": () => Object.create(null),
  "an object with __proto__": () => JSON.parse('{"__proto__":{"length":3},"length":1e12}'),
  "a date": () => new Date(0),
  "a map": () => new Map([["a", 1]]),
  "a promise": () => Promise.resolve(1),
  "an empty list": () => [],
  "a list of null": () => [null],
  "a list with a hole": () => Array.from({ length: 2 }).concat(Object.assign([], { length: 1 })),
  "a list of texts": () => ["a", "b"],
  "a list of NaN": () => [NaN],
  "a list of negative numbers": () => [-1, -1],
  "a list of fractions": () => [0.5, 1.5],
  "a list of huge numbers": () => [2 ** 40, 2 ** 40],
  "a list of lists": () => [[1, 2], [3]],
  "a list of symbols": () => [Symbol("zzz")],
  "a list of functions": () => [() => undefined],
  "an Int8Array": () => Int8Array.of(1, 2),
  "a BigInt64Array": () => BigInt64Array.of(1n, 2n),
  "a DataView": () => new DataView(new ArrayBuffer(2)),
  "an ArrayBuffer": () => new ArrayBuffer(2),
  "a detached array": detached,
  "a view of shared memory": () => new Float32Array(new SharedArrayBuffer(8)),
  "a scalar tensor": () => new Tensor([], Float32Array.of(1)),
  "an empty tensor": () => new Tensor([0, 2], new Float32Array()),
  "a tensor of five axes": () => new Tensor([1, 1, 1, 1, 2], Float32Array.of(1, 2)),
  "a tensor of integers": () => new Tensor([1, 2], Int32Array.of(1, 2)),
  "a tensor of NaN": () => new Tensor([1, 2], Float32Array.of(NaN, NaN)),
  "a detached tensor": detachedTensor,
};

/** Those that no argument and no option can be. */
export const RIGHT_FOR_NOTHING: readonly string[] = [
  "a symbol",
  "1n",
  "a list of symbols",
  "a BigInt64Array",
  "a detached array",
];

/** Those that the quick test calls everything with. */
export const QUICK: readonly string[] = [
  ...RIGHT_FOR_NOTHING,
  "null",
  "NaN",
  "2 ** 40",
  "a text",
  "an object without a prototype",
  "a list with a hole",
  "a detached tensor",
];

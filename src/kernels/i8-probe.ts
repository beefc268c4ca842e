/** What this machine's relaxed dot product does with activations of 8 bits, found by running it. */
import { features } from "../wasm/features.ts";
import { i32, i32x4, v128 } from "../wasm/instructions.ts";
import { ModuleBuilder } from "../wasm/module.ts";
import type { IntegerMode } from "./i8-parts.ts";

let found: boolean | undefined;

/**
 * True where activations above 127 are taken as such and sums of products are exact: with x86's VNNI, not where two products are added
 * in 16 bits first, nor on machines that take both operands as signed. Probed once.
 */
export function takesBytes(): boolean {
  found ??= features().relaxedSimd && probe();
  return found;
}

/** The mode that gives the most exact results of those that are fast here. */
export function bestMode(): IntegerMode {
  if (!features().relaxedSimd) return "i16";
  return takesBytes() ? "u8" : "u7";
}

const WEIGHTS = [127, 127, 127, 127, -127, -127, -127, -127, 127, -127, 1, -1, 0, 5, -100, 127];
const ACTIVATIONS = [255, 255, 255, 255, 255, 255, 255, 255, 255, 128, 200, 129, 255, 254, 131, 255];
const STARTS = [1_000_000, -1_000_000, 7, 0];

function probe(): boolean {
  const module = new ModuleBuilder();
  const f = module.export(module.function("probe"));
  const dot = i32x4.relaxed_dot_i8x16_i7x16_add_s(
    v128.load(i32.const(0)),
    v128.load(i32.const(16)),
    v128.load(i32.const(32)),
  );
  f.store(v128.store(i32.const(48), dot));
  const memory = new WebAssembly.Memory({ initial: 1, maximum: 65536 });
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(module.toBytes()), { env: { memory } });
  new Int8Array(memory.buffer).set(WEIGHTS);
  new Uint8Array(memory.buffer, 16).set(ACTIVATIONS);
  const sums = new Int32Array(memory.buffer);
  sums.set(STARTS, 8);
  const run = exports["probe"];
  if (typeof run !== "function") return false;
  run();
  return STARTS.every((start, lane) => {
    const products = [0, 1, 2, 3].map((i) => (WEIGHTS[4 * lane + i] ?? 0) * (ACTIVATIONS[4 * lane + i] ?? 0));
    return sums[12 + lane] === products.reduce((sum, product) => sum + product, start);
  });
}

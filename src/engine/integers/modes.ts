/** Which arithmetic of integers this machine has: what its relaxed dot product does with bytes, found by running it. */
import { features } from "../../wasm/features.ts";
import { i32, i32x4, v128 } from "../../wasm/instructions.ts";
import { ModuleBuilder } from "../../wasm/module.ts";
import { type IntegerMode, STORED_ZERO } from "../../kernels/i8/parts.ts";

export type { IntegerMode } from "../../kernels/i8/parts.ts";

let found: IntegerMode | undefined;

/**
 * The fastest mode on this machine: that of its relaxed dot product if it is exact for 8 bits, else `i16`. The specification guarantees
 * exact results only for second operands of 7 bits; on machines that give no more (x86 without VNNI, which first adds pairs in 16 bits),
 * V8's code for it is slower than products of 16 bits. The machine is probed once.
 */
export function bestMode(): IntegerMode {
  if (found === undefined) {
    const modes: readonly IntegerMode[] = features().relaxedSimd ? ["u8", "s8"] : [];
    found = modes.find((mode) => isExact(mode)) ?? "i16";
  }
  return found;
}

/** Whether the machine runs a mode. */
export function hasMode(mode: IntegerMode): boolean {
  return mode === "i16" || bestMode() === mode;
}

const WEIGHTS = [127, 127, 127, 127, -127, -127, -127, -127, 127, -127, 1, -1, 0, 5, -100, 127];
const ACTIVATIONS = [
  [255, 255, 255, 255, 255, 255, 255, 255, 255, 128, 200, 129, 255, 254, 131, 255],
  [0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 127, 128, 1, 2, 3, 0],
];
const STARTS = [1_000_000, -1_000_000, 7, 0];

/** Whether sums of products are what they should be for activations as they lie in memory. */
function isExact(mode: "u8" | "s8" | "i16"): boolean {
  const module = new ModuleBuilder();
  const f = module.export(module.function("probe"));
  const [weights, activations, starts] = [0, 16, 32].map((address) => v128.load(i32.const(address)));
  if (weights === undefined || activations === undefined || starts === undefined) return false;
  f.store(v128.store(i32.const(48), i32x4.relaxed_dot_i8x16_i7x16_add_s(weights, activations, starts)));
  const memory = new WebAssembly.Memory({ initial: 1, maximum: 65536 });
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(module.toBytes()), { env: { memory } });
  const run = exports["probe"];
  if (typeof run !== "function") return false;
  return ACTIVATIONS.every((given) => {
    const stored = given.map((activation) => activation + STORED_ZERO[mode]);
    new Int8Array(memory.buffer).set([...WEIGHTS, ...stored]);
    const sums = new Int32Array(memory.buffer);
    sums.set(STARTS, 8);
    run();
    return STARTS.every((start, lane) => {
      const products = [0, 1, 2, 3].map((i) => (WEIGHTS[4 * lane + i] ?? 0) * (stored[4 * lane + i] ?? 0));
      return sums[12 + lane] === products.reduce((sum, product) => sum + product, start);
    });
  });
}

/** The features of this machine's WebAssembly, found by validating modules of one instruction. */
import type { Expr } from "./expression.ts";
import { f32, f32x4, i32 } from "./instructions.ts";
import { ModuleBuilder } from "./module.ts";

/** The optional features that kernels use. */
export interface Features {
  /** 128-bit vectors: in every engine since 2021 (in Safari since 2023). */
  readonly simd: boolean;
  /** Fused multiply-add and other relaxed instructions: in Chromium and Node since 2023, in Firefox since 2025. */
  readonly relaxedSimd: boolean;
  /** Whether neighbouring vectors are joined to 256 bits when code is optimized: V8's revectorization, if it was switched on. */
  readonly wideSimd: boolean;
}

let found: Features | undefined;

/** The features of the running engine. They are probed once. */
export function features(): Features {
  if (found === undefined) {
    const vector = f32x4.splat(f32.const(1));
    found = {
      simd: validates(vector),
      relaxedSimd: validates(f32x4.relaxed_madd(vector, vector, vector)),
      wideSimd: false,
    };
  }
  return found;
}

function validates(value: Expr<"v128">): boolean {
  if (typeof WebAssembly !== "object") return false;
  const module = new ModuleBuilder();
  module.function("probe").local("v128", value);
  return WebAssembly.validate(module.toBytes());
}

/** Whether modules may share a memory between threads. It does not say whether threads can be started. */
export function sharedMemory(): boolean {
  if (typeof WebAssembly !== "object" || typeof SharedArrayBuffer !== "function") return false;
  const module = new ModuleBuilder({ shared: true });
  module.function("probe").drop(i32.atomic_load(i32.const(0)));
  return WebAssembly.validate(module.toBytes());
}

/**
 * Steps of optimizers (keras.optimizers: SGD, RMSprop, Adam) over flat runs of weights, in float32 without fused products: the same bits on
 * every machine. They work on whole vectors: up to 3 floats beyond the end are read and written.
 *
 * Parameters: `count` (vectors, at least 1), `values`, `gradient`, the addresses of what the optimizer keeps, then its numbers.
 */
import type { Expr, Local } from "../wasm/expression.ts";
import type { FunctionBuilder } from "../wasm/function.ts";
import { f32x4, v128 } from "../wasm/instructions.ts";
import type { ModuleBuilder } from "../wasm/module.ts";
import { VECTOR } from "./parts.ts";

type Vector = Expr<"v128">;

const { add, sub, mul, div, sqrt } = f32x4;

/** What a step works with: the vectors at hand, by their names. */
interface Step<Kept extends string, Number extends string> {
  readonly values: Vector;
  readonly gradient: Local<"v128">;
  /** Are stored at the end of the round. */
  readonly kept: (name: Kept) => Local<"v128">;
  readonly numbers: (name: Number) => Vector;
  readonly f: FunctionBuilder;
}

/** A function that changes values by what `step` takes away from them. */
function stepping<Kept extends string, Number extends string>(
  module: ModuleBuilder,
  name: string,
  [kept, numbers]: readonly [kept: readonly Kept[], numbers: readonly Number[]],
  step: (given: Step<Kept, Number>) => Vector,
): FunctionBuilder {
  const f = module.function(name);
  const [count, values, gradient] = [f.param("i32"), f.param("i32"), f.param("i32")];
  const addresses = kept.map(() => f.param("i32"));
  const scalars = numbers.map(() => f.param("f32"));
  const splats = scalars.map((scalar) => f.local("v128", f32x4.splat(scalar)));
  const vectors = kept.map(() => f.local("v128"));
  const [loaded, taken] = [f.local("v128"), f.local("v128")];
  const given: Step<Kept, Number> = {
    values: v128.load(values),
    gradient: loaded,
    kept: byName(kept, vectors),
    numbers: byName(numbers, splats),
    f,
  };
  f.repeat(() => {
    f.set(loaded, v128.load(gradient));
    for (const [i, vector] of vectors.entries()) f.set(vector, v128.load(addresses[i] ?? values));
    f.set(taken, step(given));
    f.store(v128.store(values, sub(given.values, taken)));
    for (const [i, vector] of vectors.entries()) f.store(v128.store(addresses[i] ?? values, vector));
    for (const pointer of [values, gradient, ...addresses]) f.increase(pointer, VECTOR);
    f.increase(count, -1);
  }, count);
  return f;
}

function byName<N extends string, T>(names: readonly N[], items: readonly T[]): (name: N) => T {
  return (name) => {
    const item = items[names.indexOf(name)];
    if (item === undefined) throw new Error(`no ${name}`);
    return item;
  };
}

/** What is kept moves towards `target` by a part of the way. */
function move(f: FunctionBuilder, kept: Local<"v128">, target: Vector, part: Vector): void {
  f.set(kept, add(kept, mul(sub(target, kept), part)));
}

export interface SgdVariant {
  readonly momentum: "none" | "plain" | "nesterov";
}

export function sgdName({ momentum }: SgdVariant): string {
  return `f32_sgd${{ none: "", plain: "_momentum", nesterov: "_nesterov" }[momentum]}`;
}

/** Keeps `momentum` unless there is none. Numbers: `rate`, and `momentum` unless there is none. */
export function sgd(module: ModuleBuilder, variant: SgdVariant): FunctionBuilder {
  const name = sgdName(variant);
  if (variant.momentum === "none") {
    return stepping(module, name, [[], ["rate"]], ({ gradient, numbers }) => mul(gradient, numbers("rate")));
  }
  const nesterov = variant.momentum === "nesterov";
  return stepping(module, name, [["momentum"], ["rate", "momentum"]], ({ f, gradient, kept, numbers }) => {
    const momentum = kept("momentum");
    const step = f.local("v128", mul(gradient, numbers("rate")));
    f.set(momentum, sub(mul(momentum, numbers("momentum")), step));
    return nesterov ? sub(step, mul(momentum, numbers("momentum"))) : f32x4.neg(momentum);
  });
}

export interface RmspropVariant {
  readonly momentum: boolean;
  readonly centered: boolean;
}

export function rmspropName({ momentum, centered }: RmspropVariant): string {
  return `f32_rmsprop${momentum ? "_momentum" : ""}${centered ? "_centered" : ""}`;
}

/**
 * Keeps `velocity`, `momentum` where there is one, the average gradient where it is centered.
 * Numbers: `rate`, `part` (1 − rho), `epsilon`, and `momentum` (0 where there is none).
 */
export function rmsprop(module: ModuleBuilder, variant: RmspropVariant): FunctionBuilder {
  const possible = ["velocity", variant.momentum ? "momentum" : "", variant.centered ? "average" : ""] as const;
  const numbers = ["rate", "part", "epsilon", "momentum"] as const;
  const present = possible.filter((name) => name !== "");
  return stepping(module, rmspropName(variant), [present, numbers], ({ f, gradient, kept, numbers: by }) => {
    const velocity = kept("velocity");
    move(f, velocity, mul(gradient, gradient), by("part"));
    const square = f.local("v128", velocity);
    if (variant.centered) {
      const average = kept("average");
      move(f, average, gradient, by("part"));
      f.set(square, sub(square, mul(average, average)));
    }
    const step = div(mul(gradient, by("rate")), sqrt(add(square, by("epsilon"))));
    if (!variant.momentum) return step;
    const momentum = kept("momentum");
    f.set(momentum, add(mul(momentum, by("momentum")), step));
    return momentum;
  });
}

export interface AdamVariant {
  readonly amsgrad: boolean;
}

export function adamName({ amsgrad }: AdamVariant): string {
  return `f32_adam${amsgrad ? "_amsgrad" : ""}`;
}

/**
 * Keeps `momentum`, `velocity`, and the largest velocity where `amsgrad`.
 * Numbers: `rate` (times √(1 − beta2^step) / (1 − beta1^step)), `part1`, `part2` (1 − beta1, 1 − beta2), `epsilon`.
 */
export function adam(module: ModuleBuilder, variant: AdamVariant): FunctionBuilder {
  const possible = ["momentum", "velocity", variant.amsgrad ? "largest" : ""] as const;
  const numbers = ["rate", "part1", "part2", "epsilon"] as const;
  const present = possible.filter((name) => name !== "");
  return stepping(module, adamName(variant), [present, numbers], ({ f, gradient, kept, numbers: by }) => {
    const [momentum, velocity] = [kept("momentum"), kept("velocity")];
    move(f, momentum, gradient, by("part1"));
    move(f, velocity, mul(gradient, gradient), by("part2"));
    const largest = variant.amsgrad ? kept("largest") : velocity;
    if (variant.amsgrad) f.set(largest, f32x4.max(largest, velocity));
    return div(mul(momentum, by("rate")), add(sqrt(largest), by("epsilon")));
  });
}

export const DECAY = "f32_decay";

/** Makes values smaller by a part of them: weight decay, apart from the gradients. Parameters: `count` (vectors, at least 1), `values`, `part`. */
export function decay(module: ModuleBuilder): FunctionBuilder {
  const f = module.function(DECAY);
  const [count, values] = [f.param("i32"), f.param("i32")];
  const part = f.local("v128", f32x4.splat(f.param("f32")));
  const value = f.local("v128");
  f.repeat(() => {
    f.set(value, v128.load(values));
    f.store(v128.store(values, sub(value, mul(value, part))));
    f.increase(values, VECTOR);
    f.increase(count, -1);
  }, count);
  return f;
}

/** Steps of optimizers, against the same in float64 (what is kept rounded to float32 after each step). */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { uniform } from "../../src/core/random.ts";
import {
  DECAY,
  adam,
  adamName,
  decay,
  rmsprop,
  rmspropName,
  sgd,
  sgdName,
} from "../../src/kernels/train-optimizers.ts";
import type { FunctionBuilder } from "../../src/wasm/function.ts";
import { ModuleBuilder } from "../../src/wasm/module.ts";
import { instantiate } from "../support/wasm.ts";

const [VALUES, GRADIENT, KEPT] = [1024, 1 << 20, 2 << 20];
const SIZE = 40;
const STEPS = 4;

/** One number's step: what is kept, in the order of the kernel's addresses, is changed; gives the new value. */
type Scalar = (value: number, gradient: number, kept: number[], step: number) => number;

async function check(
  make: (module: ModuleBuilder) => FunctionBuilder,
  kept: number,
  numbers: (step: number) => readonly number[],
  scalar: Scalar,
): Promise<void> {
  const module = new ModuleBuilder();
  const { name } = module.export(make(module));
  const { floats, call } = await instantiate(module);
  let values = Array.from(uniform("values", SIZE, -1, 1));
  const state = values.map(() => Array.from({ length: kept }, () => 0));
  floats.set(values, VALUES / 4);
  const addresses = Array.from({ length: kept }, (_, i) => KEPT + i * 4096);
  for (let step = 1; step <= STEPS; step++) {
    const gradient = uniform(`gradient ${step}`, SIZE, -1, 1);
    floats.set(gradient, GRADIENT / 4);
    call(name, SIZE / 4, VALUES, GRADIENT, ...addresses, ...numbers(step));
    values = values.map((value, i) => {
      const own = state[i] ?? [];
      const next = Math.fround(scalar(value, gradient[i] ?? NaN, own, step));
      for (const [k, number] of own.entries()) own[k] = Math.fround(number);
      return next;
    });
    for (const [i, expected] of values.entries()) {
      const difference = Math.abs((floats[VALUES / 4 + i] ?? NaN) - expected);
      assert.ok(difference <= 1e-6, `${name}, step ${step}: value ${i} is off by ${difference}`);
    }
  }
}

describe("steps of optimizers, within 1e-6", () => {
  const [rate, momentum] = [0.1, 0.9];
  for (const kind of ["none", "plain", "nesterov"] as const) {
    it(sgdName({ momentum: kind }), async () => {
      const kept = kind === "none" ? 0 : 1;
      const numbers = kind === "none" ? [rate] : [rate, momentum];
      await check(
        (module) => sgd(module, { momentum: kind }),
        kept,
        () => numbers,
        (value, g, own) => {
          if (kind === "none") return value - rate * g;
          const m = (own[0] ?? NaN) * momentum - rate * g;
          own[0] = m;
          return kind === "plain" ? value + m : value + m * momentum - rate * g;
        },
      );
    });
  }

  const epsilon = 1e-7;
  for (const variant of [
    { momentum: false, centered: false },
    { momentum: true, centered: false },
    { momentum: false, centered: true },
    { momentum: true, centered: true },
  ]) {
    it(rmspropName(variant), async () => {
      const rho = 0.9;
      const small = 0.01;
      await check(
        (module) => rmsprop(module, variant),
        1 + Number(variant.momentum) + Number(variant.centered),
        () => [small, 1 - rho, epsilon, variant.momentum ? momentum : 0],
        (value, g, own) => {
          const velocity = rho * (own[0] ?? NaN) + (1 - rho) * g * g;
          own[0] = velocity;
          const last = own.length - 1;
          const average = variant.centered ? rho * (own[last] ?? NaN) + (1 - rho) * g : 0;
          if (variant.centered) own[last] = average;
          let step = (small * g) / Math.sqrt(velocity - average * average + epsilon);
          if (variant.momentum) own[1] = step += momentum * (own[1] ?? NaN);
          return value - step;
        },
      );
    });
  }

  for (const amsgrad of [false, true]) {
    it(adamName({ amsgrad }), async () => {
      const [beta1, beta2] = [0.9, 0.999];
      const small = 0.01;
      const alpha = (step: number): number => (small * Math.sqrt(1 - beta2 ** step)) / (1 - beta1 ** step);
      await check(
        (module) => adam(module, { amsgrad }),
        amsgrad ? 3 : 2,
        (step) => [alpha(step), 1 - beta1, 1 - beta2, epsilon],
        (value, g, own, step) => {
          const m = beta1 * (own[0] ?? NaN) + (1 - beta1) * g;
          const v = beta2 * (own[1] ?? NaN) + (1 - beta2) * g * g;
          own[0] = m;
          own[1] = v;
          const largest = Math.max(own[2] ?? 0, v);
          if (amsgrad) own[2] = largest;
          return value - (m * alpha(step)) / (Math.sqrt(largest) + epsilon);
        },
      );
    });
  }

  it("weight decay, exactly", async () => {
    const module = new ModuleBuilder();
    module.export(decay(module));
    const { floats, call } = await instantiate(module);
    floats.set([1, -2, 4, 8], VALUES / 4);
    call(DECAY, 1, VALUES, 0.25);
    assert.deepEqual([...floats.subarray(VALUES / 4, VALUES / 4 + 4)], [0.75, -1.5, 3, 6]);
  });
});

/** Optimizers and schedules against Keras's (test/fixtures/training). */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { uniform } from "../../src/core/random.ts";
import { sizeOf } from "../../src/core/shape.ts";
import { Constant } from "../../src/layers/initializers/constant-initializers.ts";
import { Weight } from "../../src/layers/weight.ts";
import { Adam, AdamW } from "../../src/training/optimizers/adam.ts";
import type { Optimizer } from "../../src/training/optimizers/optimizer.ts";
import { optimizerOf } from "../../src/training/optimizers/optimizers.ts";
import { RMSprop } from "../../src/training/optimizers/rmsprop.ts";
import * as schedules from "../../src/training/optimizers/schedules.ts";
import { SGD } from "../../src/training/optimizers/sgd.ts";
import { assertWithin } from "../support/compare.ts";
import { keras, listOf } from "./keras.ts";

const classes: Readonly<Record<string, new (config?: object) => Optimizer>> = { Adam, AdamW, RMSprop, SGD };
const SHAPES = { kernel: [3, 4], bias: [4] };
const STEPS = 6;

function weightsOf(seed: string): readonly Weight[] {
  return Object.entries(SHAPES).map(([name, shape]) => {
    const weight = new Weight({ name, shape, initializer: new Constant({ value: 0 }) });
    weight.assign(uniform(`${seed}/${name}`, weight.size, -1, 1));
    return weight;
  });
}

function gradientsOf(seed: string, step: number): readonly Float32Array[] {
  return Object.entries(SHAPES).map(([name, shape]) =>
    uniform(`${seed}/${name}/gradient/${step}`, sizeOf(shape), -1, 1),
  );
}

describe("optimizers", () => {
  for (const [i, { className, config, exclude, weights, variables }] of keras.optimizers.entries()) {
    const name = `${className} ${JSON.stringify(config)}${exclude === null ? "" : ` without decay of ${exclude.join()}`}`;
    it(`${name}: weights and variables as Keras's after ${STEPS} steps within 2e-6`, () => {
      const OptimizerClass = classes[className];
      assert.ok(OptimizerClass);
      const optimizer = new OptimizerClass(config);
      if (exclude !== null) optimizer.excludeFromWeightDecay({ varNames: exclude });
      const seed = `optimizer/${i}`;
      const ours = weightsOf(seed);
      for (let step = 0; step < STEPS; step++) optimizer.apply(gradientsOf(seed, step), ours);
      for (const [k, weight] of ours.entries()) assertWithin(weight.values, weights[k] ?? [], 2e-6, weight.name);
      assert.equal(optimizer.iterations, STEPS);
      assert.equal(optimizer.variables.length, variables.length);
      for (const [k, variable] of optimizer.variables.entries()) {
        assert.equal(variable.name, variables[k]?.name);
        assertWithin(variable.value.data, listOf(variables[k]?.value ?? []), 2e-6, variable.name);
      }
    });
  }

  it("goes on from its state, and from its variables, as if nothing had been: the same bits", () => {
    for (const make of [
      () => new SGD({ momentum: 0.9 }),
      () => new RMSprop({ momentum: 0.5, centered: true }),
      () => new Adam({ amsgrad: true }),
      () => new Adam({ learningRate: new schedules.CosineDecay({ initialLearningRate: 0.1, decaySteps: 10 }) }),
    ]) {
      const [first, second, third] = [make(), make(), make()];
      const [a, b, c] = [weightsOf("a"), weightsOf("a"), weightsOf("a")];
      for (let step = 0; step < 3; step++) first.apply(gradientsOf("g", step), a);
      for (const [i, weight] of a.entries()) {
        b[i]?.assign(Float32Array.from(weight.values));
        c[i]?.assign(Float32Array.from(weight.values));
      }
      second.build(b);
      second.state = structuredClone(first.state);
      third.build(c);
      third.setVariables(first.variables.map(({ value }) => value));
      for (let step = 3; step < 6; step++) {
        first.apply(gradientsOf("g", step), a);
        second.apply(gradientsOf("g", step), b);
        third.apply(gradientsOf("g", step), c);
      }
      for (const [i, weight] of a.entries()) {
        assert.deepEqual(weight.values, b[i]?.values);
        assertWithin(weight.values, c[i]?.values ?? [], 1e-7);
      }
      assert.throws(() => (new SGD().state = first.state), { code: "ValueError" });
    }
  });

  it("leaves arrays alone that it did not make, and says that weights changed", () => {
    const [weight] = weightsOf("own");
    assert.ok(weight);
    const given = weight.values;
    const before = Float32Array.from(given);
    const { version } = weight;
    const optimizer = new SGD();
    optimizer.apply([new Float32Array(12).fill(1)], [weight]);
    assert.deepEqual(given, before);
    assert.ok(weight.version > version);
    const restored = Float32Array.from(given);
    weight.assign(restored);
    optimizer.apply([new Float32Array(12).fill(1)], [weight]);
    assert.deepEqual(restored, before);
    assert.notDeepEqual(weight.values, before);
  });

  it("refuses what Keras refuses, in its words", () => {
    assert.throws(() => new SGD({ momentum: 2 }), { message: "`momentum` must be a float between [0, 1]." });
    assert.throws(() => new Adam({ clipnorm: 1, clipvalue: 2 }), {
      message:
        "Only one of `clipnorm`, `clipvalue` and `globalClipnorm` can be set. Received: clipnorm=1, clipvalue=2, globalClipnorm=null",
    });
    assert.throws(() => new Adam({ learningRate: NaN }), { message: /Received instead: learningRate=NaN$/ });
    assert.throws(() => new AdamW({ weightDecay: null }), { message: /must be a float/ });
    assert.throws(() => optimizerOf("adamm"), {
      message:
        'Could not interpret optimizer identifier: adamm. Did you mean "adam"? There are: sgd, rmsprop, adam, adamw.',
    });
    const optimizer = new SGD();
    optimizer.apply([new Float32Array(12), new Float32Array(4)], weightsOf("x"));
    assert.throws(() => optimizer.apply([new Float32Array(12), new Float32Array(4)], weightsOf("x")), {
      message: /^Unknown variable: kernel of shape \(3, 4\)\. This optimizer can only be called for/,
    });
    assert.throws(() => optimizer.excludeFromWeightDecay({ varNames: ["bias"] }), { message: /before the optimizer/ });
    assert.throws(
      () =>
        (new SGD({
          learningRate: new schedules.CosineDecay({ initialLearningRate: 1, decaySteps: 1 }),
        }).learningRate = 1),
      { message: /^This optimizer was created with a `LearningRateSchedule` object/ },
    );
  });

  it("a function can say the learning rate of each step", () => {
    const optimizer = new SGD({ learningRate: (step) => 1 / (step + 1) });
    const [weight] = weightsOf("f");
    assert.ok(weight);
    assert.equal(optimizer.learningRate, 1);
    optimizer.apply([new Float32Array(12)], [weight]);
    assert.equal(optimizer.learningRate, 1 / 2);
  });
});

describe("schedules", () => {
  for (const { className, config, rates } of keras.schedules) {
    it(`${className} ${JSON.stringify(config)}: the rates of 32 steps as Keras's within 1e-6`, () => {
      const Schedule = (schedules as unknown as Record<string, new (config: object) => schedules.LearningRateSchedule>)[
        className
      ];
      assert.ok(Schedule);
      const schedule = new Schedule(config);
      assertWithin(
        rates.map((_, step) => schedule.at(step)),
        rates,
        1e-6,
      );
      const again = new Schedule(schedule.getConfig());
      assert.equal(again.at(7), schedule.at(7));
    });
  }

  it("refuse what Keras refuses", () => {
    assert.throws(() => new schedules.CosineDecay({ initialLearningRate: 1, decaySteps: 0 }), {
      message: "Argument `decaySteps` must be > 0. Received: decaySteps=0",
    });
    assert.throws(() => new schedules.PiecewiseConstantDecay({ boundaries: [1], values: [1] }), {
      message: /The length of boundaries should be 1 less than the length of values/,
    });
  });
});

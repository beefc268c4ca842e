/** Every layer's gradient against real Keras's, and against finite differences of its own forward. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, test } from "node:test";
import { type Dims, sizeOf } from "../../src/core/shape.ts";
import { Tensor } from "../../src/core/tensor.ts";
import { activationGradient } from "../../src/layers/activations/activation-gradients.ts";
import { type ActivationName, activate, activationName } from "../../src/layers/activations/activations.ts";
import { Dropout } from "../../src/layers/regularization/dropout.ts";
import { type LayerGradients, streamOf } from "../../src/layers/gradients.ts";
import { Layer, type LayerConfig } from "../../src/layers/layer.ts";
import { LAYER_CLASSES, layerFromConfig } from "../../src/layers/registry.ts";
import { assertWithin, maxMagnitude } from "../support/compare.ts";
import { type Plain, fixture, numbers, seeded } from "./fixture.ts";

interface Gradients {
  /** Where activations that work value by value have kinks. */
  readonly kinks: readonly number[];
  readonly layers: readonly {
    /** The number of the case in the fixture of forwards. */
    readonly case: number;
    readonly training: boolean;
    readonly inputs: readonly (readonly Plain[])[];
    readonly weights: Readonly<Record<string, readonly Plain[]>>;
    /** The weights that only move, afterwards. */
    readonly moving: Readonly<Record<string, readonly Plain[]>>;
  }[];
  readonly activations: readonly {
    readonly name: string;
    readonly line: readonly Plain[];
    readonly kinks?: readonly Plain[];
  }[];
}

const answers: Gradients = JSON.parse(
  readFileSync(new URL("../fixtures/layers/gradients.json", import.meta.url), "utf8"),
);

type Input = Tensor<Float32Array>;

/** A layer with seeded weights. */
function built(className: string, config: LayerConfig, inputs: readonly Dims[], stream: string): Layer {
  const layer = layerFromConfig(className, config);
  layer.build(inputs);
  for (const weight of layer.weights) {
    const [from, to] = weight.name === "moving_variance" ? [0.5, 1.5] : [-1, 1];
    weight.assign(seeded(`${stream}/${weight.name}`, weight.shape, from, to).data);
  }
  return layer;
}

const STREAM = streamOf(1, 2);

/** Of Σ output × given numbers. */
function gradientsOf(layer: Layer, inputs: readonly Input[], of: ArrayLike<number>, training: boolean): LayerGradients {
  const before = layer.forwardTraining(inputs, { training: false, stream: STREAM });
  const { name, axis } = layer.outputActivation;
  const gradient = activationGradient(name, before, Float64Array.from(of), axis);
  return layer.backward({ inputs, gradient, training, stream: STREAM });
}

function assertClose(actual: ArrayLike<number>, expected: readonly number[], tolerance: number, what: string): void {
  assertWithin(actual, expected, tolerance * Math.max(1, maxMagnitude(expected)), what);
}

describe("gradients equal Keras's within 2e-6 of the largest magnitude", () => {
  for (const { case: index, training, inputs, weights, moving } of answers.layers) {
    const example = fixture.forward[index];
    assert.ok(example !== undefined);
    const { layer: className, config, shape } = example;
    test(`${index} ${className} ${JSON.stringify(config)}${training ? " in training" : ""}`, () => {
      const layer = built(className, config, example.inputs, `layers/${index}`);
      const [lo, hi] = className === "ReLU" ? [-3, 9] : [-1, 1];
      const values = example.inputs.map((dims, i) => seeded(`layers/${index}/${i}`, dims, lo, hi));
      const ofOutput = seeded(`layers/${index}/gradient`, shape).data;
      const found = gradientsOf(layer, values, ofOutput, training);
      for (const [i, expected] of inputs.entries())
        assertClose(found.inputs[i] ?? [], numbers(expected), 2e-6, `input ${i}`);
      assert.deepEqual(Object.keys(found.weights).toSorted(), Object.keys(weights).toSorted());
      for (const [name, expected] of Object.entries(weights))
        assertClose(found.weights[name] ?? [], numbers(expected), 2e-6, name);
      if (training) layer.forwardTraining(values, { training, stream: STREAM });
      for (const [name, expected] of Object.entries(moving))
        assertClose(layer.weight(name).values, numbers(expected), 1e-7, name);
    });
  }
});

describe("derivatives of activations equal Keras's within 2e-6 of the largest magnitude", () => {
  for (const { name, line, kinks } of answers.activations) {
    test(name, () => {
      const known = activationName(name);
      const derivativeAt = (x: Input): Float64Array =>
        activationGradient(known, x, Float64Array.from(seeded(`layers/${name}/gradient`, x.shape, 0.5, 1).data));
      assertClose(derivativeAt(seeded(`layers/${name}`, [3, 7], -4, 4)), numbers(line), 2e-6, "on lines");
      if (kinks === undefined) return;
      const atKinks = new Tensor([1, answers.kinks.length], Float32Array.from(answers.kinks));
      assertClose(derivativeAt(atKinks), numbers(kinks), 2e-6, "at kinks");
    });
  }
});

/** Derivatives of f by central differences of fourth order, one for each of the values; they are put back. */
function differences(values: Float32Array, step: number, f: () => number): number[] {
  return Array.from(values, (value, i) => {
    const at = (distance: number): number => {
      values[i] = value + distance * step;
      const result = f();
      values[i] = value;
      return result;
    };
    return (8 * (at(1) - at(-1)) - (at(2) - at(-2))) / (12 * step);
  });
}

function weighted(output: Float32Array, weights: Float32Array): number {
  return output.reduce((sum, value, i) => sum + value * (weights[i] ?? NaN), 0);
}

/** Odd multiples of 1/16, each once: none lies near a kink, nor near another, so that the larger of two stays the larger. */
function spread(name: string, shape: Dims): Input {
  const size = sizeOf(shape);
  const order = [...seeded(name, [size]).data.entries()].toSorted(([, a], [, b]) => a - b).map(([i]) => i);
  const data = new Float32Array(size);
  const distance = Math.max(1, Math.floor(100 / size));
  for (const [rank, i] of order.entries()) data[i] = (rank * distance - 40) / 8 + 1 / 16;
  return new Tensor(shape, data);
}

const KINKED = ["ReLU", "GlobalMaxPooling2D", "MaxPooling2D"];
const CASES = [
  ...fixture.forward.map(({ layer, config, inputs }) => ({ layer, config, inputs })),
  { layer: "InputLayer", config: { batchShape: [2, 3] }, inputs: [[2, 3]] },
  { layer: "Activation", config: { activation: "tanh" }, inputs: [[2, 3]] },
  { layer: "Dropout", config: { rate: 0.5, noiseShape: [null, 1, 3], seed: 4 }, inputs: [[2, 4, 3]] },
  { layer: "Dense", config: { units: 2, trainable: false }, inputs: [[2, 3]] },
  { layer: "BatchNormalization", config: { trainable: false }, inputs: [[2, 2, 2, 3]] },
];

describe("backward equals finite differences of forwardTraining within 1e-4 of the largest magnitude", () => {
  for (const [index, { layer: className, config, inputs: shapes }] of CASES.entries()) {
    for (const training of [false, true]) {
      test(`${index} ${className} ${JSON.stringify(config)} ${training ? "in training" : "in inference"}`, () => {
        const name = `layers/${index}`;
        const layer = built(className, config, shapes, name);
        const make = KINKED.includes(className) ? spread : seeded;
        const step = KINKED.includes(className) ? 2 ** -8 : 2 ** -5;
        const inputs = shapes.map((shape, i) => make(`${name}/${i}`, shape));
        const pass = { training, stream: STREAM };
        const output = layer.forwardTraining(inputs, pass);
        const ofOutput = seeded(`${name}/gradient`, output.shape).data;
        const loss = (): number => weighted(layer.forwardTraining(inputs, pass).data, ofOutput);
        const found = layer.backward({ ...pass, inputs, gradient: Float64Array.from(ofOutput) });
        assert.equal(found.inputs.length, inputs.length);
        for (const [i, { data }] of inputs.entries())
          assertClose(found.inputs[i] ?? [], differences(data, step, loss), 1e-4, `input ${i}`);
        const trainable = layer.weights.filter((weight) => weight.trainable);
        assert.deepEqual(Object.keys(found.weights).toSorted(), trainable.map((weight) => weight.name).toSorted());
        for (const weight of trainable)
          assertClose(found.weights[weight.name] ?? [], differences(weight.values, step, loss), 1e-4, weight.name);
      });
    }
  }

  test("every class of the registry is among the cases", () => {
    assert.deepEqual([...new Set(CASES.map(({ layer }) => layer))].toSorted(), LAYER_CLASSES.toSorted());
  });
});

describe("derivatives of activations equal finite differences within 1e-4", () => {
  for (const { name } of answers.activations) {
    test(name, () => {
      const known: ActivationName = activationName(name);
      const x = spread(`layers/${name}`, [4, 9]);
      const ofOutput = seeded(`layers/${name}/gradient`, x.shape).data;
      const found = activationGradient(known, x, Float64Array.from(ofOutput));
      const expected = differences(x.data, 2 ** -7, () => weighted(activate(known, x).data, ofOutput));
      assertClose(found, expected, 1e-4, name);
    });
  }

  test("along the first axis, of softmax", () => {
    const x = seeded("layers/axis", [3, 2, 2]);
    const ofOutput = seeded("layers/axis/gradient", x.shape).data;
    const found = activationGradient("softmax", x, Float64Array.from(ofOutput), 0);
    assertClose(
      found,
      differences(x.data, 2 ** -5, () => weighted(activate("softmax", x, 0).data, ofOutput)),
      1e-4,
      "softmax",
    );
  });
});

describe("dropout in training", () => {
  const x = new Tensor([100, 100], new Float32Array(10_000).fill(2));
  const dropped = (layer: Dropout, stream: number): Float32Array =>
    layer.forwardTraining([x], { training: true, stream }).data;

  test("drops its rate within 2 %, and scales what it keeps", () => {
    const data = dropped(new Dropout({ rate: 0.3 }), STREAM);
    const kept = data.filter((value) => value !== 0);
    assert.ok(Math.abs(kept.length / data.length - 0.7) < 0.02, `${kept.length} of ${data.length} are kept`);
    assert.deepEqual(new Set(kept), new Set([Math.fround(2 / 0.7)]));
  });

  test("the same stream gives the same mask; another one, and another seed, another mask", () => {
    const layer = new Dropout({ rate: 0.5 });
    assert.deepEqual(dropped(layer, STREAM), dropped(layer, STREAM));
    assert.notDeepEqual(dropped(layer, STREAM), dropped(layer, streamOf(1, 3)));
    assert.notDeepEqual(dropped(layer, STREAM), dropped(layer, streamOf(2, 2)));
    assert.notDeepEqual(dropped(layer, STREAM), dropped(new Dropout({ rate: 0.5, seed: 7 }), STREAM));
  });

  test("rate 1 drops everything, what is infinite too; rate 0 nothing", () => {
    assert.deepEqual(new Set(dropped(new Dropout({ rate: 1 }), STREAM)), new Set([0]));
    assert.equal(dropped(new Dropout({ rate: 0 }), STREAM), x.data);
    const infinite = new Tensor([1, 2], Float32Array.of(Infinity, NaN));
    const result = new Dropout({ rate: 1 }).forwardTraining([infinite], { training: true, stream: STREAM });
    assert.deepEqual([...result.data], [0, 0]);
  });

  test("axes of length 1 in noiseShape share what is dropped", () => {
    const mask = new Dropout({ rate: 0.5, noiseShape: [null, 1] }).mask([20, 5], STREAM);
    for (let row = 0; row < 20; row++) assert.equal(new Set(mask.subarray(row * 5, row * 5 + 5)).size, 1);
    assert.equal(new Set(mask).size, 2);
  });

  test("a noiseShape that does not fit is refused", () => {
    assert.throws(() => new Dropout({ rate: 0.5, noiseShape: [3, 4] }).mask([20, 5], STREAM), {
      code: "ValueError",
      message: /`noiseShape` .* does not fit .*noiseShape=\(3, 4\) and an input of shape \(20, 5\)/,
    });
  });
});

test("a layer of one's own without a gradient says so", () => {
  class Mine extends Layer {
    readonly className = "Mine";
    override computeOutputShape(): Dims {
      return [1];
    }
    override forward(inputs: readonly Input[]): Input {
      return this.onlyInput(inputs);
    }
  }
  assert.throws(
    () => new Mine({ name: "mine" }).backward({ inputs: [], gradient: new Float64Array(), training: true, stream: 0 }),
    {
      code: "UnsupportedError",
      message: "Layer 'mine' (Mine) has no gradient: its class does not override `backward`.",
    },
  );
});

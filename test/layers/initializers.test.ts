/** Initializers: seeds, ranges and variances by Keras's formulas, names. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Dims } from "../../src/core/shape.ts";
import {
  type InitializerIdentifier,
  initializerConfig,
  initializerOf,
} from "../../src/layers/initializers/initializers.ts";
import { GlorotUniform, computeFans } from "../../src/layers/initializers/random-initializers.ts";

const RANDOM = [
  "random_uniform",
  "random_normal",
  "truncated_normal",
  "variance_scaling",
  "glorot_uniform",
  "glorot_normal",
  "he_uniform",
  "he_normal",
  "lecun_uniform",
  "lecun_normal",
  "orthogonal",
];

function values(initializer: InitializerIdentifier, shape: Dims): Float32Array {
  return initializerOf(initializer).initialize(shape);
}

function seeded(className: string, config: Record<string, unknown> = {}): InitializerIdentifier {
  return { className, config: { seed: 7, ...config } };
}

describe("random initializers", () => {
  for (const name of RANDOM) {
    test(`${name}: the same seed gives the same values, another seed or none gives others`, () => {
      const shape = [3, 3, 4, 5];
      const first = values(seeded(name), shape);
      assert.deepEqual(values(seeded(name), shape), first);
      assert.notDeepEqual(values(seeded(name, { seed: 8 }), shape), first);
      assert.notDeepEqual(values(name, shape), values(name, shape));
    });

    test(`${name}: its config makes it again`, () => {
      const config = initializerConfig(initializerOf(seeded(name)));
      assert.deepEqual(JSON.parse(JSON.stringify(config)), config);
      assert.deepEqual(initializerConfig(initializerOf(config)), config);
      assert.deepEqual(values(config, [4, 6]), values(seeded(name), [4, 6]));
    });
  }

  test("one initializer gives the same values each time it is asked, as Keras's do", () => {
    const initializer = new GlorotUniform();
    assert.deepEqual(initializer.initialize([5, 5]), initializer.initialize([5, 5]));
  });
});

describe("ranges exactly, and means and deviations within 2 percent, by Keras's formulas, for a kernel (3, 3, 40, 60)", () => {
  const shape = [3, 3, 40, 60];
  const fanIn = 9 * 40;
  const fanOut = 9 * 60;
  const uniformLimit: [string, Record<string, unknown>, number][] = [
    ["random_uniform", {}, 0.05],
    ["glorot_uniform", {}, Math.sqrt(6 / (fanIn + fanOut))],
    ["he_uniform", {}, Math.sqrt(6 / fanIn)],
    ["lecun_uniform", {}, Math.sqrt(3 / fanIn)],
    ["variance_scaling", { scale: 2, mode: "fan_out", distribution: "uniform" }, Math.sqrt(6 / fanOut)],
    [
      "variance_scaling",
      { distribution: "uniform", inputAxes: [0, 1], outputAxes: [-1], mode: "fan_avg" },
      Math.sqrt(3 / ((3 * 3 + 60) / 2)),
    ],
  ];
  for (const [name, config, limit] of uniformLimit) {
    test(`${name} ${JSON.stringify(config)} is uniform within ±${limit.toFixed(4)}`, () => {
      const { mean, deviation, largest } = statistics(values(seeded(name, config), shape));
      assert.ok(largest <= limit && largest > 0.999 * limit, `largest ${largest}`);
      assert.ok(Math.abs(mean) < 0.02 * limit, `mean ${mean}`);
      assert.ok(Math.abs(deviation / (limit / Math.sqrt(3)) - 1) < 0.02, `deviation ${deviation}`);
    });
  }

  // The deviation of the values; how many of its deviations before the cut the largest can be.
  const cut = 2 / 0.8796256610342398;
  const normals: [string, Record<string, unknown>, number, number][] = [
    ["random_normal", {}, 0.05, Infinity],
    ["random_normal", { mean: 0.0, stddev: 2 }, 2, Infinity],
    ["truncated_normal", {}, 0.05 * 0.8796256610342398, cut],
    ["glorot_normal", {}, Math.sqrt(2 / (fanIn + fanOut)), cut],
    ["he_normal", {}, Math.sqrt(2 / fanIn), cut],
    ["lecun_normal", {}, Math.sqrt(1 / fanIn), cut],
    ["variance_scaling", {}, Math.sqrt(1 / fanIn), cut],
    ["variance_scaling", { distribution: "untruncated_normal", scale: 3 }, Math.sqrt(3 / fanIn), Infinity],
  ];
  for (const [name, config, deviation, limit] of normals) {
    test(`${name} ${JSON.stringify(config)} has the deviation ${deviation.toFixed(4)}`, () => {
      const found = statistics(values(seeded(name, config), shape));
      assert.ok(Math.abs(found.deviation / deviation - 1) < 0.02, `deviation ${found.deviation}`);
      assert.ok(Math.abs(found.mean) < 0.02 * deviation, `mean ${found.mean}`);
      assert.ok(found.largest <= limit * deviation * (1 + 1e-6), `largest ${found.largest}`);
      if (limit === Infinity) assert.ok(found.largest > 3 * deviation);
    });
  }
});

test("fans: vectors, matrices, kernels, depthwise kernels, chosen axes", () => {
  assert.deepEqual(computeFans([]), { fanIn: 1, fanOut: 1 });
  assert.deepEqual(computeFans([7]), { fanIn: 7, fanOut: 7 });
  assert.deepEqual(computeFans([7, 5]), { fanIn: 7, fanOut: 5 });
  assert.deepEqual(computeFans([3, 2, 7, 5]), { fanIn: 42, fanOut: 30 });
  assert.deepEqual(computeFans([3, 3, 32, 1]), { fanIn: 288, fanOut: 9 });
  assert.deepEqual(computeFans([3, 2, 7, 5], [0, 2], [-1]), { fanIn: 21, fanOut: 5 });
});

describe("orthogonal: columns, or rows where there are fewer, are orthonormal within 1e-6", () => {
  for (const [rows, cols] of [
    [8, 5],
    [5, 8],
    [6, 6],
  ] as const) {
    test(`${rows} × ${cols}, gain 2`, () => {
      const matrix = values(seeded("orthogonal", { gain: 2 }), [rows, cols]);
      const vectors = Array.from({ length: Math.min(rows, cols) }, (_, i) =>
        Array.from(
          { length: Math.max(rows, cols) },
          (_unused, k) => matrix[rows < cols ? i * cols + k : k * cols + i] ?? 0,
        ),
      );
      for (const [i, a] of vectors.entries()) {
        for (const [k, b] of vectors.entries()) {
          const product = a.reduce((sum, value, n) => sum + value * (b[n] ?? 0), 0);
          assert.ok(Math.abs(product - (i === k ? 4 : 0)) < 4e-6, `${i} ${k}: ${product}`);
        }
      }
    });
  }
});

test("constants", () => {
  assert.deepEqual([...values("zeros", [2])], [0, 0]);
  assert.deepEqual([...values("ones", [2])], [1, 1]);
  assert.deepEqual([...values({ className: "Constant", config: { value: 2.5 } }, [2])], [2.5, 2.5]);
  assert.deepEqual([...values({ className: "Identity", config: { gain: 3 } }, [2, 3])], [3, 0, 0, 0, 3, 0]);
});

test("names: class names, snake case, and Keras's further names", () => {
  const names = ["GlorotUniform", "glorot_uniform", "zero", "one", "uniform", "normal", "OrthogonalInitializer"];
  assert.deepEqual(
    names.map((name) => initializerOf(name).className),
    ["GlorotUniform", "GlorotUniform", "Zeros", "Ones", "RandomUniform", "RandomNormal", "Orthogonal"],
  );
});

describe("refused in Keras's words", () => {
  const cases: [string, () => unknown, RegExp][] = [
    [
      "an unknown name",
      () => initializerOf("foo"),
      /^Could not interpret initializer identifier: foo\. There are: zeros, ones, /,
    ],
    ["a name of Object", () => initializerOf("toString"), /^Could not interpret initializer identifier: toString\. /],
    [
      "an unknown class",
      () => initializerOf({ className: "__proto__", config: {} }),
      /^Could not interpret initializer identifier: \{className: __proto__, config: \{\}\}\. There are: /,
    ],
    ["a scale of 0", () => initializerOf(seeded("VarianceScaling", { scale: 0 })), /`scale` must be positive float/],
    [
      "a mode",
      () => initializerOf(seeded("VarianceScaling", { mode: "x" })),
      /^Invalid `mode` argument: x\. Please use/,
    ],
    [
      "a distribution",
      () => initializerOf(seeded("VarianceScaling", { distribution: "x" })),
      /^Invalid `distribution`/,
    ],
    ["a seed", () => initializerOf({ className: "HeNormal", config: { seed: "a" } }), /^`seed` argument should be/],
    ["a value", () => initializerOf({ className: "Constant", config: { value: "1" } }), /`value` must be a finite/],
    [
      "identity of rank 1",
      () => values("identity", [3]),
      /only be used for 2D matrices\. Received: shape=\(3,\) of rank 1\./,
    ],
    [
      "orthogonal of rank 1",
      () => values("orthogonal", [3]),
      /must be at least two-dimensional\. Received: shape=\(3,\)/,
    ],
  ];
  for (const [what, attempt, message] of cases) {
    test(what, () => assert.throws(attempt, { code: "ValueError", message }));
  }
});

function statistics(data: Float32Array): { mean: number; deviation: number; largest: number } {
  const mean = data.reduce((sum, value) => sum + value, 0) / data.length;
  const variance = data.reduce((sum, value) => sum + (value - mean) ** 2, 0) / data.length;
  return {
    mean,
    deviation: Math.sqrt(variance),
    largest: data.reduce((top, value) => Math.max(top, Math.abs(value)), 0),
  };
}

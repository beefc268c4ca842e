/** Which kernel computes what. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { ConvolutionKernel, SelectedOperation } from "../../src/engine/operations.ts";
import { integerKernelOf, select } from "../../src/engine/select.ts";
import { TILINGS, type Tiling, tilingOf } from "../../src/kernels/f32/tilings.ts";
import { MAP_NAMES } from "../../src/kernels/f32/elementwise.ts";
import { Activation } from "../../src/layers/activations/activation.ts";
import { ACTIVATION_NAMES } from "../../src/layers/activations/activations.ts";
import { Conv2D } from "../../src/layers/convolutional/conv2d.ts";
import { DepthwiseConv2D } from "../../src/layers/convolutional/depthwise-conv2d.ts";
import { Dense } from "../../src/layers/core/dense.ts";
import { Input } from "../../src/layers/core/input-layer.ts";
import type { Layer } from "../../src/layers/layer.ts";
import { BOUNDS } from "../../src/lowering/bounds.ts";
import { fold } from "../../src/lowering/fold.ts";
import { lower } from "../../src/lowering/lower.ts";
import { seededProgram } from "./run.ts";

function selected(layer: Layer, shape: readonly number[], tiling: Tiling = TILINGS.fma): readonly SelectedOperation[] {
  const x = Input({ shape });
  return select(fold(lower(seededProgram(x, layer.apply(x)), [shape])), tiling).list;
}

function kernel(layer: Layer, shape: readonly number[], tiling?: Tiling): ConvolutionKernel {
  const [operation, ...others] = selected(layer, shape, tiling);
  assert.ok(operation?.kind === "convolution" && others.length === 0);
  return operation.by;
}

const SAME = { padding: "same" } as const;

describe("the kernel of a convolution", () => {
  it("takes the pixels of the picture as one matrix if windows are single pixels, side by side", () => {
    for (const layer of [
      new Conv2D({ filters: 24, kernelSize: 1 }),
      new Conv2D({ filters: 24, kernelSize: 1, groups: 2 }),
      new Conv2D({ filters: 24, kernelSize: 1, dilationRate: 2 }),
      new Dense({ units: 24 }),
    ]) {
      assert.equal(kernel(layer, [8, 8, 16]).kind, "pixels");
    }
  });

  it("goes row by row through other windows, and through groups of several channels", () => {
    for (const layer of [
      new Conv2D({ filters: 24, kernelSize: 3, ...SAME }),
      new Conv2D({ filters: 24, kernelSize: [1, 2] }),
      new Conv2D({ filters: 24, kernelSize: 1, strides: 2 }),
      new Conv2D({ filters: 16, kernelSize: 3, groups: 8 }),
      new DepthwiseConv2D({ kernelSize: 3, depthMultiplier: 2 }),
    ]) {
      assert.equal(kernel(layer, [8, 8, 16]).kind, "rows");
    }
  });

  it("is the depthwise one for a group a channel, unless its code would be too long or its padding wider than the window", () => {
    for (const layer of [
      new DepthwiseConv2D({ kernelSize: 3, ...SAME }),
      new DepthwiseConv2D({ kernelSize: 1 }),
      new DepthwiseConv2D({ kernelSize: 9, ...SAME }),
      new Conv2D({ filters: 16, kernelSize: 3, groups: 16 }),
    ]) {
      assert.equal(kernel(layer, [12, 12, 16]).kind, "depthwise");
    }
    assert.equal(kernel(new Conv2D({ filters: 1, kernelSize: 1 }), [12, 12, 1]).kind, "depthwise");
    assert.equal(kernel(new DepthwiseConv2D({ kernelSize: [2, 41], ...SAME }), [2, 12, 16]).kind, "rows");
  });

  it("has the tile that leaves the least of the last columns empty; of one row, the one for that", () => {
    const tile = (filters: number, shape: readonly number[], tiling: Tiling) => {
      const by = kernel(new Conv2D({ filters, kernelSize: 1 }), shape, tiling);
      return by.kind === "depthwise" ? undefined : by.tile;
    };
    assert.deepEqual(tile(24, [8, 8, 16], TILINGS.mul), { rows: 4, columns: 8 });
    assert.deepEqual(tile(24, [8, 8, 16], TILINGS.fma), { rows: 6, columns: 8 });
    assert.deepEqual(tile(24, [8, 8, 16], TILINGS.wide), { rows: 12, columns: 8 });
    assert.deepEqual(tile(32, [8, 8, 16], TILINGS.wide), { rows: 6, columns: 16 });
    for (const tiling of Object.values(TILINGS)) {
      assert.deepEqual(tile(24, [1, 1, 16], tiling), { rows: 1, columns: 32 });
    }
  });

  it("of integers: depthwise for groups, else by the window", () => {
    const window = {
      rows: 1,
      cols: 1,
      strides: [1, 1],
      dilation: [1, 1],
      pads: [
        [0, 0],
        [0, 0],
      ],
    } as const;
    assert.equal(integerKernelOf({ groups: 16, window }), "depthwise");
    assert.equal(integerKernelOf({ groups: 1, window }), "pixels");
    assert.equal(integerKernelOf({ groups: 1, window: { ...window, strides: [2, 2] } }), "rows");
    assert.equal(integerKernelOf({ groups: 1, window: { ...window, cols: 3 } }), "rows");
  });
});

describe("activations", () => {
  it("with a kernel are maps, bounds are bounds, and the layer computes all others", () => {
    for (const activation of ACTIVATION_NAMES) {
      const kinds = selected(new Activation({ activation }), [6]).map(({ kind }) => kind);
      const expected = BOUNDS.has(activation)
        ? "clamp"
        : MAP_NAMES.some((name) => name === activation)
          ? "map"
          : "host";
      if (activation === "linear") assert.deepEqual(kinds, []);
      else assert.deepEqual(kinds, [activation === "softmax" ? "softmax" : expected], activation);
    }
  });
});

describe("the tiling of a machine", () => {
  it("is the widest that it has", () => {
    const simd = true;
    assert.equal(tilingOf({ simd, relaxedSimd: false, wideSimd: false }), TILINGS.mul);
    assert.equal(tilingOf({ simd, relaxedSimd: true, wideSimd: false }), TILINGS.fma);
    assert.equal(tilingOf({ simd, relaxedSimd: true, wideSimd: true }), TILINGS.wide);
  });
});

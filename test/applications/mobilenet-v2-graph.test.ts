/** The graphs of MobileNetV2 against Keras's: names, types, shapes, parameters, connections, MACs. */
import assert from "node:assert/strict";
import { beforeEach, describe, test } from "node:test";
import { checkpoints } from "../../src/applications/checkpoints.ts";
import { MobileNetV2 } from "../../src/applications/mobilenet-v2.ts";
import { clearSession } from "../../src/layers/naming.ts";
import { countMacs } from "../../src/models/macs.ts";
import type { Model } from "../../src/models/model.ts";
import { needsShared, sharedJson } from "../support/shared.ts";

interface Configuration {
  readonly alpha: number;
  readonly rows: number;
  readonly model_name: string;
  readonly parameters: number;
  readonly non_trainable: number;
  readonly macs: number;
  readonly paper: { readonly top1: number; readonly top5: number };
  readonly layers:
    | readonly {
        readonly name: string;
        readonly type: string;
        readonly output_shape: readonly (number | null)[];
        readonly parameters: number;
        readonly weights: readonly { readonly name: string; readonly shape: readonly number[] }[];
        readonly inputs: readonly string[];
      }[]
    | null;
}

beforeEach(() => clearSession());

/** Every layer of a model as configurations.json describes it. */
function describeLayers(model: Model): unknown {
  return model.layers.map((layer) => ({
    name: layer.name,
    type: layer.className,
    output_shape: [...layer.output.shape],
    parameters: layer.countParams(),
    weights: layer.weights.map(({ name, shape }) => ({ name, shape: [...shape] })),
    inputs: layer.inboundNodes.flatMap((node) => node.inputs.map((input) => input.node.layer.name)),
  }));
}

describe("the 22 published models", () => {
  for (const checkpoint of checkpoints) {
    test(`${checkpoint.name} has the parameters and MACs of the table`, async () => {
      const { alpha, rows } = checkpoint;
      const model = await MobileNetV2({ alpha, inputShape: [rows, rows, 3], weights: null });
      assert.equal(model.name, checkpoint.name);
      assert.equal(model.countParams(), checkpoint.parameters);
      assert.equal(countMacs(model), checkpoint.macs);
      assert.equal(model.layers.length, 156);
      assert.deepEqual(model.output.shape, [null, 1000]);
    });
  }

  test("are those of Keras: every layer's name, type, shape, weights and inputs", { skip: needsShared }, async () => {
    const configurations = sharedJson<readonly Configuration[]>("reference/configurations.json");
    assert.equal(configurations.length, checkpoints.length);
    for (const [i, expected] of configurations.entries()) {
      clearSession();
      const { alpha, rows } = expected;
      const model = await MobileNetV2({ alpha, inputShape: [rows, rows, 3], weights: null });
      assert.equal(model.name, expected.model_name);
      assert.equal(model.countParams(), expected.parameters);
      assert.equal(
        model.nonTrainableWeights.reduce((sum, { size }) => sum + size, 0),
        expected.non_trainable,
      );
      assert.equal(countMacs(model), expected.macs);
      if (expected.layers !== null) assert.deepEqual(describeLayers(model), expected.layers);
      const checkpoint = checkpoints[i];
      assert.deepEqual([checkpoint?.alpha, checkpoint?.rows], [alpha, rows]);
      assert.deepEqual([checkpoint?.top1, checkpoint?.top5], [expected.paper.top1, expected.paper.top5]);
    }
  });
});

describe("arguments", () => {
  test("without the top and a shape, any size goes in, padded as for even sizes", async () => {
    const model = await MobileNetV2({ includeTop: false, weights: null });
    assert.equal(model.name, "mobilenetv2_1.00_None");
    assert.deepEqual(model.input.shape, [null, null, null, 3]);
    assert.deepEqual(model.output.shape, [null, null, null, 1280]);
    assert.deepEqual(model.getLayer("block_1_pad").getConfig()["padding"], [
      [0, 1],
      [0, 1],
    ]);
  });

  test("odd sizes are padded on both sides", async () => {
    const model = await MobileNetV2({ inputShape: [97, 131, 3], includeTop: false, weights: null, alpha: 0.35 });
    assert.deepEqual(model.getLayer("block_1_pad").getConfig()["padding"], [
      [1, 1],
      [0, 1],
    ]);
  });

  test("pooling gives vectors", async () => {
    for (const [pooling, layer] of [
      ["avg", "global_average_pooling2d"],
      ["max", "global_max_pooling2d"],
    ] as const) {
      const model = await MobileNetV2({ includeTop: false, weights: null, pooling, alpha: 0.35 });
      assert.deepEqual(model.output.shape, [null, 1280]);
      assert.equal(model.layers.at(-1)?.name, layer);
    }
  });

  test("alpha above 1 widens the last convolution, alpha below does not narrow it", async () => {
    const channels = async (alpha: number): Promise<unknown> => {
      const model = await MobileNetV2({ alpha, includeTop: false, weights: null });
      return model.output.shape.at(-1);
    };
    assert.deepEqual([await channels(0.25), await channels(1.4), await channels(2)], [1280, 1792, 2560]);
  });

  test("classes, activation and name", async () => {
    const model = await MobileNetV2({
      weights: null,
      classes: 7,
      classifierActivation: null,
      name: "mine",
      alpha: 0.35,
    });
    assert.equal(model.name, "mine");
    assert.deepEqual(model.output.shape, [null, 7]);
    assert.equal(model.getLayer("predictions").getConfig()["activation"], "linear");
  });
});

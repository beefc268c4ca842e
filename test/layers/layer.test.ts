/** What all layers have in common: names, weights, trainability, application; and inputs and sums. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { Tensor, zeros } from "../../src/core/tensor.ts";
import { Add } from "../../src/layers/merging/add.ts";
import { BatchNormalization } from "../../src/layers/normalization/batch-normalization.ts";
import { Conv2D } from "../../src/layers/convolutional/conv2d.ts";
import { Dense } from "../../src/layers/core/dense.ts";
import { Input, InputLayer } from "../../src/layers/core/input-layer.ts";
import { KerasTensor } from "../../src/layers/layer.ts";
import { clearSession, toSnakeCase } from "../../src/layers/naming.ts";
import { ReLU } from "../../src/layers/activations/relu.ts";

/** The automatic name of a new convolution. */
function conv(): string {
  return new Conv2D({ filters: 1, kernelSize: 1 }).name;
}

function one(value: number): Tensor<Float32Array> {
  return new Tensor([1, 1], Float32Array.of(value));
}

describe("names", () => {
  test("class names in snake case as Keras writes them", () => {
    const names = ["Conv2D", "DepthwiseConv2D", "ReLU", "ZeroPadding2D", "GlobalAveragePooling2D", "InputLayer", "Add"];
    assert.deepEqual(names.map(toSnakeCase), [
      "conv2d",
      "depthwise_conv2d",
      "re_lu",
      "zero_padding2d",
      "global_average_pooling2d",
      "input_layer",
      "add",
    ]);
  });

  test("automatic names count over the session, by kind", () => {
    clearSession();
    assert.deepEqual(
      [conv(), new ReLU().name, conv(), new ReLU({ name: "mine" }).name, conv()],
      ["conv2d", "re_lu", "conv2d_1", "mine", "conv2d_2"],
    );
    clearSession();
    assert.equal(conv(), "conv2d");
  });

  test("a name with a slash is refused", () => {
    assert.throws(() => new ReLU({ name: "a/b" }), {
      code: "ValueError",
      message: "Argument `name` must be a string and cannot contain character `/`. Received: name=a/b",
    });
  });
});

describe("weights", () => {
  test("of a BatchNormalization: order, shapes, first values, and which move", () => {
    const layer = new BatchNormalization();
    assert.deepEqual([layer.built, layer.countParams()], [false, 0]);
    layer.build([[null, 4, 4, 2]]);
    assert.deepEqual(
      layer.weights.map(({ name, shape, trainable, values }) => [name, shape, trainable, [...values]]),
      [
        ["gamma", [2], true, [1, 1]],
        ["beta", [2], true, [0, 0]],
        ["moving_mean", [2], false, [0, 0]],
        ["moving_variance", [2], false, [1, 1]],
      ],
    );
    assert.equal(layer.countParams(), 8);
    assert.equal(layer.trainableWeights.length, 2);
    layer.trainable = false;
    assert.deepEqual([layer.trainableWeights.length, layer.nonTrainableWeights.length], [0, 4]);
  });

  test("initializers and useBias are followed; building twice keeps the values", () => {
    const layer = new Dense({ units: 2, kernelInitializer: "ones", useBias: false });
    const x = Input({ shape: [3] });
    layer.apply(x);
    const [kernel] = layer.weights;
    layer.apply(x);
    assert.equal(layer.weights[0], kernel);
    assert.deepEqual([...layer.weight("kernel").values], [1, 1, 1, 1, 1, 1]);
    assert.throws(() => layer.weight("bias"), {
      code: "ValueError",
      message: /has no weight 'bias'\. It has: kernel$/,
    });
  });

  test("setWeights takes what getWeights gave, and nothing of another number or shape", () => {
    const layer = new Dense({ units: 2, name: "d" });
    layer.build([[null, 3]]);
    const values = layer.getWeights();
    layer.setWeights([new Tensor([3, 2], new Float32Array(6).fill(2)), new Tensor([2], new Float32Array(2).fill(5))]);
    assert.deepEqual([...layer.forward([new Tensor([1, 3], Float32Array.of(1, 2, 3))]).data], [17, 17]);
    assert.equal(layer.weight("kernel").version, 1);
    layer.setWeights(values);
    assert.throws(() => layer.setWeights(values.slice(1)), {
      code: "ValueError",
      message:
        /^You called `setWeights\(weights\)` on layer 'd' with a weight list of length 1, but the layer was expecting 2 weights\.$/,
    });
    assert.throws(() => layer.setWeights([zeros([2, 3]), zeros([2])]), {
      code: "ValueError",
      message: "Layer d weight shape (3, 2) is not compatible with provided weight shape (2, 3).",
    });
    assert.throws(() => layer.weight("bias").assign(new Float32Array(3), [3]), {
      message: /must match\. variable\.shape=\(2,\), Received: value\.shape=\(3,\)/,
    });
  });

  test("unknown channels are refused when weights are to be made", () => {
    for (const layer of [new Conv2D({ filters: 1, kernelSize: 1 }), new BatchNormalization()]) {
      assert.throws(() => layer.apply(Input({ shape: [4, 4, null] })), {
        code: "ValueError",
        message: /should be defined/,
      });
    }
    assert.throws(() => new Dense({ units: 1 }).apply(Input({ shape: [null] })), {
      message: /^The last dimension of the inputs to a Dense layer should be defined\. Found None\./,
    });
  });
});

test("build refuses what does not fit, as apply does", () => {
  const layer = new Conv2D({ filters: 2, kernelSize: 3, groups: 2 });
  assert.throws(() => layer.build([[null, 8, 8, 3]]), { code: "ValueError", message: /evenly divisible/ });
  assert.throws(() => layer.build([[null, 2, 8, 4]]), { code: "ValueError", message: /zero or negative/ });
  assert.equal(layer.built, false);
});

describe("application", () => {
  test("leaves a node; input and output are those of the first", () => {
    const layer = new ReLU({ name: "r" });
    assert.throws(() => layer.input, { message: "The layer r has never been called and thus has no defined input." });
    const x = Input({ shape: [3] });
    const y = layer.apply(x);
    layer.apply(y);
    assert.equal(layer.inboundNodes.length, 2);
    assert.equal(layer.input, x);
    assert.equal(layer.output, y);
    assert.equal(y.node.layer, layer);
  });

  test("a second input is refused by layers of one", () => {
    const x = Input({ shape: [3] });
    assert.throws(() => new ReLU({ name: "r" }).apply([x, x]), {
      code: "ValueError",
      message: 'Layer "r" expects 1 input(s), but it received 2 input tensors.',
    });
    assert.throws(() => new ReLU({ name: "r" }).forward([]), { message: /expects 1 input\(s\), but it received 0/ });
  });
});

describe("Input", () => {
  test("shapes with and without the batch, and the shape of a tensor", () => {
    const x = Input({ shape: [null, 4], name: "x" });
    assert.ok(x instanceof KerasTensor);
    assert.deepEqual(x.shape, [null, null, 4]);
    assert.deepEqual(Input({ shape: [4], batchSize: 2 }).shape, [2, 4]);
    assert.deepEqual(Input({ batchShape: [3, 4] }).shape, [3, 4]);
    assert.deepEqual(Input({ tensor: x }).shape, [null, null, 4]);
    assert.deepEqual(Input({ shape: [] }).shape, [null]);
    assert.ok(x.node.layer instanceof InputLayer && x.node.layer.built);
    assert.equal(x.node.inputs.length, 0);
  });

  test("a tensor and another shape are refused", () => {
    const tensor = Input({ shape: [3] });
    for (const [argument, options] of [
      ["shape", { tensor, shape: [4] }],
      ["batchShape", { tensor, batchShape: [2, 3] }],
      ["batchSize", { tensor, batchSize: 2 }],
    ] as const) {
      assert.throws(() => Input(options), {
        code: "ValueError",
        message: `When providing the \`tensor\` argument, you cannot provide an incompatible \`${argument}\` argument.`,
      });
    }
    assert.deepEqual(Input({ tensor, shape: [3], batchShape: [null, 3] }).shape, [null, 3]);
  });
});

describe("Add", () => {
  test("is called on a list, of one at least", () => {
    const x = Input({ shape: [3] });
    assert.throws(() => new Add().apply(x), {
      code: "ValueError",
      message:
        "A merge layer should be called on a list of inputs. Received: input_shape=(None, 3) (not a list of shapes)",
    });
    assert.throws(() => new Add().forward([]), { message: /on a list of at least 1 input/ });
    assert.deepEqual(new Add().apply([x]).shape, [null, 3]);
  });

  test("rounds once, whatever the number of inputs", () => {
    assert.deepEqual([...new Add().forward([one(1), one(2 ** -24), one(2 ** -24)]).data], [1 + 2 ** -23]);
  });
});

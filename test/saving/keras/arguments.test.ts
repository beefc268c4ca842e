/** Configs of layers as Keras writes them, as the arguments of our layers; and what of them is refused. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { parseJson } from "../../../src/saving/bytes/json.ts";
import { argumentsOf, camelCase, refuseForeign } from "../../../src/saving/keras/arguments.ts";
import { utf8 } from "../hex.ts";

function argumentsFrom(json: string, className = "Conv2D"): unknown {
  return argumentsOf(className, parseJson(utf8(json)), "It");
}

describe("argumentsOf", () => {
  test("names in camelCase, lists, objects with their classes", () => {
    const config = `{"use_bias": false, "kernel_size": [3, 3], "dtype": "float32", "shared_object_id": 7,
      "kernel_initializer": {"module": "keras.initializers", "class_name": "GlorotUniform", "config": {"seed": null}, "registered_name": null}}`;
    assert.deepEqual(argumentsFrom(config), {
      useBias: false,
      kernelSize: [3, 3],
      kernelInitializer: { className: "GlorotUniform", config: { seed: null } },
    });
  });

  test("the input's shape counts for an InputLayer alone, under its old and its new name", () => {
    for (const name of ["batch_input_shape", "batch_shape"]) {
      assert.deepEqual(argumentsFrom(`{"${name}": [null, 4]}`, "InputLayer"), { batchShape: [null, 4] });
    }
    assert.deepEqual(argumentsFrom('{"batch_input_shape": [null, 4]}', "Dense"), {});
  });

  test("what Keras 2 wrote into depthwise convolutions without a meaning is left out", () => {
    const config = '{"groups": 1, "filters": null, "kernel_initializer": "x", "depth_multiplier": 1}';
    assert.deepEqual(argumentsFrom(config, "DepthwiseConv2D"), { depthMultiplier: 1 });
    assert.deepEqual(argumentsFrom('{"groups": 1}', "Conv2D"), { groups: 1 });
  });

  test("a broken seed of Teachable Machine is cut to a whole number; an activation may be wrapped as a function", () => {
    assert.deepEqual(
      argumentsFrom('{"bias_initializer": {"class_name": "VarianceScaling", "config": {"seed": 3.14}}}'),
      {
        biasInitializer: { className: "VarianceScaling", config: { seed: 3 } },
      },
    );
    const wrapped =
      '{"activation": {"module": "builtins", "class_name": "function", "config": "relu6", "registered_name": "function"}}';
    assert.deepEqual(argumentsFrom(wrapped), { activation: "relu6" });
  });

  test("policies of floats are taken for float32; others are refused", () => {
    for (const policy of [
      '"float16"',
      '"bfloat16"',
      '"mixed_bfloat16"',
      '{"config": {"name": "mixed_float16"}}',
      "null",
    ]) {
      assert.deepEqual(argumentsFrom(`{"dtype": ${policy}}`), {}, policy);
    }
    assert.throws(() => argumentsFrom('{"dtype": "int8"}'), {
      code: "UnsupportedError",
      message: "It has the dtype policy int8, which is not read. Read are models whose layers compute in floats.",
    });
    assert.throws(() => argumentsFrom('{"dtype": [1]}'), { message: /^It has the dtype policy of an unknown kind,/ });
    assert.throws(() => argumentsFrom("[]"), {
      code: "FormatError",
      message: "The `config` of It should be an object.",
    });
  });
});

test("objects of Keras itself are taken under all of its names, others are refused by theirs", () => {
  const refuse = (json: string): void => refuseForeign(parseJson(utf8(json)), "It");
  for (const module of [
    "keras",
    "keras.layers",
    "keras.src.models.functional",
    "tf_keras.layers",
    "tensorflow.keras.layers",
  ]) {
    refuse(`{"module": "${module}", "class_name": "Dense", "registered_name": null}`);
  }
  refuse('{"class_name": "Dense", "registered_name": "Dense"}');
  const foreign: readonly (readonly [string, string])[] = [
    ['{"module": "mine.layers", "class_name": "Dense"}', "mine.layers.Dense"],
    ['{"module": "kerasx", "class_name": "Dense"}', "kerasx.Dense"],
    ['{"module": "keras", "class_name": "Dense", "registered_name": "Custom>Dense"}', "Custom>Dense"],
  ];
  for (const [json, name] of foreign) {
    assert.throws(() => refuse(json), {
      code: "UnsupportedError",
      message: `It is a custom object, '${name}': its code is not in the file. Read are the layers of Keras itself.`,
    });
  }
});

test("camelCase: letters and digits after an underscore", () => {
  assert.deepEqual(["use_bias", "beta_1", "name", "a_b_c"].map(camelCase), ["useBias", "beta1", "name", "aBC"]);
});

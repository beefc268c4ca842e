/** Every refusal and warning of keras.applications.MobileNetV2, in its wording. */
import assert from "node:assert/strict";
import { describe, mock, test } from "node:test";
import { MobileNetV2, type MobileNetV2Options } from "../../src/applications/mobilenet-v2.ts";
import { checkArguments } from "../../src/applications/mobilenet-v2-options.ts";
import { MobileNetV2Error } from "../../src/core/errors.ts";
import { Input } from "../../src/layers/core/input-layer.ts";

const refused: readonly (readonly [string, MobileNetV2Options, RegExp])[] = [
  [
    "weights that are no file",
    { weights: "no-such-file.h5" },
    /^The `weights` argument should be either `null` \(random initialization\), `imagenet` \(pre-training on ImageNet\), or the path to the weights file to be loaded\. {2}Received `weights=no-such-file\.h5`/,
  ],
  ["empty weights", { weights: "" }, /^The `weights` argument should be either `null`.*Received `weights=`/],
  [
    "classes other than 1000 with ImageNet weights",
    { classes: 10 },
    /^If using `weights="imagenet"` with `includeTop` as true, `classes` should be 1000\. Received `classes=10`$/,
  ],
  [
    "no class",
    { weights: null, classes: 0 },
    /^`classes` should be a whole number of 1 or more\. Received `classes=0`$/,
  ],
  [
    "an alpha without ImageNet weights",
    { alpha: 0.25 },
    /^If imagenet weights are being loaded, alpha must be one of `0\.35`, `0\.50`, `0\.75`, `1\.0`, `1\.3` or `1\.4` only; Received `alpha=0\.25`$/,
  ],
  [
    "alpha 1.4 at another size than 224 with ImageNet weights",
    { alpha: 1.4, inputShape: [192, 192, 3] },
    /^ImageNet weights for alpha=1\.4 were published for input size 224 only; Received: rows=192/,
  ],
  ["alpha 0", { alpha: 0, weights: null }, /^`alpha` should be a number above 0\. Received `alpha=0`$/],
  ["alpha NaN", { alpha: NaN, weights: null }, /Received `alpha=NaN`$/],
  [
    "a size that ImageNet weights with the top do not have",
    { inputShape: [200, 200, 3] },
    /^When setting `includeTop=true` and loading `imagenet` weights, `inputShape` should be \(224, 224, 3\)\. {2}Received: inputShape=\(200, 200, 3\)$/,
  ],
  [
    "ImageNet weights on 4 channels",
    { inputShape: [224, 224, 4], includeTop: false },
    /^The input must have 3 channels; Received `inputShape=\(224, 224, 4\)`$/,
  ],
  [
    "rows below 32",
    { inputShape: [31, 64, 3], weights: null },
    /^Input size must be at least 32x32; Received: inputShape=\(31, 64, 3\)$/,
  ],
  [
    "columns below 32",
    { inputShape: [null, 31, 3], weights: null, includeTop: false },
    /^Input size must be at least 32x32; Received: inputShape=\(None, 31, 3\)$/,
  ],
  [
    "a shape of two axes",
    { inputShape: [224, 224], weights: null },
    /^`inputShape` must be a tuple of three integers\./,
  ],
  [
    "a fractional size",
    { inputShape: [64.5, 64, 3], weights: null },
    /^`inputShape` must be \[rows, cols, channels\] in whole numbers/,
  ],
  ["unknown channels", { inputShape: [64, 64, null], weights: null }, /^`inputShape` must be \[rows, cols, channels\]/],
  [
    "a top on an unknown size",
    { inputShape: [null, null, 3], weights: null },
    /^If `includeTop` is true, you should specify a static `inputShape`\. Received: inputShape=\(None, None, 3\)$/,
  ],
  [
    "an input tensor of another width than inputShape",
    { inputTensor: Input({ shape: [96, 96, 3] }), inputShape: [96, 64, 3], weights: null },
    /^inputTensor\.shape\[2\] must equal inputShape\[1\]; Received `inputTensor\.shape=\(None, 96, 96, 3\)`, `inputShape=\(96, 64, 3\)`$/,
  ],
];

describe("MobileNetV2 refuses with a ValueError in Keras's words", () => {
  for (const [name, options, message] of refused) {
    test(name, async () => {
      const warn = mock.method(console, "warn", () => undefined);
      try {
        await assert.rejects(MobileNetV2(options), (error) => {
          assert.ok(error instanceof MobileNetV2Error);
          assert.equal(error.code, "ValueError");
          assert.match(error.message, message);
          return true;
        });
      } finally {
        warn.mock.restore();
      }
    });
  }

  test("an activation other than null and softmax with pretrained weights", () => {
    assert.throws(
      () => checkArguments({ weights: "imagenet", classifierActivation: "relu" }),
      /^MobileNetV2Error: Only `null` and `softmax` activations are allowed for the `classifierActivation` argument when using pretrained weights, with `includeTop=true`; Received: classifierActivation=relu$/,
    );
    assert.equal(
      checkArguments({ weights: "imagenet", includeTop: false, classifierActivation: "relu" }).includeTop,
      false,
    );
    assert.equal(checkArguments({ weights: null, classifierActivation: "relu" }).classifierActivation, "relu");
  });

  test("pooling that does not exist", () => {
    const options = JSON.parse('{"weights": null, "pooling": "mean"}') as MobileNetV2Options;
    assert.throws(
      () => checkArguments(options),
      /The `pooling` argument should be either `null`, `avg` or `max`\. Received `pooling=mean`/,
    );
  });
});

describe("MobileNetV2 warns", () => {
  const warnings = (options: MobileNetV2Options): readonly string[] => {
    const warn = mock.method(console, "warn", () => undefined);
    try {
      checkArguments(options);
      return warn.mock.calls.map(({ arguments: [text] }) => String(text));
    } finally {
      warn.mock.restore();
    }
  };

  test("where the size is not one of the five or not square: the weights of 224 are taken", () => {
    for (const inputShape of [[200, 200, 3], [96, 128, 3], [null, null, 3], undefined] as const) {
      const [warning, ...more] = warnings({ inputShape, includeTop: false });
      assert.deepEqual(more, []);
      assert.equal(
        warning,
        "`inputShape` is undefined or non-square, or `rows` is not in [96, 128, 160, 192, 224]. Weights for input shape (224, 224) will be loaded as the default.",
      );
    }
    assert.equal(checkArguments({ inputShape: [128, 128, 3] }).weightRows, 128);
  });

  test("where the channels are neither 1 nor 3", () => {
    assert.deepEqual(warnings({ inputShape: [64, 64, 4], weights: null }), [
      "This model usually expects 1 or 3 input channels. However, it was passed an inputShape with 4 input channels.",
    ]);
    assert.deepEqual(warnings({ inputShape: [64, 64, 1], weights: null }), []);
  });

  test("not in the ordinary cases", () => {
    assert.deepEqual(warnings({}), []);
    assert.deepEqual(warnings({ alpha: 0.35, inputShape: [96, 96, 3] }), []);
    assert.deepEqual(warnings({ includeTop: false, weights: null }), []);
  });
});

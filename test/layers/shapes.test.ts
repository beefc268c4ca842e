/** Output shapes and refusals, in Keras's words, against real Keras. */
import { MobileNetV2Error } from "../../src/core/errors.ts";
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { Input } from "../../src/layers/core/input-layer.ts";
import { layerFromConfig } from "../../src/layers/registry.ts";
import { fixture } from "./fixture.ts";

describe("symbolic shapes and errors equal Keras's", () => {
  for (const { layer: className, config, inputs, shape, error } of fixture.shapes) {
    test(`${className} ${JSON.stringify(config)} ${JSON.stringify(inputs)}`, () => {
      const layer = layerFromConfig(className, { name: "layer", ...config });
      const apply = () => layer.apply(inputs.map((batchShape) => Input({ batchShape })));
      if (error !== undefined) assert.throws(apply, { name: "MobileNetV2Error", code: "ValueError", message: error });
      else assert.deepEqual(apply().shape, shape);
    });
  }
});

describe("a built layer refuses other inputs as Keras does", () => {
  for (const { layer: className, config, inputs, error } of fixture.rebuilt) {
    test(`${className} ${JSON.stringify(inputs)}`, () => {
      const layer = layerFromConfig(className, { name: "layer", ...config });
      const [first = [], second = []] = inputs;
      layer.apply(Input({ batchShape: first }));
      assert.throws(() => layer.apply(Input({ batchShape: second })), { code: "ValueError", message: error });
      assert.doesNotThrow(() => layer.apply(Input({ batchShape: first })));
    });
  }
});

/** After Keras's words, ours may go on with the names that there are. */
function beginsWith(text: string): (error: unknown) => boolean {
  return (error) => error instanceof MobileNetV2Error && error.code === "ValueError" && error.message.startsWith(text);
}

describe("arguments that Keras refuses are refused in its words", () => {
  for (const { layer: className, config, error } of fixture.refused) {
    test(`${className} ${JSON.stringify(config)}`, () => {
      assert.throws(() => layerFromConfig(className, config), beginsWith(error));
    });
  }
});

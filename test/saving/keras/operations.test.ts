/** Operations on tensors in Keras's models become the layers that compute them, or are named. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, test } from "node:test";
import { uniform } from "../../../src/core/random.ts";
import { Tensor } from "../../../src/core/tensor.ts";
import { evaluate } from "../../../src/graph/evaluate.ts";
import { programOf } from "../../../src/graph/program.ts";
import { isRecord } from "../../../src/layers/arguments.ts";
import { loadModel } from "../../../src/models/files/load-model.ts";
import { GroupSpec, writeHdf5 } from "../../../src/saving/hdf5/write.ts";
import { assertWithin } from "../../support/compare.ts";
import { type Link, chainConfig, kerasArchive } from "./archives.ts";

interface Case {
  readonly config: object;
  readonly shape?: readonly number[];
  readonly answer?: readonly number[];
}

const packages = JSON.parse(
  readFileSync(new URL("../../fixtures/saving/keras/operations.json", import.meta.url), "utf8"),
) as Record<string, Record<string, Case>>;

const x = new Tensor([1, 4, 4, 3], uniform("x", 48, -3, 4));

const NOT_IN_HDF5 = ["module", "registered_name", "build_config"];

/** The config as HDF5 files have it, which do not say of which module a class is, nor what a layer was built for. */
function withoutModules(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutModules);
  if (!isRecord(value)) return value;
  const entries = Object.entries(value).filter(([key]) => !NOT_IN_HDF5.includes(key));
  return Object.fromEntries(entries.map(([key, item]) => [key, withoutModules(item)]));
}

function h5(config: object): Uint8Array {
  const root = new GroupSpec();
  root.attributes.set("model_config", JSON.stringify(withoutModules(config)));
  root.group("model_weights").attributes.set("layer_names", []);
  return writeHdf5(root);
}

describe("operations as Keras writes them, within 1e-5 of its answers", () => {
  for (const [name, cases] of Object.entries(packages)) {
    for (const [operation, { config, shape = [], answer }] of Object.entries(cases)) {
      test(`${name}: ${operation}${answer === undefined ? " is refused, and named" : ""}`, async () => {
        for (const bytes of [kerasArchive(config), h5(config)]) {
          const loading = loadModel(bytes);
          if (answer === undefined) {
            // oxlint-disable-next-line no-await-in-loop -- one file after the other
            await assert.rejects(loading, {
              code: "UnsupportedError",
              message: /^Operation '[\w.]+' \([\w.]+\) is not/,
            });
          } else {
            // oxlint-disable-next-line no-await-in-loop -- as above
            const [output] = evaluate(programOf((await loading).graph), [x]);
            assert.deepEqual(output?.shape, shape);
            assertWithin(output?.data ?? [], answer, 1e-5);
          }
        }
      });
    }
  }
});

describe("operations that are not what they seem", () => {
  const ops = "keras.src.ops.numpy";
  const refused: Readonly<Record<string, Link>> = {
    "a constant that is no number": { className: "Subtract", module: ops, args: ["one"] },
    "a list of lists of different lengths": { className: "Subtract", module: ops, args: [[[1], [2, 3]]] },
    "an empty list": { className: "Add", module: ops, args: [[]] },
    "a division by 0": { className: "TrueDivide", module: ops, args: [0] },
    "an argument that nobody knows": { className: "Subtract", module: ops, args: [1], kwargs: { where: true } },
    "a name of Object": { className: "constructor", module: ops },
    "too many operands": { className: "Subtract", module: ops, args: [1, 2] },
    "no second operand": { className: "Subtract", module: ops },
    "pads that are no pairs": { className: "Pad", module: ops, config: { pad_width: [[0, 0], 7, {}, [0, 0]] } },
    "a shape of texts": { className: "Reshape", module: ops, config: { newshape: [-1, "a"] } },
  };
  for (const [what, link] of Object.entries(refused)) {
    test(what, async () => {
      await assert.rejects(loadModel(kerasArchive(chainConfig([4, 4, 3], [link]))), {
        code: "UnsupportedError",
        message: /^Operation '\w+_0' \(\w+\) is not read/,
      });
    });
  }

  test("deeply nested constants take no time", async () => {
    let nested: unknown = 1;
    for (let i = 0; i < 80; i++) nested = [nested];
    const config = chainConfig([4, 4, 3], [{ className: "Subtract", module: ops, args: [nested] }]);
    await assert.rejects(loadModel(kerasArchive(config)), { code: "UnsupportedError" });
  });
});

/** TensorFlow.js opens the layers models that we write; we open what it and tensorflowjs_converter write, quantised too, and nsfwjs's. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { nsfwjsFolder } from "../../src/cli/files/nsfwjs.ts";
import { uniform } from "../../src/core/random.ts";
import { Tensor } from "../../src/core/tensor.ts";
import { MobileNetV2 } from "../../src/applications/mobilenet-v2.ts";
import { loadModel } from "../../src/models/files/load-model.ts";
import type { WrittenFile } from "../../src/saving/checkpoint.ts";
import { chosen, graphModelFiles } from "../saving/files.ts";
import { assertWithin } from "../support/compare.ts";
import { seededInput } from "../support/seeded.ts";
import { needsShared, sharedPath } from "../support/shared.ts";
import { CLASSES, SIZE, kinds, seeded } from "./models.ts";
import { needsPackages } from "./peers.ts";
import { IMAGENET, photographs } from "./pictures.ts";
import { answerOf, filesOf, handlerOf, tensorflowjs } from "./tensorflowjs.ts";

const x = seededInput("peers", [2, SIZE, SIZE, 3]);

describe("layers models", { skip: needsPackages }, () => {
  for (const kind of kinds) {
    test(`TensorFlow.js opens our ${kind} model, within 1e-5; we open it as it saves it again, bit for bit`, async () => {
      const { core, layers } = await tensorflowjs();
      using model = await seeded(kind);
      model.classNames = CLASSES;
      const expected = (await model.predict(x)).data;
      const theirs = await layers.loadLayersModel(handlerOf(await model.toFiles("tfjs-layers")));
      assertWithin(await answerOf(theirs, x), expected, 1e-5);

      let saved: readonly WrittenFile[] = [];
      await theirs.save(
        core.io.withSaveHandler(async (artifacts) => {
          saved = filesOf(artifacts);
          return { modelArtifactsInfo: { dateSaved: new Date(), modelTopologyType: "JSON" } };
        }),
      );
      theirs.dispose();
      using again = await loadModel(chosen(saved));
      assert.deepEqual(
        again.layers.map(({ name, className }) => [name, className]),
        model.layers.map(({ name, className }) => [name, className]),
      );
      assert.deepEqual((await again.predict(x)).data, expected);
    });
  }

  for (const type of ["uint8", "uint16", "float16"] as const) {
    test(`weights of ${type}: both answer within 1e-5 of one another`, async () => {
      const { layers } = await tensorflowjs();
      using model = await seeded("functional");
      const files = quantised(await model.toFiles("tfjs-layers"), type);
      const theirs = await layers.loadLayersModel(handlerOf(files));
      using ours = await loadModel(chosen(files));
      assertWithin((await ours.predict(x)).data, await answerOf(theirs, x), 1e-5);
      theirs.dispose();
    });
  }

  test("MobileNetV2 1.0_224 with ImageNet weights: within 1e-5 on 2 photographs", { skip: needsShared }, async () => {
    const { layers } = await tensorflowjs();
    using model = await MobileNetV2({ weights: sharedPath(IMAGENET) });
    const theirs = await layers.loadLayersModel(handlerOf(await model.toFiles("tfjs-layers")));
    for (const picture of await photographs(2)) {
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      assertWithin(await answerOf(theirs, picture), (await model.predict(picture)).data, 1e-5);
    }
    theirs.dispose();
  });
});

/** As tensorflowjs_converter does it (tensorflowjs/quantization.py): from each tensor's least value in even steps, or halves. */
function quantised(files: readonly WrittenFile[], type: "uint8" | "uint16" | "float16"): readonly WrittenFile[] {
  const [main, shard] = files;
  const model = JSON.parse(new TextDecoder().decode(main?.bytes)) as {
    weightsManifest: { weights: { shape: number[]; quantization?: object }[] }[];
  };
  const parts: Uint8Array[] = [];
  let offset = 0;
  for (const spec of model.weightsManifest.flatMap(({ weights }) => weights)) {
    const size = spec.shape.reduce((product, axis) => product * axis, 1);
    const values = new Float32Array(shard?.bytes.slice(offset, offset + size * 4).buffer ?? new ArrayBuffer());
    offset += size * 4;
    if (type === "float16") {
      spec.quantization = { dtype: type };
      parts.push(new Uint8Array(Float16Array.from(values).buffer));
      continue;
    }
    const [least, most] = [Math.min, Math.max].map((end) => values.reduce((a, b) => end(a, b))) as [number, number];
    const scale = (most - least) / (type === "uint8" ? 255 : 65535) || 1;
    spec.quantization = { dtype: type, min: least, scale };
    const steps = Array.from(values, (value) => Math.round((value - least) / scale));
    parts.push(new Uint8Array((type === "uint8" ? Uint8Array : Uint16Array).from(steps).buffer));
  }
  return [
    { name: "model.json", bytes: new TextEncoder().encode(JSON.stringify(model)) },
    { name: "weights.bin", bytes: new Uint8Array(Buffer.concat(parts)) },
  ];
}

describe("graph models", { skip: needsPackages }, () => {
  for (const name of ["tfjs-graph.json", "tfjs-graph-uint8.json"]) {
    test(`${name}, by tensorflowjs_converter: we answer within 1e-5`, async () => {
      const { converter } = await tensorflowjs();
      const files = graphModelFiles(`graphs/${name}`);
      const theirs = await converter.loadGraphModel(handlerOf(files));
      using ours = await loadModel(chosen(files));
      const picture = seededInput("peers/graph", [1, 20, 20, 3]);
      assertWithin((await ours.predict(picture)).data, await answerOf(theirs, picture), 1e-5);
      theirs.dispose();
    });
  }
});

describe("nsfwjs", { skip: needsPackages }, () => {
  const folder = nsfwjsFolder();
  for (const [name, layered] of [
    ["mobilenet_v2", true],
    ["mobilenet_v2_mid", false],
  ] as const) {
    test(`its ${name}: we answer within 1e-5 on 4 pictures`, async () => {
      const { layers, converter } = await tensorflowjs();
      const path = folder.replace(/mobilenet_v2$/, name);
      using ours = await loadModel(path);
      const handler = await nsfwjsHandler(path);
      const theirs = await (layered ? layers.loadLayersModel(handler) : converter.loadGraphModel(handler));
      for (let i = 0; i < 4; i++) {
        const picture = smoothPicture(i);
        // oxlint-disable-next-line no-await-in-loop -- one after the other
        assertWithin((await ours.predict(picture)).data, await answerOf(theirs, picture), 1e-5, `picture ${i}`);
      }
      theirs.dispose();
    });
  }

  test("its model as we write it: TensorFlow.js answers within 1e-5", async () => {
    const { layers } = await tensorflowjs();
    using ours = await loadModel(folder);
    const theirs = await layers.loadLayersModel(handlerOf(await ours.toFiles("tfjs-layers")));
    const picture = smoothPicture(1);
    assertWithin(await answerOf(theirs, picture), (await ours.predict(picture)).data, 1e-5);
    theirs.dispose();
  });
});

/** Noise, and the smoother the more of a ramp: the model's answers then differ. In [0, 1]. */
function smoothPicture(i: number): Tensor<Float32Array> {
  const share = 1 / (1 + i);
  const data = uniform(`nsfwjs/${i}`, 224 * 224 * 3, 0, 1).map(
    (value, k) => value * share + ((k / 672) % 224) * ((1 - share) / 224),
  );
  return new Tensor([1, 224, 224, 3], data);
}

/** The package's own files, run as the modules that they are. */
async function nsfwjsHandler(folder: string) {
  const { createRequire } = await import("node:module");
  const require = createRequire(`${folder}/`);
  const model = require("./model.min.js") as {
    modelTopology: object;
    weightsManifest: { paths: string[]; weights: object[] }[];
  };
  const paths = model.weightsManifest.flatMap(({ paths: shards }) => shards);
  const parts = paths.map((path) => Buffer.from(require(`./${path}.min.js`) as string, "base64"));
  return {
    load: async () => ({
      ...model,
      weightSpecs: model.weightsManifest.flatMap(({ weights }) => weights),
      weightData: new Uint8Array(Buffer.concat(parts)).buffer,
    }),
  };
}

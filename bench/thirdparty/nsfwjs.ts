/** The model that nsfwjs ships, in TensorFlow.js. */
import { readFileSync } from "node:fs";
import * as tf from "@tensorflow/tfjs-core";
import { loadLayersModel } from "@tensorflow/tfjs-layers";
import { startBackend } from "./tfjs-wasm.ts";

const folder = new URL("../../node_modules/nsfwjs/dist/models/mobilenet_v2/", import.meta.url);

/** Its probabilities for pictures [1, 224, 224, 3] in [0, 1). */
export async function loadNsfwjs(): Promise<(picture: Float32Array) => Promise<ArrayLike<number>>> {
  await startBackend(new URL("node_modules/", import.meta.url).href, 1);
  const model = await loadLayersModel(tf.io.fromMemory(artifacts()));
  return async (picture) => {
    const [x, y] = tf.tidy(() => {
      const input = tf.tensor(picture, [1, 224, 224, 3]);
      return [input, model.predict(input)];
    });
    const probabilities = await y.data();
    tf.dispose([x, y]);
    return probabilities;
  };
}

/** Model artifacts for `tf.io.fromMemory`. The package's own files are run as the modules that they are. */
function artifacts() {
  const read = (name: string): any => {
    const module = { exports: {} };
    new Function("module", "exports", readFileSync(new URL(name, folder), "utf8"))(module, module.exports);
    return module.exports;
  };
  const model = read("model.min.js");
  const bytes = Buffer.from(read("group1-shard1of1.min.js"), "base64");
  return {
    modelTopology: model.modelTopology,
    weightSpecs: model.weightsManifest.flatMap((group: any) => group.weights),
    weightData: bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength),
  };
}

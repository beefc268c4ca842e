/** TensorFlow.js on its WebAssembly backend: the layers model of nsfwjs's MobileNetV2 1.0_224 without its head's cost mattering. */
import { fileURLToPath } from "node:url";
import type { Prediction, PeerOptions } from "../peer.ts";
import { nsfwjsArtifacts } from "./nsfwjs.ts";

export async function load({ threads, input }: PeerOptions): Promise<Prediction> {
  const tf = await import("@tensorflow/tfjs-core");
  const { setThreadsCount, setWasmPaths } = await import("@tensorflow/tfjs-backend-wasm");
  const { loadLayersModel } = await import("@tensorflow/tfjs-layers");
  setWasmPaths(fileURLToPath(new URL("./node_modules/@tensorflow/tfjs-backend-wasm/dist/", import.meta.url)));
  setThreadsCount(threads);
  await tf.setBackend("wasm");
  await tf.ready();
  const model = await loadLayersModel(tf.io.fromMemory(nsfwjsArtifacts()));
  const x = tf.tensor(input, [1, 224, 224, 3]);
  return async () => {
    const y = model.predict(x);
    const scores = await y.data();
    y.dispose();
    return scores;
  };
}

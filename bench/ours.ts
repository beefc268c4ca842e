/** This package in the benchmark, with the weights of the peers' model file. */
import { MobileNetV2, Tensor } from "mobilenet-v2";
import { Engine } from "../src/engine/engine.ts";
import { programOf } from "../src/graph/program.ts";
import { features } from "../src/wasm/features.ts";
import { assignFolded, foldedLayers } from "./onnx-weights.ts";
import type { PeerOptions, Prediction } from "./peer.ts";

export async function prepare(options: PeerOptions): Promise<() => Promise<Prediction>> {
  const { precision, threads, model: file, input, plain = false } = options;
  if (precision === "int8") throw new Error("int8 is not there yet");
  if (threads > 1) throw new Error("threads are not there yet");
  const layers = foldedLayers(await file("f32.onnx"));
  const x = new Tensor([1, 224, 224, 3], input);
  return async () => {
    const model = await MobileNetV2({ weights: null });
    assignFolded(model, layers);
    if (!plain) return async () => (await model.predict(x)).data;
    const engine = await Engine.create(programOf(model.graph), { features: { ...features(), relaxedSimd: false } });
    return async () => (await engine.run([x]))[0]?.data ?? [];
  };
}

/** This package in the benchmark, with the weights of the peers' model file. */
import { MobileNetV2, Tensor, enableWideSimd } from "mobilenet-v2";
import { Engine } from "../src/engine/engine.ts";
import { machineFeatures } from "../src/engine/wide-simd.ts";
import { programOf } from "../src/graph/program.ts";
import { assignFolded, foldedLayers } from "./onnx-weights.ts";
import type { PeerOptions, Prediction } from "./peer.ts";

export async function prepare(options: PeerOptions): Promise<() => Promise<Prediction>> {
  const { precision, threads, model: file, input, wide = false, plain = false } = options;
  if (precision === "int8") throw new Error("int8 is not there yet");
  if (wide && !enableWideSimd()) throw new Error("no 256-bit vectors here");
  const layers = foldedLayers(await file("f32.onnx"));
  const x = new Tensor([1, 224, 224, 3], input);
  return async () => {
    const model = await MobileNetV2({ weights: null });
    assignFolded(model, layers);
    const features = { ...machineFeatures(), ...(plain && { relaxedSimd: false }) };
    const engine = await Engine.create(programOf(model.graph), { threads, features });
    return async () => (await engine.run([x]))[0]?.data ?? [];
  };
}

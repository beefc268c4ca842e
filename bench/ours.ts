/** This package in the benchmark, with the weights of the peers' model file; int8 as quantized from them and saved. */
import { MobileNetV2, type Model, Tensor, enableWideSimd, loadQuantized, quantize } from "mobilenet-v2";
import { Engine } from "../src/engine/engine.ts";
import { machineFeatures } from "../src/engine/wide-simd.ts";
import { programOf } from "../src/graph/program.ts";
import { assignFolded, foldedLayers } from "./onnx-weights.ts";
import type { PeerOptions, Prediction } from "./peer.ts";

export async function prepare(options: PeerOptions): Promise<() => Promise<Prediction>> {
  const { precision, threads, model: file, input, wide = false, plain = false } = options;
  if (wide && !enableWideSimd()) throw new Error("no 256-bit vectors here");
  const layers = foldedLayers(await file("f32.onnx"));
  const x = new Tensor([1, 224, 224, 3], input);
  const build = async (): Promise<Model> => {
    const model = await MobileNetV2({ weights: null, threads });
    assignFolded(model, layers);
    return model;
  };
  if (precision === "int8") {
    const quantized = await quantize(await build(), x);
    const bytes = quantized.toBytes();
    return async () => {
      const model = await loadQuantized(bytes, { threads, mode: plain ? "i16" : undefined });
      return async () => (await model.predict(x)).data;
    };
  }
  return async () => {
    const model = await build();
    if (!plain) return async () => (await model.predict(x)).data;
    const features = { ...machineFeatures(), relaxedSimd: false };
    const engine = await Engine.create(programOf(model.graph), { threads, features });
    return async () => (await engine.run([x]))[0]?.data ?? [];
  };
}

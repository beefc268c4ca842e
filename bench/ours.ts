/** This package in the benchmark, with the weights of the peers' model file; int8 as quantized from them. */
import { MobileNetV2, Tensor, enableWideSimd } from "mobilenet-v2";
import { Engine } from "../src/engine/engine.ts";
import { machineFeatures } from "../src/engine/wide-simd.ts";
import { programOf } from "../src/graph/program.ts";
import { bestMode } from "../src/kernels/i8-probe.ts";
import { assignFolded, foldedLayers } from "./onnx-weights.ts";
import type { PeerOptions, Prediction } from "./peer.ts";
import { quantized } from "./quantized.ts";

export async function prepare(options: PeerOptions): Promise<() => Promise<Prediction>> {
  const { precision, threads, model: file, input, wide = false, plain = false } = options;
  if (wide && !enableWideSimd()) throw new Error("no 256-bit vectors here");
  const layers = foldedLayers(await file("f32.onnx"));
  const x = new Tensor([1, 224, 224, 3], input);
  const engineOptions = { threads, features: { ...machineFeatures(), ...(plain && { relaxedSimd: false }) } };
  const predictions = (engine: Engine): Prediction => {
    return async () => (await engine.run([x]))[0]?.data ?? [];
  };
  if (precision === "int8") {
    const model = await MobileNetV2({ weights: null });
    assignFolded(model, layers);
    const { program, transform } = await quantized(model, x, plain ? "i16" : bestMode());
    return async () => predictions(await Engine.create(program, { ...engineOptions, transform }));
  }
  return async () => {
    const model = await MobileNetV2({ weights: null });
    assignFolded(model, layers);
    return predictions(await Engine.create(programOf(model.graph), engineOptions));
  };
}

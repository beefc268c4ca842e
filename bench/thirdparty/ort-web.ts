/** onnxruntime-web's WebAssembly provider. */
import { readFileSync } from "node:fs";
import type { Prediction, PeerOptions } from "../peer.ts";

export async function load({ precision, threads, file, input }: PeerOptions): Promise<Prediction> {
  const ort = await import("onnxruntime-web");
  ort.env.wasm.numThreads = threads;
  const session = await ort.InferenceSession.create(new Uint8Array(readFileSync(file(`${precision}.onnx`))), {
    executionProviders: ["wasm"],
  });
  const [name, output] = [session.inputNames[0], session.outputNames[0]];
  const x = new ort.Tensor("float32", input, [1, 224, 224, 3]);
  return async () => (await session.run({ [name]: x }))[output].data;
}

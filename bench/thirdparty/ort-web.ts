/** onnxruntime-web's WebAssembly provider. */
import type { Prediction, PeerOptions } from "../peer.ts";

export async function prepare(options: PeerOptions): Promise<() => Promise<Prediction>> {
  const { precision, threads, model, packages, input } = options;
  const folder = `${packages}onnxruntime-web/dist/`;
  // Not by its name: bundled, it would not find its workers.
  const ort = await import(`${folder}${globalThis.process === undefined ? "ort.wasm.min.mjs" : "ort.node.min.mjs"}`);
  const bytes = await model(`${precision}.onnx`);
  return async () => {
    ort.env.wasm.numThreads = threads;
    ort.env.wasm.wasmPaths = folder;
    const session = await ort.InferenceSession.create(bytes, { executionProviders: ["wasm"] });
    const [name, output] = [session.inputNames[0], session.outputNames[0]];
    const x = new ort.Tensor("float32", input, [1, 224, 224, 3]);
    return async () => (await session.run({ [name]: x }))[output].data;
  };
}

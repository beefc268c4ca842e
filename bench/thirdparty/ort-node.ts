/** onnxruntime-node: native code. */
import type { Prediction, PeerOptions } from "../peer.ts";

export async function prepare({ precision, threads, model, input }: PeerOptions): Promise<() => Promise<Prediction>> {
  const ort = await import("onnxruntime-node");
  const bytes = await model(`${precision}.onnx`);
  return async () => {
    const session = await ort.InferenceSession.create(bytes, {
      executionProviders: ["cpu"],
      intraOpNumThreads: threads,
      interOpNumThreads: 1,
    });
    const [name, output] = [session.inputNames[0], session.outputNames[0]];
    const x = new ort.Tensor("float32", input, [1, 224, 224, 3]);
    return async () => (await session.run({ [name]: x }))[output].data;
  };
}

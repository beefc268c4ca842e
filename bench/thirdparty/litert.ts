/** LiteRT.js: TensorFlow Lite and XNNPACK in WebAssembly. */
import { Tensor, loadAndCompile, loadLiteRt } from "@litertjs/core";
import type { Prediction, PeerOptions } from "../peer.ts";

export async function prepare(options: PeerOptions): Promise<() => Promise<Prediction>> {
  const { precision, threads, model: file, packages, input } = options;
  const bytes = await file(`${precision}.tflite`);
  return async () => {
    await loadLiteRt(`${packages}@litertjs/core/wasm/`, { threads: threads > 1 });
    const model = await loadAndCompile(bytes, {
      accelerator: "wasm",
      ...(threads > 1 ? { cpuOptions: { numThreads: threads } } : {}),
    });
    const x = new Tensor(input, [1, 224, 224, 3]);
    return async () => {
      const [output] = await model.run([x]);
      const scores = await output.data();
      output.delete();
      return scores;
    };
  };
}

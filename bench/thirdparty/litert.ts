/** LiteRT.js (TensorFlow Lite and XNNPACK in WebAssembly), which expects a worker's globals, in Node. */
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";
import vm from "node:vm";
import type { Prediction, PeerOptions } from "../peer.ts";

export async function load({ precision, threads, file, input }: PeerOptions): Promise<Prediction> {
  const folder = fileURLToPath(new URL("./node_modules/@litertjs/core/wasm/", import.meta.url));
  Object.assign(globalThis, {
    self: globalThis,
    require: createRequire(import.meta.url),
    __dirname: folder,
    __filename: `${folder}litert_wasm_threaded_internal.js`,
    importScripts: (path: string) =>
      vm.runInThisContext(`${readFileSync(path, "utf8")};globalThis.ModuleFactory = ModuleFactory;`, {
        filename: path,
      }),
  });
  const { Tensor, loadAndCompile, loadLiteRt } = await import("@litertjs/core");
  await loadLiteRt(folder, { threads: threads > 1 });
  const model = await loadAndCompile(new Uint8Array(readFileSync(file(`${precision}.tflite`))), {
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
}

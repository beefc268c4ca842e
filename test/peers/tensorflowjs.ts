/** TensorFlow.js on its WebAssembly backend, and models in it from files at hand. */
import { fileURLToPath } from "node:url";
import type { IOHandler, ModelArtifacts, Tensor as TheirTensor } from "@tensorflow/tfjs-core";
import type { Tensor } from "../../src/core/tensor.ts";
import type { WrittenFile } from "../../src/saving/checkpoint.ts";

/** Its modules, ready to compute. */
export async function tensorflowjs() {
  const [core, layers, converter, wasm] = await Promise.all([
    import("@tensorflow/tfjs-core"),
    import("@tensorflow/tfjs-layers"),
    import("@tensorflow/tfjs-converter"),
    import("@tensorflow/tfjs-backend-wasm"),
  ]);
  wasm.setWasmPaths(fileURLToPath(new URL("node_modules/@tensorflow/tfjs-backend-wasm/dist/", import.meta.url)));
  await core.setBackend("wasm");
  await core.ready();
  return { core, layers, converter };
}

interface ModelJson {
  readonly modelTopology: object;
  readonly format?: string;
  readonly weightsManifest: readonly { readonly paths: readonly string[]; readonly weights: readonly object[] }[];
}

/** What its own handlers for addresses make of a model.json with shards. */
export function handlerOf(files: readonly WrittenFile[]): IOHandler {
  const [main] = files;
  const model = JSON.parse(new TextDecoder().decode(main?.bytes)) as ModelJson;
  const shards = model.weightsManifest.flatMap(({ paths }) => paths);
  const parts = shards.map((shard) => files.find(({ name }) => name === shard)?.bytes ?? new Uint8Array());
  return {
    load: async () => ({
      ...model,
      weightSpecs: model.weightsManifest.flatMap(({ weights }) => weights),
      weightData: new Uint8Array(Buffer.concat(parts)).buffer,
    }),
  };
}

/** A model.json and its shard, of what TF.js hands to those who save. */
export function filesOf({
  weightSpecs = [],
  weightData = new ArrayBuffer(),
  ...rest
}: ModelArtifacts): readonly WrittenFile[] {
  const manifest = [{ paths: ["./weights.bin"], weights: weightSpecs }];
  return [
    { name: "model.json", bytes: new TextEncoder().encode(JSON.stringify({ ...rest, weightsManifest: manifest })) },
    { name: "weights.bin", bytes: new Uint8Array(weightData) },
  ];
}

/** A model's answer for an input of ours. */
export async function answerOf(
  model: { predict(x: TheirTensor): TheirTensor },
  { data, shape }: Tensor<Float32Array>,
): Promise<Float32Array> {
  const { tensor } = await import("@tensorflow/tfjs-core");
  const x = tensor(data, shape);
  const y = model.predict(x);
  const answer = await y.data();
  x.dispose();
  y.dispose();
  return answer;
}

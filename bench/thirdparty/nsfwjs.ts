/** The model that nsfwjs ships, as TensorFlow.js takes it. */
import { readFileSync } from "node:fs";

const folder = new URL("../../node_modules/nsfwjs/dist/models/mobilenet_v2/", import.meta.url);

/** Model artifacts for `tf.io.fromMemory`. The package's own files are run as the modules that they are. */
export function nsfwjsArtifacts() {
  const read = (name: string): any => {
    const module = { exports: {} };
    new Function("module", "exports", readFileSync(new URL(name, folder), "utf8"))(module, module.exports);
    return module.exports;
  };
  const model = read("model.min.js");
  const bytes = Buffer.from(read("group1-shard1of1.min.js"), "base64");
  return {
    modelTopology: model.modelTopology,
    weightSpecs: model.weightsManifest.flatMap((group: any) => group.weights),
    weightData: bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength),
  };
}

/** LiteRT.js in Node, with what it uses of a worker's globals. With threads it does not start: it wants its workers by address. */
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";
import vm from "node:vm";
import type { Prediction, PeerOptions } from "../peer.ts";

export async function prepare(options: PeerOptions): Promise<() => Promise<Prediction>> {
  const packages = fileURLToPath(options.packages);
  Object.assign(globalThis, {
    self: globalThis,
    require: createRequire(import.meta.url),
    __dirname: `${packages}@litertjs/core/wasm/`,
    importScripts: (path: string) =>
      vm.runInThisContext(`${readFileSync(path, "utf8")};globalThis.ModuleFactory = ModuleFactory;`, {
        filename: path,
      }),
  });
  const { prepare: prepareInWorker } = await import("./litert.ts");
  return prepareInWorker({ ...options, packages });
}

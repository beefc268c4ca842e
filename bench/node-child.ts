/** A child process of the benchmark: loads one engine, then times rounds of predictions as its parent asks for them. */
import { readFile } from "node:fs/promises";
import type { Engine } from "./engines.ts";
import { type Peer, firstPrediction, modelFile, picture, timed } from "./peer.ts";

const { module, ...engine } = JSON.parse(process.argv[2] ?? "{}") as Engine;
const peer = (await import(`./${module}`)) as Peer;
const { predict, scores, firstMs } = await firstPrediction(peer, {
  ...engine,
  model: async (ending) =>
    new Uint8Array(await readFile(new URL(`../../shared/peers/${modelFile(ending)}`, import.meta.url))),
  packages: new URL("thirdparty/node_modules/", import.meta.url).href,
  input: picture(),
});
process.send?.({ scores, firstMs });
process.on("message", (milliseconds: number) => {
  void timed(predict, milliseconds).then((times) => process.send?.({ times }));
});

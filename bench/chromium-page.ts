/** The page's side of in-chromium.ts: loads one engine, then times rounds of predictions. */
import type { Engine } from "./engines.ts";
import { type Loaded, type Peer, type Prediction, firstPrediction, modelFile, picture, timed } from "./peer.ts";

export type PageEngine = (engine: Engine) => Promise<Pick<Loaded, "firstMs" | "scores">>;
export type PageRound = (milliseconds: number) => Promise<readonly number[]>;

let loaded: Prediction | undefined;

export const start: PageEngine = async ({ module, ...engine }) => {
  const peer = (await import(module.replace(/^.*?(\w[^/]*)\.ts$/, "/$1.js"))) as Peer;
  const { predict, firstMs, scores } = await firstPrediction(peer, {
    ...engine,
    model: async (ending) => new Uint8Array(await (await fetch(`/peers/${modelFile(ending)}`)).arrayBuffer()),
    packages: new URL("/packages/", location.href).href,
    input: picture(),
  });
  loaded = predict;
  return { firstMs, scores };
};

export const round: PageRound = (milliseconds) => {
  if (loaded === undefined) throw new Error("No engine was started.");
  return timed(loaded, milliseconds);
};

/** A model that knows red, green and blue, and pictures of one colour: for commands whose answers are to be known. */
import { mkdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { Dense, GlobalAveragePooling2D, Input, Sequential, Tensor, saveImg } from "../../src/index.ts";
import { Activation } from "../../src/public/layers.ts";

export const COLOURS = ["red", "green", "blue"] as const;
export type Colour = (typeof COLOURS)[number];

/** [8, 8, 3] → three classes, by which channel is the brightest on average. */
export function colourModel(named = true): Sequential {
  const dense = new Dense({ units: 3, activation: "softmax", name: "colours" });
  const model = new Sequential([
    Input({ shape: [8, 8, 3] }),
    new Activation({ activation: "linear", name: "map" }),
    new GlobalAveragePooling2D({ name: "pool" }),
    dense,
  ]);
  model.setWeights([
    new Tensor([3, 3], Float32Array.of(5, 0, 0, 0, 5, 0, 0, 0, 5)),
    new Tensor([3], new Float32Array(3)),
  ]);
  if (named) model.classNames = COLOURS;
  return model;
}

/** A picture of one colour, with the other channels at `rest`. */
export async function colourPicture(folder: string, name: string, colour: Colour, rest = 20): Promise<string> {
  const path = join(folder, name);
  mkdirSync(dirname(path), { recursive: true });
  const channel = COLOURS.indexOf(colour);
  const data = Uint8Array.from({ length: 12 * 10 * 3 }, (_, i) => (i % 3 === channel ? 230 : rest));
  await saveImg(path, { width: 12, height: 10, channels: 3, data });
  return path;
}

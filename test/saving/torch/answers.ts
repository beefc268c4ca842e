/** What PyTorch's packages answered, and the state dicts that they answered with, made again from their seeds. */
import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import { uniform } from "../../../src/core/random.ts";
import { type Dims, sizeOf } from "../../../src/core/shape.ts";
import { float32ToWrite, writeSafetensors } from "../../../src/saving/safetensors/safetensors.ts";

export interface Answer {
  /** Rows and columns of the pictures. */
  readonly size: readonly [number, number];
  /** What a hub has beside the weights, by name. */
  readonly files: Readonly<Record<string, string>>;
  /** Of the tensors of the state dict, by name. */
  readonly shapes: Readonly<Record<string, Dims>>;
  readonly outputShape: Dims;
  /** For a batch of two; of a long output only the first values. */
  readonly output: readonly number[];
}

const folder = new URL("../../fixtures/saving/torch/", import.meta.url);

export function torchFixture(name: string): Uint8Array {
  const bytes = readFileSync(new URL(name, folder));
  return new Uint8Array(name.endsWith(".gz") ? gunzipSync(bytes) : bytes);
}

export const answers = JSON.parse(new TextDecoder().decode(torchFixture("answers.json"))) as Readonly<
  Record<string, Answer>
>;

/** The values of a tensor as make.py seeds them. */
export function seeded(seed: string, name: string, shape: Dims): Float32Array {
  let range: readonly [number, number] = [-0.5, 0.5];
  if (shape.length > 1) {
    const limit = Math.sqrt(6 / sizeOf(shape.slice(1)));
    range = [-limit, limit];
  } else if (name.endsWith("running_var") || name.endsWith("weight")) range = [0.5, 1.5];
  return uniform(`${seed}/${name}`, sizeOf(shape), ...range);
}

/** A safetensors file with the seeded tensors of a state dict. */
export function stateDictFile(seed: string, shapes: Answer["shapes"]): Uint8Array {
  return writeSafetensors(
    Object.entries(shapes).map(([name, shape]) =>
      name.endsWith("num_batches_tracked")
        ? { name, shape, dtype: "int64", bytes: new Uint8Array(8) }
        : float32ToWrite(name, shape, seeded(seed, name, shape)),
    ),
    new Map([["format", "pt"]]),
  );
}

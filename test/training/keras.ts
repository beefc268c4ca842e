/** The answers of test/fixtures/training/keras.json, and the arrays that both sides make from their names alone. */
import { readFileSync } from "node:fs";
import { uniform } from "../../src/core/random.ts";
import { sizeOf } from "../../src/core/shape.ts";
import { Tensor } from "../../src/core/tensor.ts";
import type { Predicted } from "../../src/training/losses/loss.ts";

interface Case {
  readonly className: string;
  readonly config: Readonly<Record<string, unknown>>;
}

interface DataCase extends Case {
  readonly shape: readonly number[];
  readonly made: "softmax" | "sigmoid" | "none" | "probabilities" | "extreme";
  readonly target: "labels" | "targets" | "binary" | "onehot";
  readonly weighted: boolean;
}

interface Answers {
  readonly losses: readonly (DataCase & { readonly value: number; readonly gradient: readonly number[] })[];
  readonly optimizers: readonly (Case & {
    readonly exclude: readonly string[] | null;
    readonly weights: readonly (readonly number[])[];
    readonly variables: readonly { readonly name: string; readonly value: number | readonly number[] }[];
  })[];
  readonly schedules: readonly (Case & { readonly rates: readonly number[] })[];
  readonly metrics: readonly (DataCase & { readonly results: readonly (number | readonly number[])[] })[];
}

export const keras = JSON.parse(
  readFileSync(new URL("../fixtures/training/keras.json", import.meta.url), "utf8"),
) as Answers;

function tensorOf(shape: readonly number[], name: string, lo: number, hi: number): Tensor<Float32Array> {
  return new Tensor(shape, uniform(name, sizeOf(shape), lo, hi));
}

/** An example as make.py makes it. */
export function dataOf(
  seed: string,
  { shape, made, target, weighted }: DataCase,
): { readonly yTrue: Tensor; readonly predicted: Predicted; readonly sampleWeight: Tensor | undefined } {
  const positions = shape.slice(0, -1);
  const classes = shape.at(-1) ?? 0;
  let z = tensorOf(shape, `${seed}/logits`, -4, 4);
  if (made === "probabilities") z = tensorOf(shape, `${seed}/logits`, 0.01, 0.99);
  if (made === "extreme") z = new Tensor(shape, Float32Array.of(0, 1, 1e-9, 0.5, 0.5 - 1e-8, 1e-8));
  const predicted: Predicted =
    made === "softmax" || made === "sigmoid" ? { output: activated(z, made), logits: z } : { output: z };
  const weightShape = positions;
  const sampleWeight = weighted ? tensorOf(weightShape, `${seed}/weights`, 0, 2) : undefined;
  return { yTrue: targetOf(seed, shape, positions, classes, target), predicted, sampleWeight };
}

function targetOf(
  seed: string,
  shape: readonly number[],
  positions: readonly number[],
  classes: number,
  kind: DataCase["target"],
): Tensor {
  if (kind === "labels" || kind === "onehot") {
    const labels = Int32Array.from(uniform(`${seed}/labels`, sizeOf(positions), 0, classes), Math.floor);
    if (kind === "labels") return new Tensor(positions, labels);
    const values = new Float32Array(sizeOf(shape));
    for (const [i, label] of labels.entries()) values[i * classes + label] = 1;
    return new Tensor(shape, values);
  }
  const values = tensorOf(shape, `${seed}/targets`, 0, 1);
  if (kind === "binary") return new Tensor(shape, values.data.map(Math.round));
  const result = new Float32Array(values.size);
  for (let from = 0; from < values.size; from += classes) {
    const line = values.data.subarray(from, from + classes);
    const sum = line.reduce((a, b) => a + b, 0);
    result.set(
      line.map((value) => value / sum),
      from,
    );
  }
  return new Tensor(shape, result);
}

function activated(z: Tensor<Float32Array>, activation: "softmax" | "sigmoid"): Tensor<Float32Array> {
  if (activation === "sigmoid")
    return new Tensor(
      z.shape,
      z.data.map((x) => 1 / (1 + Math.exp(-x))),
    );
  const classes = z.shape.at(-1) ?? 1;
  const result = new Float32Array(z.size);
  for (let from = 0; from < z.size; from += classes) {
    const line = Float64Array.from(z.data.subarray(from, from + classes), Math.exp);
    const sum = line.reduce((a, b) => a + b, 0);
    result.set(
      line.map((value) => value / sum),
      from,
    );
  }
  return new Tensor(z.shape, result);
}

export function listOf(value: number | readonly number[]): readonly number[] {
  return typeof value === "number" ? [value] : value;
}

/** Runs a model over calibration data on the float32 engine and watches the values that are to become integers. */
import { valueError } from "../../core/errors.ts";
import { Tensor } from "../../core/tensor.ts";
import type { Program } from "../../graph/program.ts";
import { Engine } from "../engine.ts";
import { Histogram } from "./histogram.ts";

/** What is known of a value. */
export interface Observed {
  readonly histogram: Histogram;
  /** The mean of each channel. */
  readonly means: Float64Array;
}

/** Batches of pictures, or for a model with several inputs arrays of them. */
export type CalibrationData = Iterable<Tensor | readonly Tensor[]> | AsyncIterable<Tensor | readonly Tensor[]>;

/**
 * What the values of a program are like over all pictures.
 * @throws ValueError where there is no picture, or a value is not finite.
 */
export async function observe(
  program: Program,
  values: readonly number[],
  data: CalibrationData,
): Promise<ReadonlyMap<number, Observed>> {
  const sums = new Map<number, { histogram: Histogram; sums: Float64Array; pixels: number }>();
  const engine = await Engine.create({ ...program, outputs: values });
  try {
    for await (const given of data) {
      const batch = given instanceof Tensor ? [given] : given;
      // A picture at a time: all of its values are in memory at once.
      for (let picture = 0; picture < (batch[0]?.shape[0] ?? 0); picture++) {
        const results = await engine.run(batch.map((tensor) => pictureOf(tensor, picture)));
        for (const [i, result] of results.entries()) {
          const channels = result.shape.at(-1) ?? 1;
          const value = values[i] ?? -1;
          const seen = sums.get(value) ?? { histogram: new Histogram(), sums: new Float64Array(channels), pixels: 0 };
          sums.set(value, seen);
          seen.histogram.add(result.data);
          addChannels(seen.sums, result.data);
          seen.pixels += result.size / channels;
        }
      }
    }
  } finally {
    engine.dispose();
  }
  if (sums.size < values.length) {
    throw valueError("`calibrationData` has no pictures. Give some dozens that are like those the model will see.");
  }
  return new Map(
    [...sums].map(([value, seen]) => [
      value,
      { histogram: seen.histogram, means: seen.sums.map((sum) => sum / seen.pixels) },
    ]),
  );
}

function pictureOf(tensor: Tensor, picture: number): Tensor {
  const size = tensor.size / (tensor.shape[0] ?? 1);
  return new Tensor([1, ...tensor.shape.slice(1)], tensor.data.slice(picture * size, (picture + 1) * size));
}

function addChannels(sums: Float64Array, values: Float32Array): void {
  const channels = sums.length;
  for (let i = 0; i < values.length; i += channels) {
    for (let c = 0; c < channels; c++) sums[c]! += values[i + c]!;
  }
}

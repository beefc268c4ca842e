/** Runs a model over calibration data in float32 and watches the values that are to become integers. */
import { valueError } from "../core/errors.ts";
import { Tensor } from "../core/tensor.ts";
import type { MakeExecutor } from "../graph/executor.ts";
import type { Program } from "../graph/program.ts";
import { ChannelHistogram } from "./histogram.ts";

/** Batches of pictures; for a model with several inputs, arrays of them. */
export type CalibrationData = Iterable<Tensor | readonly Tensor[]> | AsyncIterable<Tensor | readonly Tensor[]>;

/** The data, and what runs the model over it. */
export interface Calibration {
  readonly data: CalibrationData;
  readonly executorOf: MakeExecutor;
  /** What goes into the activations within layers. Default: it is not looked at. */
  readonly sums?: InnerSums | undefined;
}

/** A program with more values: what goes into the activations within its layers. */
export interface InnerSums {
  readonly program: Program;
  /** The values that go into activations, by those that come out. */
  readonly before: ReadonlyMap<number, number>;
}

/**
 * What the values of a program are like over all pictures.
 * @throws ValueError if there is no picture, or a value is not finite.
 */
export async function observe(
  program: Program,
  values: readonly number[],
  { data, executorOf }: Calibration,
): Promise<ReadonlyMap<number, ChannelHistogram>> {
  const observed = new Map<number, ChannelHistogram>();
  const executor = await executorOf({ ...program, outputs: values });
  try {
    for await (const given of data) {
      const batch = given instanceof Tensor ? [given] : given;
      // A picture at a time: all of its values are in memory at once.
      for (let picture = 0; picture < (batch[0]?.shape[0] ?? 0); picture++) {
        const results = await executor.run(batch.map((tensor) => pictureOf(tensor, picture)));
        for (const [i, result] of results.entries()) {
          const value = values[i] ?? -1;
          const histogram = observed.get(value) ?? new ChannelHistogram(result.shape.at(-1) ?? 1);
          observed.set(value, histogram);
          histogram.add(result.data);
        }
      }
    }
  } finally {
    executor.dispose();
  }
  if (observed.size < values.length) {
    throw valueError("`calibrationData` has no pictures. Give some dozens that are like those the model will see.");
  }
  return observed;
}

function pictureOf(tensor: Tensor, picture: number): Tensor {
  const size = tensor.size / (tensor.shape[0] ?? 1);
  return new Tensor([1, ...tensor.shape.slice(1)], tensor.data.slice(picture * size, (picture + 1) * size));
}

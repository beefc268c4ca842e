/** Program and calibration data → quantized network: which operations become integers, their weights, and the ranges of their values. */
import { valueError } from "../core/errors.ts";
import type { Dims } from "../core/shape.ts";
import type { Program } from "../graph/program.ts";
import { fold } from "../lowering/fold.ts";
import { lower } from "../lowering/lower.ts";
import { type Convolution, type Operations, inputsOf } from "../lowering/operations.ts";
import { folded } from "../lowering/folded.ts";
import { type Calibration, observe } from "./calibrate.ts";
import { type Units, unitsOf } from "./equalize.ts";
import type { RangeOptions } from "./histogram.ts";
import { canBeIntegers } from "./convolutions.ts";
import type { QuantizedNetwork, QuantizedWeights } from "./network.ts";
import { LEVELS, type Range, WEIGHT_LIMIT } from "./scheme.ts";

export interface QuantizeSettings extends RangeOptions {
  /** Whether the channels of a value are evened out (`equalize.ts`). */
  readonly equalization: boolean;
  /** Whether biases make up for the mean error of rounded weights. */
  readonly biasCorrection: boolean;
}

/**
 * Quantizes a program for pictures of these shapes (without the batch); the result holds for every size.
 * @throws ValueError if nothing can be quantized, or calibration fails.
 */
export async function quantizeProgram(
  program: Program,
  shapes: readonly Dims[],
  calibration: Calibration,
  settings: QuantizeSettings,
): Promise<QuantizedNetwork> {
  const { operations, convolutions, values } = quantizable(program, shapes);
  const inner = innerSums(operations, calibration.sums?.before ?? new Map());
  const watched = new Map([...values.map((value) => [value, value] as const), ...inner]);
  const seen = await observe(calibration.sums?.program ?? program, [...watched.values()], calibration);
  const observed = new Map([...watched].flatMap(([value, as]) => entryOf(value, seen.get(as))));
  const units: Units = settings.equalization ? unitsOf(operations, convolutions, observed) : new Map();
  const ranges = new Map(
    [...observed].map(([value, histogram]) => [value, histogram.range(settings, units.get(value))]),
  );
  for (const input of program.inputs) {
    const range = observed.get(input)?.range({ ...settings, method: "minMax" }, undefined);
    if (range !== undefined) ranges.set(input, pixelRange(range));
  }
  const weights = new Map<number, QuantizedWeights>();
  for (const operation of convolutions) {
    const { input, output } = operation;
    const means = settings.biasCorrection ? observed.get(input)?.means : undefined;
    const real = realWeights(operation, units.get(input), units.get(output));
    const made = quantizeWeights(operation, real, { ranges, means, inputUnits: units.get(input) });
    weights.set(output, made);
    widen(ranges, operation, made);
  }
  return { weights, ranges };
}

/**
 * A network that fits a program and takes as long as one that was made with care, but computes nothing: to time it.
 * @throws ValueError if nothing can be quantized.
 */
export function blankNetwork(program: Program, shapes: readonly Dims[]): QuantizedNetwork {
  const { convolutions, values } = quantizable(program, shapes);
  const weights = convolutions.map(({ output, kernel, to }): [number, QuantizedWeights] => {
    const scales = new Float32Array(to.channels).fill(1 / WEIGHT_LIMIT);
    return [output, { kernel: new Int8Array(kernel.size), scales, bias: new Float32Array(to.channels) }];
  });
  return { weights: new Map(weights), ranges: new Map(values.map((value) => [value, { low: 0, high: 1 }])) };
}

interface Quantizable {
  readonly operations: Operations;
  readonly convolutions: readonly Convolution[];
  /** The values whose ranges matter. */
  readonly values: readonly number[];
}

function quantizable(program: Program, shapes: readonly Dims[]): Quantizable {
  const operations = fold(lower(program, shapes));
  const known = new Set([...program.inputs, ...program.steps.map((step) => step.output)]);
  const convolutions = operations.list
    .filter((operation) => operation.kind === "convolution")
    .filter(
      (operation) =>
        canBeIntegers(operation) &&
        known.has(operation.input) &&
        (operation.residual === undefined || known.has(operation.residual)),
    );
  if (convolutions.length === 0) {
    throw valueError("The model has no layer to quantize: Conv2D, DepthwiseConv2D of 3 × 3, Dense.");
  }
  return { operations, convolutions, values: valuesOf(operations, convolutions).filter((value) => known.has(value)) };
}

/**
 * The values whose ranges matter: those that convolutions take and make, before and after what is added to them; and of operations that
 * runtimes other than the engine have integers for, those that they take and make.
 */
function valuesOf({ list }: Operations, convolutions: readonly Convolution[]): readonly number[] {
  const values = new Set<number>();
  for (const { input, output, residual, unadded } of convolutions) {
    for (const value of [input, output, residual, unadded]) if (value !== undefined) values.add(value);
  }
  for (const operation of list) {
    if (operation.kind === "convolution" || operation.kind === "softmax" || operation.kind === "host") continue;
    for (const value of [...inputsOf(operation), operation.output]) values.add(value);
  }
  return [...values];
}

/** For each value that goes into an activation within its layer, the value under which calibration sees it. */
function innerSums({ list }: Operations, before: ReadonlyMap<number, number>): ReadonlyMap<number, number> {
  return new Map(
    list.flatMap((operation) => {
      const [input] = inputsOf(operation);
      return input === undefined ? [] : entryOf(input, before.get(operation.output));
    }),
  );
}

function entryOf<T>(key: number, value: T | undefined): readonly (readonly [number, T])[] {
  return value === undefined ? [] : [[key, value]];
}

/** The range of pictures. Those that were scaled to [-1, 1] or [0, 1], or not at all, are bytes: on the grid of all bytes they stay what they are. */
function pixelRange({ low, high }: Range): Range {
  const grids: readonly Range[] = [
    { low: 0, high: 1 },
    { low: -1, high: 1 },
    { low: 0, high: 255 },
  ];
  const grid = grids.find((one) => {
    const slack = (one.high - one.low) / 50;
    const spans = (x: number, bound: number): boolean => Math.abs(x - bound) <= slack;
    return low >= one.low && high <= one.high && spans(low, one.low) && spans(high, one.high);
  });
  return grid ?? { low, high };
}

interface RealWeights {
  readonly kernel: Float64Array;
  readonly bias: Float64Array;
}

/** Weights and biases with everything folded in, for inputs and outputs that are divided by units. */
function realWeights(
  operation: Convolution,
  inputUnits: Float64Array | undefined,
  outputUnits: Float64Array | undefined,
): RealWeights {
  const { kernel, to, from, groups } = operation;
  const { channels } = to;
  const { scale, offset } = folded(operation);
  const unit = (c: number): number => outputUnits?.[c] ?? 1;
  const { values } = kernel;
  const real = new Float64Array(values.length);
  forEachWeight({ length: values.length, channels, inputs: groups === 1 ? from.channels : undefined }, (i, k, c) => {
    real[i] = ((values[i] ?? 0) * (scale[c] ?? 1) * (inputUnits?.[k] ?? 1)) / unit(c);
  });
  return { kernel: real, bias: offset.map((bias, c) => bias / unit(c)) };
}

/** A kernel's weights with the input channel and the output channel of each; without `inputs` they are the same. */
function forEachWeight(
  { length, channels, inputs }: { length: number; channels: number; inputs: number | undefined },
  visit: (i: number, input: number, output: number) => void,
): void {
  for (let row = 0; row * channels < length; row++) {
    for (let c = 0; c < channels; c++) visit(row * channels + c, inputs === undefined ? c : row % inputs, c);
  }
}

function quantizeWeights(
  operation: Convolution,
  real: RealWeights,
  {
    ranges,
    means,
    inputUnits,
  }: { ranges: ReadonlyMap<number, Range>; means: Float64Array | undefined; inputUnits: Float64Array | undefined },
): QuantizedWeights {
  const { channels } = operation.to;
  const inputs = operation.groups === 1 ? operation.from.channels : undefined;
  const all = { length: real.kernel.length, channels, inputs };
  const scales = new Float32Array(channels);
  forEachWeight(all, (i, _, c) => {
    scales[c] = Math.max(scales[c] ?? 0, Math.abs(real.kernel[i] ?? 0) / WEIGHT_LIMIT);
  });
  const inputSpan = spanOf(ranges.get(operation.input));
  const outputSpan = spanOf(ranges.get(operation.output));
  for (const [c, weightScale] of scales.entries()) {
    // A channel of zeros is all bias: its unit must not be so small that the bias does not fit.
    const least = (LEVELS * (Math.abs(real.bias[c] ?? 0) + outputSpan)) / inputSpan / 2 ** 28;
    scales[c] = Math.max(weightScale, least, 2 ** -60);
  }
  const kernel = new Int8Array(real.kernel.length);
  forEachWeight(all, (i, _, c) => {
    const steps = Math.round((real.kernel[i] ?? 0) / (scales[c] ?? 1));
    kernel[i] = Math.max(-WEIGHT_LIMIT, Math.min(WEIGHT_LIMIT, steps));
  });
  const bias = Float64Array.from(real.bias);
  if (means !== undefined) {
    forEachWeight(all, (i, k, c) => {
      const error = (real.kernel[i] ?? 0) - (kernel[i] ?? 0) * (scales[c] ?? 0);
      bias[c] = (bias[c] ?? 0) + (error * (means[k] ?? 0)) / (inputUnits?.[k] ?? 1);
    });
  }
  return { kernel, scales, bias: Float32Array.from(bias) };
}

/** Makes an output's range wide enough that all that its sums can be fits 32 bits; it is, but for values of hardly anything but 0. */
function widen(ranges: Map<number, Range>, operation: Convolution, weights: QuantizedWeights): void {
  const { input, output, residual } = operation;
  const range = ranges.get(output);
  if (range === undefined) return;
  const { kernel, scales, bias } = weights;
  const reach = Float64Array.from(bias, Math.abs);
  const inputSpan = spanOf(ranges.get(input));
  for (const [i, weight] of kernel.entries()) {
    const c = i % reach.length;
    reach[c]! += Math.abs(weight) * (scales[c] ?? 0) * inputSpan;
  }
  const added = residual === undefined ? 0 : spanOf(ranges.get(residual));
  const least = ((reach.reduce((a, b) => Math.max(a, b), 0) + added) * LEVELS) / 2 ** 29;
  if (spanOf(range) < least) ranges.set(output, { low: range.low, high: range.low + least });
}

function spanOf(range: Range | undefined): number {
  if (range === undefined) return 1;
  return Math.max(range.high, 0) - Math.min(range.low, 0) || 255;
}

/** The constants of a convolution or a mean between quantized values: the number that a sum starts from, and the factor that brings it to the output's scale. */
import { MobileNetV2Error } from "../core/errors.ts";
import type { QuantizedWeights } from "./network.ts";
import { LEVELS, type Quantization, WEIGHT_LIMIT } from "./scheme.ts";

/** Sums beyond this would not fit 32 bits together with what they start from. */
const MOST_SUM = 2 ** 30;

/** The most products that a sum may have. */
export const MOST_PRODUCTS = Math.floor(MOST_SUM / (WEIGHT_LIMIT * LEVELS));

export interface Requantization {
  readonly starts: Int32Array;
  readonly factors: Float32Array;
  readonly residualFactor: number;
}

interface Ends {
  readonly input: Quantization;
  /** Undefined if the result is float32. */
  readonly output: Quantization | undefined;
  readonly residual: Quantization | undefined;
}

/** The constants of each output channel. @throws FormatError if numbers are out of proportion. */
export function requantization(
  { kernel, scales, bias }: QuantizedWeights,
  { input, output, residual }: Ends,
): Requantization {
  const channels = scales.length;
  const starts = new Int32Array(channels);
  const factors = new Float32Array(channels);
  const outputScale = output?.scale ?? 1;
  const residualFactor = Math.fround((residual?.scale ?? 0) / outputScale);
  const offset = offsetOf(output) - (residual?.zeroPoint ?? 0) * residualFactor;
  const sums = new Int32Array(channels);
  const magnitudes = new Int32Array(channels);
  for (let first = 0; first < kernel.length; first += channels) {
    for (let c = 0; c < channels; c++) {
      const weight = kernel[first + c] ?? 0;
      sums[c] = (sums[c] ?? 0) + weight;
      magnitudes[c] = (magnitudes[c] ?? 0) + Math.abs(weight);
    }
  }
  for (const [c, scale] of scales.entries()) {
    const unit = input.scale * scale;
    const factor = Math.fround(unit / outputScale);
    const start = Math.round((bias[c] ?? 0) / unit + offset / factor - input.zeroPoint * (sums[c] ?? 0));
    starts[c] = Math.max(-MOST_SUM, Math.min(MOST_SUM, start));
    const most = Math.abs(starts[c]) + LEVELS * (magnitudes[c] ?? 0);
    checkReach(factor, most * factor + LEVELS * residualFactor, output !== undefined);
    factors[c] = factor;
  }
  return { starts, factors, residualFactor };
}

/** The constants of the mean of `count` integers. */
export function meanRequantization(
  count: number,
  input: Quantization,
  output: Quantization | undefined,
): { readonly start: number; readonly factor: number } {
  const factor = Math.fround(input.scale / ((output?.scale ?? 1) * count));
  const start = Math.round(offsetOf(output) / factor - input.zeroPoint * count);
  const most = Math.abs(start) + LEVELS * count;
  checkReach(factor, most < 2 ** 31 ? most * factor : Infinity, output !== undefined);
  return { start, factor };
}

/** What is added to a result: the zero point, and the half that makes truncation rounding. */
function offsetOf(output: Quantization | undefined): number {
  return output === undefined ? 0 : output.zeroPoint + 0.5;
}

/** Results must fit 32 bits before they are bounded, or machines would differ. */
function checkReach(factor: number, reach: number, bounded: boolean): void {
  if (!(factor >= 2 ** -100 && reach < (bounded ? 2 ** 31 : 2 ** 100))) {
    throw new MobileNetV2Error(
      "FormatError",
      `A quantized layer's scales are out of proportion: a unit of its sums is ${factor} units of its output.`,
    );
  }
}

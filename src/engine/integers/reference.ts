/** The integer operations as plain loops: their definition, and the oracle that the kernels agree with to the last bit. */
import { LEVELS } from "../../quantization/scheme.ts";
import type { Picture } from "../../lowering/picture.ts";
import type { Window } from "../../lowering/windows.ts";
import type { Dequantize, IntegerMean, IntegerOperation, IntegerPad, IntegerSums, Quantize } from "./operations.ts";

/** A value of the reference: integers from 0 to 255, or real numbers. */
export type ReferenceValue = Float32Array | Uint8Array;

const { fround } = Math;

/** The result of one operation; `values` gives what earlier ones made. */
export function compute(
  operation: IntegerOperation | IntegerSums,
  values: (value: number) => ReferenceValue,
): ReferenceValue {
  const input = values(operation.input);
  switch (operation.kind) {
    case "quantize":
      return quantize(operation, input);
    case "dequantize":
      return dequantize(operation, input);
    case "integer pad":
      return surround(operation, input);
    case "integer convolution": {
      const { residual } = operation;
      return convolve(operation, input, residual && values(residual.value));
    }
    default:
      return mean(operation, input);
  }
}

function quantize({ factor, offset, padded }: Quantize, input: ReferenceValue): Uint8Array {
  const integers = Uint8Array.from(input, (x) => {
    const y = fround(fround(x * factor) + offset);
    return y > 0 ? Math.trunc(Math.min(y, LEVELS)) : 0;
  });
  return padded === undefined ? integers : surround(padded, integers);
}

function dequantize({ scale, offset }: Dequantize, input: ReferenceValue): Float32Array {
  return Float32Array.from(input, (q) => fround(q * fround(scale)) + offset);
}

function surround(
  { from, pads, padding }: Pick<IntegerPad, "from" | "pads" | "padding">,
  input: ReferenceValue,
): Uint8Array {
  const [[top, bottom], [left, right]] = pads;
  const { rows, cols, channels } = from;
  const stride = (left + cols + right) * channels;
  const output = new Uint8Array((top + rows + bottom) * stride).fill(padding);
  for (let y = 0; y < rows; y++) {
    output.set(input.subarray(y * cols * channels, (y + 1) * cols * channels), (top + y) * stride + left * channels);
  }
  return output;
}

function convolve(operation: IntegerSums, input: ReferenceValue, residual: ReferenceValue | undefined): ReferenceValue {
  const { from, to, window, kernel, starts, factors, padding } = operation;
  const depthwise = operation.by === "depthwise";
  const { channels: outputs } = to;
  const perOutput = depthwise ? 1 : from.channels;
  const residualFactor = fround(operation.residual?.factor ?? 0);
  const results = resultsOf(to.rows * to.cols * outputs, operation.results);
  const sums = new Int32Array(outputs);
  for (let y = 0; y < to.rows; y++) {
    for (let x = 0; x < to.cols; x++) {
      sums.set(starts);
      forTaps(window, from, y, x, (tap, pixel) => {
        for (let k = 0; k < from.channels; k++) {
          const value = pixel < 0 ? padding : (input[pixel * from.channels + k] ?? 0);
          const first = depthwise ? k : 0;
          const row = (tap * perOutput + (depthwise ? 0 : k)) * outputs;
          for (let c = first; c < (depthwise ? k + 1 : outputs); c++) {
            sums[c] = (sums[c] ?? 0) + value * (kernel[row + c] ?? 0);
          }
        }
      });
      const place = (y * to.cols + x) * outputs;
      for (const [c, sum] of sums.entries()) {
        let result = fround(fround(sum) * (factors[c] ?? 0));
        if (residual !== undefined) result = fround(result + fround((residual[place + c] ?? 0) * residualFactor));
        results[place + c] = results instanceof Uint8Array ? bounded(result) : result;
      }
    }
  }
  return results;
}

/** Visits each tap of the window on an output pixel with the input pixel under it, −1 if that lies outside. */
function forTaps(
  window: Window,
  from: Picture,
  y: number,
  x: number,
  each: (tap: number, pixel: number) => void,
): void {
  const { rows, cols, strides, dilation, pads } = window;
  for (let r = 0; r < rows; r++) {
    for (let c = 0; c < cols; c++) {
      const row = y * strides[0] + r * dilation[0] - pads[0][0];
      const col = x * strides[1] + c * dilation[1] - pads[1][0];
      const inside = row >= 0 && row < from.rows && col >= 0 && col < from.cols;
      each(r * cols + c, inside ? row * from.cols + col : -1);
    }
  }
}

function mean({ from, start, factor, results: kind }: IntegerMean, input: ReferenceValue): ReferenceValue {
  const results = resultsOf(from.channels, kind);
  for (let c = 0; c < from.channels; c++) {
    let sum = start;
    for (let i = c; i < input.length; i += from.channels) sum += input[i] ?? 0;
    const result = fround(fround(sum) * factor);
    results[c] = results instanceof Uint8Array ? bounded(result) : result;
  }
  return results;
}

function resultsOf(size: number, kind: "integers" | "f32"): ReferenceValue {
  return kind === "f32" ? new Float32Array(size) : new Uint8Array(size);
}

function bounded(result: number): number {
  return Math.max(0, Math.min(LEVELS, Math.trunc(result)));
}

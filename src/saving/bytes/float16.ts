/** Float32 as float16 (IEEE 754 binary16), rounded to the nearest, ties to even. */
import { valueError } from "../../core/errors.ts";

/** The largest number of the type. */
const LARGEST = 65504;
/** From here on numbers round to infinity. */
const OVERFLOW = 65520;
/** The least number with all 10 bits of its fraction, and the distance of those below it. */
const LEAST_NORMAL = 2 ** -14;
const LEAST = 2 ** -24;

/** The bits of each value. @throws ValueError naming the weight if a finite value is beyond the type. */
export function float16Of(name: string, values: Float32Array): Uint16Array<ArrayBuffer> {
  const result = new Uint16Array(values.length);
  for (const [i, value] of values.entries()) {
    if (Math.abs(value) >= OVERFLOW && Number.isFinite(value)) {
      throw valueError(
        `Weight '${name}' has the value ${value}, but float16 ends at ${LARGEST}. Save the model with float32 weights.`,
      );
    }
    result[i] = bitsOf(value);
  }
  return result;
}

const scratch = new DataView(new ArrayBuffer(4));

function bitsOf(value: number): number {
  if (Number.isNaN(value)) return 0x7e00;
  scratch.setFloat32(0, value);
  const bits = scratch.getUint32(0);
  const sign = (bits >>> 16) & 0x8000;
  const size = Math.abs(value);
  if (size === Infinity) return sign | 0x7c00;
  if (size < LEAST_NORMAL) return sign | roundHalfEven(size / LEAST);
  // The exponents' biases are 127 and 15; what the fraction rounds up to may carry into the exponent, which is right.
  return sign | roundHalfEven(((bits & 0x7fffffff) - ((127 - 15) << 23)) / 2 ** 13);
}

function roundHalfEven(x: number): number {
  const below = Math.floor(x);
  const rest = x - below;
  return rest > 0.5 || (rest === 0.5 && below % 2 === 1) ? below + 1 : below;
}

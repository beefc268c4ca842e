/** The inputs of each output position of `tf.image.resize` along an axis, for all methods but `bilinear` and `nearest`. */

/** Methods whose outputs are sums of weighted inputs, without antialiasing, as Keras's data sets use them. */
export type WeightedMethod = "bicubic" | "area" | "lanczos3" | "lanczos5" | "gaussian" | "mitchellcubic";

/** For every output position: the first source position, the number of source positions, and their weights. */
export interface Taps {
  readonly firsts: Int32Array;
  readonly counts: Int32Array;
  readonly weights: Float32Array;
  /** The distance in `weights` between the first weights of neighbouring output positions. */
  readonly stride: number;
}

interface Kernel {
  readonly radius: number;
  readonly weight: (distance: number) => number;
}

function lanczos(radius: number): Kernel {
  return {
    radius,
    weight: (x) =>
      x <= 1e-3 ? 1 : (radius * Math.sin(Math.PI * x) * Math.sin((Math.PI * x) / radius)) / (Math.PI * x) ** 2,
  };
}

const GAUSSIAN_RADIUS = 1.5;
const GAUSSIAN_SIGMA = GAUSSIAN_RADIUS / 3;

/** The kernels of TensorFlow's sampling_kernels.h (tensorflow/core/kernels/image). */
const kernels: Readonly<Record<Exclude<WeightedMethod, "area" | "bicubic">, Kernel>> = {
  lanczos3: lanczos(3),
  lanczos5: lanczos(5),
  gaussian: { radius: GAUSSIAN_RADIUS, weight: (x) => Math.exp(-(x * x) / (2 * GAUSSIAN_SIGMA ** 2)) },
  mitchellcubic: {
    radius: 2,
    weight: (x) => (x >= 1 ? ((-7 / 18) * x + 2) * x * x - (10 / 3) * x + 16 / 9 : ((7 / 6) * x - 2) * x * x + 8 / 9),
  },
};

/** The taps along an axis of length `inSize` that begins at `start`. */
export function tapsAlong(inSize: number, outSize: number, start: number, method: WeightedMethod): Taps {
  if (method === "area") return areaTaps(inSize, outSize, start);
  if (method === "bicubic") return bicubicTaps(inSize, outSize, start);
  return kernelTaps(inSize, outSize, start, kernels[method]);
}

/** TensorFlow's ScaleAndTranslate: a kernel around the centre, with weights that add up to 1. */
function kernelTaps(inSize: number, outSize: number, start: number, { radius, weight }: Kernel): Taps {
  const taps = emptyTaps(outSize, Math.min(2 * Math.ceil(radius) + 1, inSize));
  for (let out = 0; out < outSize; out++) {
    const center = ((out + 0.5) * inSize) / outSize;
    const first = within(Math.ceil(center - radius - 0.5), inSize);
    const last = within(Math.floor(center + radius - 0.5), inSize);
    const exact = Float64Array.from({ length: last - first + 1 }, (_, tap) => {
      const distance = Math.abs(first + tap + 0.5 - center);
      return distance >= radius ? 0 : weight(distance);
    });
    setShares(taps, out, start + first, exact);
  }
  return taps;
}

/** TensorFlow's ResizeBicubic with half-pixel centres looks up its weights in a table with this many steps. */
const BICUBIC_STEPS = 1024;

/** Keys's cubic with a = -0.5. Positions outside have no weight; the weights of the others are made to add up to 1. */
function bicubicTaps(inSize: number, outSize: number, start: number): Taps {
  const taps = emptyTaps(outSize, 4);
  const scale = Math.fround(inSize / outSize);
  const cubic = (x: number): number => (x <= 1 ? (1.5 * x - 2.5) * x * x + 1 : ((-0.5 * x + 2.5) * x - 4) * x + 2);
  for (let out = 0; out < outSize; out++) {
    const at = Math.fround(Math.fround((out + 0.5) * scale) - 0.5);
    const floor = Math.floor(at);
    const fraction = roundedHalfEven((at - floor) * BICUBIC_STEPS) / BICUBIC_STEPS;
    const exact = [1 + fraction, fraction, 1 - fraction, 2 - fraction].map((distance, tap) => {
      const place = floor - 1 + tap;
      return place < 0 || place >= inSize ? 0 : Math.fround(cubic(distance));
    });
    const first = Math.max(0, floor - 1);
    setShares(taps, out, start + first, exact.slice(first - (floor - 1)).slice(0, inSize - first));
  }
  return taps;
}

/** TensorFlow's ResizeArea: the average of what the output pixel covers. */
function areaTaps(inSize: number, outSize: number, start: number): Taps {
  const scale = Math.fround(inSize / outSize);
  const taps = emptyTaps(outSize, Math.ceil(scale) + 2);
  for (let out = 0; out < outSize; out++) {
    const [from, to] = [Math.fround(out * scale), Math.fround((out + 1) * scale)];
    const first = Math.floor(from);
    const end = Math.min(Math.ceil(to), inSize);
    const covered = Array.from(
      { length: end - first },
      (_, tap) => (Math.min(first + tap + 1, to) - Math.max(first + tap, from)) / scale,
    );
    set(taps, out, start + first, covered);
  }
  return taps;
}

function emptyTaps(outSize: number, stride: number): Taps {
  return {
    firsts: new Int32Array(outSize),
    counts: new Int32Array(outSize),
    weights: new Float32Array(outSize * stride),
    stride,
  };
}

function set(taps: Taps, out: number, first: number, weights: ArrayLike<number>): void {
  taps.firsts[out] = first;
  taps.counts[out] = weights.length;
  taps.weights.set(weights, out * taps.stride);
}

/** Stores weights after dividing them by their sum. */
function setShares(taps: Taps, out: number, first: number, weights: Float64Array | readonly number[]): void {
  let sum = 0;
  for (const weight of weights) sum += weight;
  set(
    taps,
    out,
    first,
    weights.map((weight) => weight / sum),
  );
}

function within(position: number, size: number): number {
  return Math.min(Math.max(position, 0), size - 1);
}

/** Rounds to the nearest whole number, and halves to the even one, like C's lrintf. */
function roundedHalfEven(value: number): number {
  const floor = Math.floor(value);
  const rest = value - floor;
  return rest > 0.5 || (rest === 0.5 && floor % 2 === 1) ? floor + 1 : floor;
}

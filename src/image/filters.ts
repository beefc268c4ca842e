/** The resampling filters of PIL (Pillow's `libImaging/Resample.c`): the weight at each distance, and how far the filter reaches. */

/** A resampling filter. */
export interface Filter {
  /** The weight at a distance, in source pixels (in output pixels if the picture is made smaller). */
  readonly weight: (distance: number) => number;
  /** The distance beyond which the weight is zero. */
  readonly support: number;
}

// PIL stores these two as C floats, and the difference shows in the last bit.
const HAMMING_OFFSET = Math.fround(0.54);
const HAMMING_SWING = Math.fround(0.46);

function sinc(x: number): number {
  if (x === 0) return 1;
  return Math.sin(x * Math.PI) / (x * Math.PI);
}

const BICUBIC_A = -0.5;

/** The filters by their names in Keras. */
export const filters = {
  bilinear: {
    support: 1,
    weight: (distance: number) => Math.max(0, 1 - Math.abs(distance)),
  },
  bicubic: {
    support: 2,
    weight: (distance: number) => {
      const x = Math.abs(distance);
      if (x < 1) return ((BICUBIC_A + 2) * x - (BICUBIC_A + 3)) * x * x + 1;
      return x < 2 ? (((x - 5) * x + 8) * x - 4) * BICUBIC_A : 0;
    },
  },
  hamming: {
    support: 1,
    weight: (distance: number) => {
      const x = Math.abs(distance);
      if (x === 0) return 1;
      return x < 1 ? sinc(x) * (HAMMING_OFFSET + HAMMING_SWING * Math.cos(x * Math.PI)) : 0;
    },
  },
  box: {
    support: 0.5,
    weight: (distance: number) => (distance > -0.5 && distance <= 0.5 ? 1 : 0),
  },
  lanczos: {
    support: 3,
    weight: (distance: number) => (distance >= -3 && distance < 3 ? sinc(distance) * sinc(distance / 3) : 0),
  },
} as const satisfies Record<string, Filter>;

/** The methods of resizing by PIL's arithmetic: Keras's `interpolation` of `load_img`. */
export type Interpolation = "nearest" | keyof typeof filters;

/** The methods in the order in which Keras lists them. */
export const interpolations: readonly Interpolation[] = ["nearest", "bilinear", "bicubic", "hamming", "box", "lanczos"];

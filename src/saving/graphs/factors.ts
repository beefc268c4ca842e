/** What values are scaled by and what is added to them: one number for all, or one a channel. */
import type { Dims } from "../../core/shape.ts";
import type { StoredTensor } from "../stored-tensor.ts";

/** One number, or one a channel. */
export type Factor = StoredTensor | number;

export function areNumbers(...factors: readonly Factor[]): boolean {
  return factors.every((factor) => typeof factor === "number");
}

/** The tensor of `operation` applied to the values of two tensors; they are made when it is read. */
export function merged(a: StoredTensor, b: StoredTensor, operation: (a: number, b: number) => number): StoredTensor {
  const read = (): Float32Array => {
    const other = b.read();
    return a.read().map((value, i) => operation(value, other[i] ?? NaN));
  };
  return { ...a, read };
}

export function listOf(factor: Factor): Dims {
  return typeof factor === "number" ? [factor] : [...factor.read()];
}

export function numbersOf(value: unknown): Dims {
  const list: readonly unknown[] = Array.isArray(value) ? value : [value];
  return list.map((item) => (typeof item === "number" ? item : NaN));
}

export function oneOrAll(list: Dims): number | Dims {
  const [first = NaN] = list;
  return list.every((item) => item === first) ? first : list;
}

export function combined(a: Dims, b: Dims, operation: (a: number, b: number) => number): Dims {
  const length = Math.max(a.length, b.length);
  return Array.from({ length }, (_, i) =>
    operation(a[a.length === 1 ? 0 : i] ?? NaN, b[b.length === 1 ? 0 : i] ?? NaN),
  );
}

export function vectorOf(factor: Factor, length: number, hint: string): StoredTensor {
  if (typeof factor !== "number") return factor;
  return { name: hint, shape: [length], dtype: "float32", read: () => new Float32Array(length).fill(factor) };
}

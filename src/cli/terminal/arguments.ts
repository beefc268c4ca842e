/** Options that several commands share, and how their values are read. */
import { type Command, InvalidArgumentError, Option } from "commander";

/** What the command line is called. */
export const NAME = "mobilenet-v2";

export const ALPHA = "the width multiplier: 0.35, 0.5, 0.75, 1, 1.3 or 1.4 have ImageNet weights";
export const SIZE = "rows and columns of the input: 96, 128, 160, 192 or 224 have ImageNet weights";
export const SIZE_OF_CHECKPOINT = "where the file leaves it open: rows and columns of the input (default: 224)";

export const INTERPOLATIONS = ["nearest", "bilinear", "bicubic", "lanczos", "box", "hamming"] as const;

export function addModelOptions(command: Command, alpha = ALPHA, size = SIZE): Command {
  return command.option("--alpha <n>", alpha, positiveNumber).option("--size <n>", size, wholeNumber);
}

export function interpolationOption(said: string): Option {
  return new Option("--interpolation <how>", said).choices(INTERPOLATIONS);
}

export function positiveNumber(text: string): number {
  const value = /^\+?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text) ? Number(text) : Number.NaN;
  if (!(value > 0 && value < Infinity)) throw new InvalidArgumentError("It must be a number above 0.");
  return value;
}

export function wholeNumber(text: string): number {
  const value = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  if (!(value >= 1 && value <= Number.MAX_SAFE_INTEGER)) {
    throw new InvalidArgumentError("It must be a whole number of 1 or more.");
  }
  return value;
}

/** Options that several commands share, and how their values are read. */
import { type Command, InvalidArgumentError, Option } from "commander";
import { PIXELS_NAMES, type Pixels } from "../../tasks/pixels.ts";

/** What the command line is called. */
export const NAME = "mobilenet-v2";

export const ALPHA = "the width multiplier: 0.35, 0.5, 0.75, 1, 1.3 or 1.4 have ImageNet weights";
export const SIZE = "rows and columns of the input: 96, 128, 160, 192 or 224 have ImageNet weights";
export const SIZE_OF_CHECKPOINT = "where the file leaves it open: rows and columns of the input (default: 224)";

export const INTERPOLATIONS = ["nearest", "bilinear", "bicubic", "lanczos", "box", "hamming"] as const;

export function addModelOptions(command: Command, alpha = ALPHA, size = SIZE): Command {
  return command.option("--alpha <n>", alpha, positiveNumber).option("--size <n>", size, wholeNumber);
}

export function pixelsOption(): Option {
  return new Option(
    "--pixels <how>",
    "how the model's pixels are scaled: -1..1, 0..1, 0..255, torch (ImageNet's mean and deviation), or scale,offset (default: as the file says, else -1..1)",
  ).argParser(pixelsArgument);
}

/** A scaling's name, or two numbers with a comma between. */
function pixelsArgument(text: string): Pixels {
  const named = PIXELS_NAMES.find((name) => name === text);
  if (named !== undefined) return named;
  const parts = text.split(",").map((part) => (part.trim() === "" ? Number.NaN : Number(part)));
  const [scale = Number.NaN, offset = Number.NaN] = parts;
  // Pixels are scaled in float32, where the smallest numbers are 0 and the largest infinite.
  if (parts.length !== 2 || !parts.every((part) => Number.isFinite(Math.fround(part))) || Math.fround(scale) === 0) {
    throw new InvalidArgumentError(
      `It must be ${PIXELS_NAMES.join(", ")}, or two numbers, the scale (not 0) and the offset, as 0.00392157,0.`,
    );
  }
  return { scale, offset };
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

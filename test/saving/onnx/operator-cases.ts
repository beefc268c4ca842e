/** Opens graphs that test/peers/onnx_operators.py made, and says of each whether we answer as onnxruntime did, refuse it, or are wrong. */
import { preprocessInput } from "../../../src/applications/imagenet-utils.ts";
import { MobileNetV2Error, messageOf } from "../../../src/core/errors.ts";
import { Tensor } from "../../../src/core/tensor.ts";
import { loadAnyModel } from "../../../src/models/files/load-model.ts";
import { transposedValues } from "../../../src/saving/derived-tensor.ts";

/** A tensor of a case. */
export interface Described {
  readonly shape: readonly number[];
  readonly dtype: string;
  readonly data: ArrayLike<number | string>;
}

export interface Verdict {
  readonly verdict: "right" | "refused" | "wrong";
  readonly why: string;
}

/** Channels first in our order. */
const TO_LAST = [0, 2, 3, 1];

/** Integer inputs are pixels, or pixels − 128, which are scaled as the model says. */
export async function judge(bytes: Uint8Array, input: Described, output: Described): Promise<Verdict> {
  const verdict = (kind: Verdict["verdict"], why: string): Verdict => ({ verdict: kind, why });
  try {
    using model = await loadAnyModel(bytes);
    const [given] = orders(input, model.input.shape);
    if (given === undefined) return verdict("wrong", `takes ${model.input.shape.join()} for ${input.shape.join()}`);
    const isPixels = input.dtype === "uint8" || input.dtype === "int8";
    const pixels = input.dtype === "int8" ? shifted(given, 128) : given;
    const x =
      isPixels && model.preprocessing !== undefined
        ? preprocessInput(pixels, { preprocessing: model.preprocessing })
        : given;
    const [ours] = [await model.predict(x)].flat();
    if (ours === undefined) return verdict("wrong", "has no output");
    const candidates = orders(output, ours.shape);
    if (candidates.length === 0) return verdict("wrong", `makes ${ours.shape.join()} for ${output.shape.join()}`);
    const [best = Infinity] = candidates.map((theirs) => relativeDifference(ours, theirs)).toSorted((a, b) => a - b);
    return best <= 1e-5 ? verdict("right", "") : verdict("wrong", `is ${best} of the largest value away`);
  } catch (error) {
    const code = error instanceof MobileNetV2Error ? error.code : "a bug";
    const says = messageOf(error).replace(/\. Read are: .*/, "");
    const names =
      /^The ONNX graph(?:'s \w+ '| is not a MobileNetV2 that is read here: '.*' is a | has operators of version )/s.test(
        says,
      );
    return verdict(code === "UnsupportedError" && names ? "refused" : "wrong", `${code}: ${says}`);
  }
}

/** The largest difference, of the largest value or of 1. */
function relativeDifference(ours: Tensor, theirs: Tensor): number {
  let [largest, difference] = [1, 0];
  for (const [i, value] of theirs.data.entries()) {
    const other = ours.data[i] ?? NaN;
    if (Object.is(value, other) || value === other) continue;
    largest = Math.max(largest, Math.abs(value));
    difference = Math.max(difference, Number.isFinite(value - other) ? Math.abs(value - other) : Infinity);
  }
  return difference / largest;
}

/** The values as they are, and with their channels last, where that has the shape that is asked for. */
function orders({ shape, data }: Described, target: readonly (number | null)[]): readonly Tensor<Float32Array>[] {
  const values = Float32Array.from(data, Number);
  const turned = TO_LAST.map((axis) => shape[axis] ?? 0);
  const found: Tensor<Float32Array>[] = [];
  const fits = (axes: readonly number[]): boolean =>
    axes.length === target.length && axes.every((axis, i) => target[i] === null || target[i] === axis);
  // A Squeeze takes the batch of a graph for one picture away; ours stays.
  const whole = fits([1, ...shape]) ? [1, ...shape] : shape;
  if (fits(whole)) found.push(new Tensor(whole, values));
  if (shape.length === 4 && fits(turned)) found.push(new Tensor(turned, transposedValues(values, shape, TO_LAST)));
  return found;
}

function shifted({ shape, data }: Tensor<Float32Array>, by: number): Tensor<Float32Array> {
  return new Tensor(
    shape,
    data.map((value) => value + by),
  );
}

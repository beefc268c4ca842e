/** Shapes with axes of length 1 put in or taken out, by operations on tensors as Keras's configs have them. The axis of the batch stays the first. */
import type { Shape } from "../../core/shape.ts";
import { type Json, member } from "../bytes/json.ts";

export function expanded(shape: Shape, [axis = 0, ...more]: readonly number[]): Shape | undefined {
  const at = axis < 0 ? axis + shape.length + 1 : axis;
  return at > 0 && at <= shape.length && more.length === 0 ? shape.toSpliced(at, 0, 1) : undefined;
}

export function squeezed(shape: Shape, axes: readonly number[]): Shape | undefined {
  const gone = new Set(axes.map((axis) => (axis < 0 ? axis + shape.length : axis)));
  const fit = [...gone].every((axis) => axis > 0 && shape[axis] === 1);
  return fit ? shape.filter((_, axis) => !gone.has(axis)) : undefined;
}

/** What `x[..., None]` gives, or any other key of new axes and whole ones; undefined for a key that takes a part. */
export function withNewAxes(shape: Shape, key: Json | undefined): Shape | undefined {
  if (!Array.isArray(key) || key[0] === null) return undefined;
  const ellipses = key.filter(isEllipsis).length;
  const whole = key.filter((item: Json) => item !== null && !isEllipsis(item));
  const rest = shape.length - whole.length;
  if (ellipses > 1 || rest < 0 || !whole.every(isWholeAxis)) return undefined;
  let next = 0;
  const taken = (count: number): Shape => shape.slice(next, (next += count));
  const axes = key.flatMap((item: Json): Shape => (item === null ? [1] : taken(isEllipsis(item) ? rest : 1)));
  return [...axes, ...shape.slice(next)];
}

function isEllipsis(item: Json): boolean {
  return member(item, "class_name") === "__ellipsis__";
}

/** `:` */
function isWholeAxis(item: Json): boolean {
  const slice = member(item, "class_name") === "__slice__" ? member(item, "config") : item;
  return slice instanceof Map && ["start", "stop", "step"].every((end) => (member(slice, end) ?? null) === null);
}

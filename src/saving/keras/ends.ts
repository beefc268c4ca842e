/** The inputs and outputs in a config of Keras's, as far as it says them: for files whose model is not read here. */
import { MobileNetV2Error } from "../../core/errors.ts";
import type { Shape } from "../../core/shape.ts";
import { layerFromConfig } from "../../layers/registry.ts";
import { type Json, member } from "../bytes/json.ts";
import type { ModelEnd, UnreadModel } from "../checkpoint.ts";
import { argumentsOf } from "./arguments.ts";

/** The most inputs and outputs that are listed. */
const MAX_ENDS = 100;
const MAX_DEPTH = 4;

/** Never throws: what makes no sense in the config is left out. */
export function modelEnds(holder: Json | undefined): Pick<UnreadModel, "inputs" | "outputs"> {
  const config = member(holder, "config");
  const items = listOf(Array.isArray(config) ? config : member(config, "layers"));
  const [first, last] = [items[0], items.at(-1)];
  if (member(config, "input_layers") === undefined) {
    const input = { name: nameOf(first), shape: inputShape(first) ?? shapeOf(member(config, "build_input_shape")) };
    return { inputs: first === undefined ? [] : [input], outputs: last === undefined ? [] : [output(last)] };
  }
  const byName = new Map(items.map((item) => [nameOf(item), item]));
  const ends = (key: string, end: (item: Json) => ModelEnd): readonly ModelEnd[] =>
    namesIn(member(config, key)).flatMap((name) => {
      const item = byName.get(name);
      return item === undefined ? [] : [end(item)];
    });
  return {
    inputs: ends("input_layers", (item) => ({ name: nameOf(item), shape: inputShape(item) })),
    outputs: ends("output_layers", output),
  };
}

function output(item: Json): ModelEnd {
  return { name: nameOf(item), shape: outputShape(item) };
}

/** The shape that Keras 3 built the layer for tells, with a layer that we have, the shape of what it gives. */
function outputShape(item: Json): Shape | undefined {
  const built = shapeOf(member(member(item, "build_config"), "input_shape"));
  const className = member(item, "class_name");
  if (built === undefined || typeof className !== "string") return undefined;
  try {
    const config = argumentsOf(className, member(item, "config"), className);
    return layerFromConfig(className, config).computeOutputShape([built]);
  } catch (error) {
    if (error instanceof MobileNetV2Error) return undefined;
    throw error;
  }
}

function inputShape(item: Json | undefined): Shape | undefined {
  const config = member(item, "config");
  return shapeOf(member(config, "batch_input_shape") ?? member(config, "batch_shape"));
}

/** The names in `["a", 0, 0]`, in a list of such, or in an object of them. */
function namesIn(value: Json | undefined, depth = 0): readonly string[] {
  const items = value instanceof Map ? [...value.values()] : listOf(value);
  const [first] = items;
  if (typeof first === "string") return [first];
  return depth > MAX_DEPTH ? [] : items.slice(0, MAX_ENDS).flatMap((item) => namesIn(item, depth + 1));
}

function nameOf(item: Json | undefined): string {
  const name = member(item, "name") ?? member(member(item, "config"), "name");
  return typeof name === "string" ? name : "";
}

/** A shape in a config; axes that are no lengths are taken for unknown ones. */
export function shapeOf(value: Json | undefined): Shape | undefined {
  return Array.isArray(value)
    ? value.map((axis: Json) => (typeof axis === "number" && Number.isSafeInteger(axis) && axis >= 0 ? axis : null))
    : undefined;
}

function listOf(value: Json | undefined): readonly Json[] {
  return Array.isArray(value) ? value : [];
}

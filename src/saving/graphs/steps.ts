/** A described model as flat steps, for writers of other frameworks' graphs: models within are inlined, and each step comes after its inputs. */
import type { Shape } from "../../core/shape.ts";
import { InputLayer } from "../../layers/core/input-layer.ts";
import type { Layer } from "../../layers/layer.ts";
import { layerFromConfig } from "../../layers/registry.ts";
import type { LayerDescription, ModelDescription, TensorReference } from "../checkpoint.ts";
import { formatError } from "../file-errors.ts";

/** A value of the graph, and the step that gives it. */
export interface StepValue {
  readonly shape: Shape;
  /** The name of its layer, after those of the models around: `base/Conv1`. */
  readonly path: string;
  /** The step that gives the value; undefined for the inputs of the whole model. */
  readonly step: DescribedStep | undefined;
}

/** Applies a layer, which has no weights yet, to values. */
export interface DescribedStep {
  readonly layer: Layer;
  readonly path: string;
  readonly inputs: readonly StepValue[];
}

export interface DescribedSteps {
  readonly inputs: readonly StepValue[];
  /** The values that steps give, each after those that it is made of. */
  readonly values: readonly StepValue[];
  readonly outputs: readonly StepValue[];
}

/** @throws FormatError if the graph goes in a circle or takes what nothing gives. */
export function stepsOf(model: ModelDescription): DescribedSteps {
  const values: StepValue[] = [];
  const inputs = model.inputs.map(({ layer }): StepValue => {
    const input = model.layers.find(({ name }) => name === layer);
    const made = layerFromConfig("InputLayer", { ...input?.config, name: layer });
    return { shape: made instanceof InputLayer ? made.batchShape : [], path: layer, step: undefined };
  });
  const outputs = inline(model, "", inputs, values);
  return { inputs, values, outputs };
}

function inline(
  model: ModelDescription,
  prefix: string,
  given: readonly StepValue[],
  values: StepValue[],
): StepValue[] {
  const known = new Map<string, readonly StepValue[]>();
  for (const [i, { layer, node }] of model.inputs.entries()) {
    const value = given[i];
    if (value !== undefined) known.set(keyOf(layer, node), [value]);
  }
  let waiting = model.layers.flatMap((layer) => layer.nodes.map((tensors, node) => ({ layer, tensors, node })));
  while (waiting.length > 0) {
    const later: typeof waiting = [];
    for (const application of waiting) {
      const { layer, tensors, node } = application;
      const inputs = tensors.flatMap((tensor) => find(known, tensor) ?? []);
      if (inputs.length < tensors.length) later.push(application);
      else known.set(keyOf(layer.name, node), apply(layer, prefix, inputs, values));
    }
    if (later.length === waiting.length) {
      throw formatError(
        `Model '${model.name}' has a layer that waits for what never comes: '${later[0]?.layer.name}'.`,
      );
    }
    waiting = later;
  }
  return model.outputs.map((tensor) => {
    const value = find(known, tensor);
    if (value === undefined)
      throw formatError(`Model '${model.name}' has an output that no layer gives: '${tensor.layer}'.`);
    return value;
  });
}

function apply(
  { className, config, model, name }: LayerDescription,
  prefix: string,
  inputs: readonly StepValue[],
  values: StepValue[],
): readonly StepValue[] {
  const path = prefix + name;
  if (model !== undefined) return inline(model, `${path}/`, inputs, values);
  const layer = layerFromConfig(className, { ...config, name });
  const step = { layer, path, inputs };
  const value = { shape: layer.computeOutputShape(inputs.map(({ shape }) => shape)), path, step };
  values.push(value);
  return [value];
}

function find(
  known: ReadonlyMap<string, readonly StepValue[]>,
  { layer, node, output }: TensorReference,
): StepValue | undefined {
  return known.get(keyOf(layer, node))?.[output];
}

function keyOf(layer: string, node: number): string {
  return `${node}/${layer}`;
}

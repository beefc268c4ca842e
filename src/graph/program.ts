/** A graph made flat for those who run it: nested models inlined, steps in an order that works. Pure data. */
import { MobileNetV2Error } from "../core/errors.ts";
import type { Shape } from "../core/shape.ts";
import type { KerasTensor, Layer } from "../layers/layer.ts";
import type { Graph } from "./graph.ts";
import { Network } from "./network.ts";

/** Applies a layer (never a model, never an InputLayer) to values; values are numbers from 0, each made once. */
export interface Step {
  readonly layer: Layer;
  readonly inputs: readonly number[];
  readonly output: number;
  /** False where the layer behaves as in inference also in training, as it was applied so or lies in a model that was. */
  readonly training?: boolean | undefined;
}

export interface Program {
  readonly steps: readonly Step[];
  /** The values that the caller gives, and those it gets. An output can be an input. */
  readonly inputs: readonly number[];
  readonly outputs: readonly number[];
  /** The symbolic shape of every value, batch first. */
  readonly shapes: readonly Shape[];
}

/** Flattens a graph. */
export function programOf(graph: Graph): Program {
  const steps: Step[] = [];
  const shapes: Shape[] = [];
  const newValue = (shape: Shape): number => shapes.push(shape) - 1;

  const inline = (part: Graph, inputs: readonly number[], around?: boolean): readonly number[] => {
    const values = new Map<KerasTensor, number>();
    for (const [i, input] of part.inputs.entries()) values.set(input, known(inputs[i]));
    for (const { layer, inputs: tensors, outputs, training = around } of part.nodes) {
      if (tensors.length === 0) continue;
      const given = tensors.map((tensor) => known(values.get(tensor)));
      if (layer instanceof Network) {
        const results = inline(layer.graph, given, training);
        for (const [i, output] of outputs.entries()) values.set(output, known(results[i]));
      } else {
        for (const output of outputs) {
          const value = newValue(output.shape);
          steps.push({ layer, inputs: given, output: value, training });
          values.set(output, value);
        }
      }
    }
    return part.outputs.map((output) => known(values.get(output)));
  };

  const inputs = graph.inputs.map((input) => newValue(input.shape));
  const outputs = inline(graph, inputs);
  return { steps, inputs, outputs, shapes };
}

function known(value: number | undefined): number {
  if (value === undefined)
    throw new MobileNetV2Error("StateError", "The graph uses a tensor that nothing in it makes.");
  return value;
}

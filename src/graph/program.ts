/** A graph flattened for those who run it: nested models inlined, steps in an order in which they can run. It is pure data. */
import { MobileNetV2Error } from "../core/errors.ts";
import type { Shape } from "../core/shape.ts";
import type { KerasTensor, Layer } from "../layers/layer.ts";
import type { Graph } from "./graph.ts";
import { Network } from "./network.ts";

/** The application of a layer (never of a model or an InputLayer) to values. Values are numbered from 0, and each is made once. */
export interface Step {
  readonly layer: Layer;
  readonly inputs: readonly number[];
  /** The number of the value that the step makes. */
  readonly output: number;
  /** False if the layer behaves as in inference even in training, because it was applied with `training: false` or lies in a model that was. */
  readonly training?: boolean | undefined;
}

/** A flat list of steps that computes outputs from inputs. */
export interface Program {
  /** The steps in an order in which they can run. */
  readonly steps: readonly Step[];
  /** The numbers of the values that the caller passes in. One of them may also be an output. */
  readonly inputs: readonly number[];
  /** The numbers of the values that the caller receives. */
  readonly outputs: readonly number[];
  /** The symbolic shape of every value, with the batch first. */
  readonly shapes: readonly Shape[];
}

/** Flattens a graph into a program. */
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

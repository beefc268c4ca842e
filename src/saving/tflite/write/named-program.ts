/** Programs with the names of their parts, as they are written; and a saved model as one: its description with the values of its weights. */
import type { Program, Step } from "../../../graph/program.ts";
import type { Layer } from "../../../layers/layer.ts";
import { valueError } from "../../../core/errors.ts";
import type { SavedModel } from "../../checkpoint.ts";
import { type StepValue, stepsOf } from "../../graphs/steps.ts";

/** A program with the names of its parts. */
export interface NamedProgram {
  /** The name of the model. */
  readonly name: string;
  readonly program: Program;
  readonly inputNames: readonly string[];
  /** The path of each layer: `base/Conv1`. */
  readonly paths: ReadonlyMap<Layer, string>;
}

/** A saved model as a program. @throws ValueError if a weight is missing. */
export function savedProgram({ model, weights }: SavedModel): NamedProgram {
  const { inputs, values, outputs } = stepsOf(model);
  const all = [...inputs, ...values];
  const numbers = new Map(all.map((value, number): [StepValue, number] => [value, number]));
  const numberOf = (value: StepValue): number => numbers.get(value) ?? -1;
  const paths = new Map<Layer, string>();
  const steps: Step[] = [];
  for (const value of values) {
    const { step } = value;
    if (step === undefined) continue;
    const { layer, path } = step;
    layer.build(step.inputs.map(({ shape }) => shape));
    for (const weight of layer.weights) {
      const tensor = weights.get(`${path}/${weight.name}`);
      if (tensor === undefined) throw valueError(`The model has no weight '${path}/${weight.name}'.`);
      weight.assign(tensor.data, tensor.shape);
    }
    paths.set(layer, path);
    steps.push({ layer, inputs: step.inputs.map(numberOf), output: numberOf(value) });
  }
  return {
    name: model.name,
    inputNames: inputs.map(({ path }) => path),
    paths,
    program: {
      steps,
      inputs: inputs.map(numberOf),
      outputs: outputs.map(numberOf),
      shapes: all.map(({ shape }) => shape),
    },
  };
}

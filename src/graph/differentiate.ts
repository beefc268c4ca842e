/**
 * Reverse-mode differentiation of a program with the layers' own scalar gradients: the reference for the engine's gradients, and the way to
 * train without WebAssembly SIMD. Gradients are float64 throughout; values are float32, as everywhere.
 */
import { MobileNetV2Error, valueError } from "../core/errors.ts";
import { sizeOf } from "../core/shape.ts";
import { Tensor } from "../core/tensor.ts";
import { activationGradient } from "../layers/activations/activation-gradients.ts";
import { activate } from "../layers/activations/activations.ts";
import { type TrainingPass, streamOf } from "../layers/gradients.ts";
import type { Weight } from "../layers/weight.ts";
import type {
  DifferentiationOptions,
  Differentiator,
  Evaluated,
  Gradients,
  LossGradient,
  RunOptions,
} from "./differentiator.ts";
import { checkInputs } from "./inputs.ts";
import type { Program, Step } from "./program.ts";

/**
 * Prepares a program to be differentiated by the layers' own gradients.
 * @throws ValueError if the gradient of an output is wanted that the program does not have.
 */
export function differentiate(program: Program, options: DifferentiationOptions): Differentiator {
  return new ScalarDifferentiator(program, options);
}

/** What the forward pass keeps for the backward pass. */
interface Tape {
  /** All values of the program, by their numbers. */
  readonly values: ReadonlyMap<number, Tensor<Float32Array>>;
  /** The output of each step before its activation, by the number of the value that the step makes. */
  readonly linear: ReadonlyMap<number, Tensor<Float32Array>>;
}

class ScalarDifferentiator implements Differentiator {
  readonly #program: Program;
  readonly #options: DifferentiationOptions;
  /** The values whose gradients are needed: those that depend on a wanted weight or a wanted output, and the wanted outputs themselves. */
  readonly #needed: ReadonlySet<number>;
  readonly #wantedValues: readonly number[];
  readonly #gradients: readonly Float32Array[];
  #turn: Promise<unknown> = Promise.resolve();
  #disposed = false;

  constructor(program: Program, options: DifferentiationOptions) {
    this.#program = program;
    this.#options = options;
    this.#wantedValues = (options.outputs ?? []).map((output) => {
      const value = program.outputs[output];
      if (value === undefined) {
        throw valueError(
          `The program has ${program.outputs.length} outputs. The gradient of output ${output} is wanted.`,
        );
      }
      return value;
    });
    this.#needed = neededValues(program, new Set(options.weights), this.#wantedValues);
    this.#gradients = options.weights.map((weight) => new Float32Array(weight.size));
  }

  async run(inputs: readonly Tensor[], lossGradient: LossGradient, options: RunOptions): Promise<Gradients> {
    const result = this.#turn.then(() => this.#run(inputs, lossGradient, options));
    this.#turn = result.catch(() => undefined);
    return result;
  }

  dispose(): void {
    this.#disposed = true;
  }

  #run(inputs: readonly Tensor[], lossGradient: LossGradient, { seed }: RunOptions): Gradients {
    if (this.#disposed) {
      throw new MobileNetV2Error("StateError", "The differentiator was disposed of. Make another one to run.");
    }
    checkInputs(this.#program, inputs);
    const tape = this.#forward(inputs, seed);
    const outputs = this.#program.outputs.map((value) => known(tape.values.get(value)));
    const logits = this.#logits(tape);
    const evaluated: Evaluated = { outputs, logits };
    const ofWeights = new Map(this.#options.weights.map((weight) => [weight, new Float64Array(weight.size)]));
    const ofValues = this.#backward(tape, this.#seeds(evaluated, lossGradient), ofWeights, seed);
    for (const [i, weight] of this.#options.weights.entries()) this.#gradients[i]?.set(known(ofWeights.get(weight)));
    const outputGradients = this.#wantedValues.map((value) => {
      const { shape } = known(tape.values.get(value));
      return new Tensor(shape, Float32Array.from(ofValues.get(value) ?? new Float64Array(sizeOf(shape))));
    });
    return { ...evaluated, weights: this.#gradients, outputGradients };
  }

  #forward(inputs: readonly Tensor[], seed: number): Tape {
    const values = new Map<number, Tensor<Float32Array>>();
    const linear = new Map<number, Tensor<Float32Array>>();
    for (const [i, value] of this.#program.inputs.entries()) values.set(value, known(inputs[i]).toFloat32());
    for (const [position, step] of this.#program.steps.entries()) {
      const { layer } = step;
      const given = step.inputs.map((value) => known(values.get(value)));
      const before = layer.forwardTraining(given, this.#pass(step, position, seed));
      linear.set(step.output, before);
      const { name, axis } = layer.outputActivation;
      values.set(step.output, activate(name, before, axis));
    }
    return { values, linear };
  }

  #pass({ training }: Step, position: number, seed: number): TrainingPass {
    return { training: this.#options.training && training !== false, stream: streamOf(seed, position) };
  }

  /** The logits of the outputs that are the softmax or sigmoid of something; undefined for other outputs. */
  #logits({ linear }: Tape): readonly (Tensor<Float32Array> | undefined)[] {
    return this.#program.outputs.map((value) => {
      const maker = this.#program.steps.find((step) => step.output === value);
      const name = maker?.layer.outputActivation.name;
      return name === "softmax" || name === "sigmoid" ? linear.get(value) : undefined;
    });
  }

  /** The start of the backward pass: the gradients of outputs, and of logits. */
  #seeds(evaluated: Evaluated, lossGradient: LossGradient): Seeds {
    const outputs = new Map<number, Float64Array>();
    const logits = new Map<number, Float64Array>();
    const gradients = lossGradient(evaluated);
    for (const [i, value] of this.#program.outputs.entries()) {
      const gradient = gradients[i];
      if (gradient === undefined) continue;
      const of = evaluated[gradient.of === "logits" ? "logits" : "outputs"][i];
      if (of === undefined) {
        throw valueError(`Output ${i} of the program is neither softmax nor sigmoid of something: it has no logits.`);
      }
      if (gradient.values.length !== of.size) {
        throw valueError(
          `The gradient of output ${i} has ${gradient.values.length} values, where the output has ${of.size}.`,
        );
      }
      add(gradient.of === "logits" ? logits : outputs, value, Float64Array.from(gradient.values));
    }
    return { outputs, logits };
  }

  /** Adds to the gradients of the weights; returns the gradients of the values. */
  #backward(
    { values, linear }: Tape,
    { outputs: ofValues, logits: ofLinear }: Seeds,
    ofWeights: ReadonlyMap<Weight, Float64Array>,
    seed: number,
  ): ReadonlyMap<number, Float64Array> {
    for (const [position, step] of [...this.#program.steps.entries()].toReversed()) {
      if (!this.#leadsBack(step)) continue;
      const { layer, output } = step;
      const ofOutput = ofValues.get(output);
      if (ofOutput !== undefined) {
        const { name, axis } = layer.outputActivation;
        add(ofLinear, output, activationGradient(name, known(linear.get(output)), ofOutput, axis));
      }
      const gradient = ofLinear.get(output);
      if (gradient === undefined) continue;
      const inputs = step.inputs.map((value) => known(values.get(value)));
      const found = layer.backward({ ...this.#pass(step, position, seed), inputs, gradient });
      for (const [i, value] of step.inputs.entries()) {
        if (this.#needed.has(value)) add(ofValues, value, known(found.inputs[i]));
      }
      for (const [name, part] of Object.entries(found.weights)) {
        const sums = ofWeights.get(layer.weight(name));
        if (sums !== undefined) addTo(sums, part);
      }
    }
    return ofValues;
  }

  #leadsBack(step: Step): boolean {
    return (
      step.inputs.some((value) => this.#needed.has(value)) ||
      step.layer.weights.some((weight) => this.#options.weights.includes(weight))
    );
  }
}

interface Seeds {
  readonly outputs: Map<number, Float64Array>;
  readonly logits: Map<number, Float64Array>;
}

function neededValues(program: Program, weights: ReadonlySet<Weight>, wanted: readonly number[]): ReadonlySet<number> {
  const needed = new Set(wanted);
  for (const { layer, inputs, output } of program.steps) {
    if (inputs.some((value) => needed.has(value)) || layer.weights.some((weight) => weights.has(weight))) {
      needed.add(output);
    }
  }
  return needed;
}

/** Adds to the gradient of a value. Arrays that are already in the map are not written to. */
function add(gradients: Map<number, Float64Array>, value: number, more: Float64Array): void {
  const sums = gradients.get(value);
  gradients.set(value, sums === undefined ? more : addTo(Float64Array.from(sums), more));
}

function addTo(sums: Float64Array, more: Float64Array): Float64Array {
  for (let i = 0; i < sums.length; i++) sums[i] = (sums[i] ?? NaN) + (more[i] ?? NaN);
  return sums;
}

function known<T>(value: T | undefined): T {
  if (value === undefined) throw new MobileNetV2Error("StateError", "The program uses a value before it is made.");
  return value;
}

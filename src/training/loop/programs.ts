/** A model as it is trained: the frozen part on an executor, the rest on a differentiator. */
import { disposeWhenMade } from "../../core/disposal.ts";
import type { Tensor } from "../../core/tensor.ts";
import { executorOf } from "../../engine/executor-of.ts";
import type { Differentiator, Evaluated, MakeDifferentiator } from "../../graph/differentiator.ts";
import type { Executor } from "../../graph/executor.ts";
import { leafLayers } from "../../graph/leaf-layers.ts";
import { type Program, programOf } from "../../graph/program.ts";
import { splitProgram } from "../../graph/split.ts";
import type { Weight } from "../../layers/weight.ts";
import { hasLogits, isFrozen } from "./frozen.ts";
import type { Predicted } from "../losses/loss.ts";
import type { TrainedModel } from "./model.ts";
import { Penalties } from "../losses/penalties.ts";

interface Parts {
  readonly weights: readonly Weight[];
  readonly penalties: Penalties;
  /** Undefined if no layer with weights is frozen from the inputs on. */
  readonly base: Executor | undefined;
  readonly tail: Program;
  /** Which layers are trainable. */
  readonly trains: string;
  readonly threads: number;
  readonly make: MakeDifferentiator;
}

export class TrainingPrograms {
  readonly #parts: Parts;
  #differentiator: Promise<Differentiator> | undefined;
  #evaluator: Evaluator | undefined;

  private constructor(parts: Parts) {
    this.#parts = parts;
  }

  /** For the layers of a model that are trainable now. */
  static async create(model: TrainedModel, make: MakeDifferentiator): Promise<TrainingPrograms> {
    const weights = model.trainableWeights;
    const trained = new Set(weights);
    const program = programOf(model.graph);
    const split = splitProgram(program, (step) => isFrozen(step, trained));
    const isWorthwhile = split.base.steps.some(({ layer }) => layer.weights.length > 0);
    const { threads } = model;
    return new TrainingPrograms({
      weights,
      penalties: new Penalties(new Set(program.steps.map(({ layer }) => layer)), weights),
      base: isWorthwhile ? await executorOf(split.base, { threads }) : undefined,
      tail: isWorthwhile ? split.tail : program,
      trains: trainsOf(model),
      threads,
      make,
    });
  }

  /** Those that are trained. */
  get weights(): readonly Weight[] {
    return this.#parts.weights;
  }

  get penalties(): Penalties {
    return this.#parts.penalties;
  }

  /** Whether they are still those of the model, whose layers may have been frozen or unfrozen. */
  fits(model: TrainedModel): boolean {
    const weights = model.trainableWeights;
    return (
      weights.length === this.weights.length &&
      weights.every((weight, i) => weight === this.weights[i]) &&
      trainsOf(model) === this.#parts.trains
    );
  }

  get hasFrozenPart(): boolean {
    return this.#parts.base !== undefined;
  }

  /** What the frozen part makes of inputs: the inputs themselves where there is no such part. */
  async features(inputs: readonly Tensor[]): Promise<readonly Tensor[]> {
    return this.#parts.base === undefined ? inputs : await this.#parts.base.run(inputs);
  }

  /** The part that learns, forwards and backwards from features. */
  differentiator(): Promise<Differentiator> {
    const { tail, weights, threads, make } = this.#parts;
    this.#differentiator ??= make(tail, { training: true, weights, threads });
    return this.#differentiator;
  }

  /** What the model says in inference, from features. */
  async predict(features: readonly Tensor[]): Promise<readonly Predicted[]> {
    const { tail, threads, make } = this.#parts;
    this.#evaluator ??= new Evaluator(tail, threads, make);
    return await this.#evaluator.run(features);
  }

  dispose(): void {
    this.#parts.base?.dispose();
    this.#evaluator?.dispose();
    disposeWhenMade(this.#differentiator);
  }
}

/** A program in inference, with the logits of its outputs: all but their last steps on an executor. */
class Evaluator {
  readonly #body: Program;
  readonly #head: Program;
  readonly #threads: number;
  readonly #make: MakeDifferentiator;
  #executor: Promise<Executor> | undefined;
  #differentiator: Promise<Differentiator> | undefined;

  constructor(program: Program, threads: number, make: MakeDifferentiator) {
    const ends = new Set(program.outputs.filter((output) => hasLogits(program, output)));
    const { base, tail } = splitProgram(program, (step) => !ends.has(step.output));
    this.#body = base;
    this.#head = tail;
    this.#threads = threads;
    this.#make = make;
  }

  async run(inputs: readonly Tensor[]): Promise<readonly Predicted[]> {
    let values = inputs;
    if (this.#body.steps.length > 0) {
      this.#executor ??= executorOf(this.#body, { threads: this.#threads });
      values = await (await this.#executor).run(inputs);
    }
    const outputs = values.map((value) => value.toFloat32());
    const { steps, inputs: passed, outputs: wanted } = this.#head;
    if (steps.length === 0) {
      return wanted.flatMap((value) => {
        const output = outputs[passed.indexOf(value)];
        return output === undefined ? [] : [{ output }];
      });
    }
    this.#differentiator ??= this.#make(this.#head, { training: false, weights: [], threads: this.#threads });
    const nothing = wanted.map(() => undefined);
    const evaluated = await (await this.#differentiator).run(outputs, () => nothing, { seed: 0 });
    return predictedOf(evaluated);
  }

  dispose(): void {
    disposeWhenMade(this.#executor);
    disposeWhenMade(this.#differentiator);
  }
}

/** What a differentiator says. */
export function predictedOf({ outputs, logits }: Evaluated): readonly Predicted[] {
  return outputs.map((output, i) => ({ output, logits: logits[i] }));
}

/** Which layers are trainable: BatchNormalization behaves by it. */
function trainsOf(model: TrainedModel): string {
  return leafLayers(model)
    .map(([, layer]) => (layer.trainable ? "1" : "0"))
    .join("");
}

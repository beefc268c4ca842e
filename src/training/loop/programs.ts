/** A model's programs for training: the frozen part runs on an executor, the rest on a differentiator. */
import { Lazy } from "../../core/lazy.ts";
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
  /** The executor of the frozen part; undefined if no layer with weights belongs to it. */
  readonly base: Executor | undefined;
  /** The program of the rest. */
  readonly tail: Program;
  /** One character for each layer, 1 if it is trainable. */
  readonly trains: string;
  readonly threads: number;
  readonly make: MakeDifferentiator;
}

/** The programs of a model whose layers are frozen or trainable as they were when it was made. */
export class TrainingPrograms {
  readonly #parts: Parts;
  readonly #differentiator = new Lazy<Differentiator>(() => {
    const { tail, weights, threads, make } = this.#parts;
    return make(tail, { training: true, weights, threads });
  });
  #evaluator: Evaluator | undefined;

  private constructor(parts: Parts) {
    this.#parts = parts;
  }

  /** Makes the programs for the layers that are trainable now. */
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

  /** The weights that are trained. */
  get weights(): readonly Weight[] {
    return this.#parts.weights;
  }

  /** The penalties of the trained weights. */
  get penalties(): Penalties {
    return this.#parts.penalties;
  }

  /** Whether the programs still fit the model, whose layers may have been frozen or unfrozen since. */
  fits(model: TrainedModel): boolean {
    const weights = model.trainableWeights;
    return (
      weights.length === this.weights.length &&
      weights.every((weight, i) => weight === this.weights[i]) &&
      trainsOf(model) === this.#parts.trains
    );
  }

  /** Whether there is a frozen part, so that features differ from inputs. */
  get hasFrozenPart(): boolean {
    return this.#parts.base !== undefined;
  }

  /** The features that the frozen part computes from inputs; the inputs themselves if there is no such part. */
  async features(inputs: readonly Tensor[]): Promise<readonly Tensor[]> {
    return this.#parts.base === undefined ? inputs : await this.#parts.base.run(inputs);
  }

  /** The differentiator of the trainable part, which takes features. */
  differentiator(): Promise<Differentiator> {
    return this.#differentiator.get();
  }

  /** The model's predictions in inference mode, from features. */
  async predict(features: readonly Tensor[]): Promise<readonly Predicted[]> {
    const { tail, threads, make } = this.#parts;
    this.#evaluator ??= new Evaluator(tail, threads, make);
    return await this.#evaluator.run(features);
  }

  dispose(): void {
    this.#parts.base?.dispose();
    this.#evaluator?.dispose();
    this.#differentiator.dispose();
  }
}

/** A program in inference mode that also gives the logits of its outputs; all but the outputs' last steps run on an executor. */
class Evaluator {
  readonly #body: Program;
  readonly #head: Program;
  readonly #executor: Lazy<Executor>;
  readonly #differentiator: Lazy<Differentiator>;

  constructor(program: Program, threads: number, make: MakeDifferentiator) {
    const ends = new Set(program.outputs.filter((output) => hasLogits(program, output)));
    const { base, tail } = splitProgram(program, (step) => !ends.has(step.output));
    this.#body = base;
    this.#head = tail;
    this.#executor = new Lazy(() => executorOf(base, { threads }));
    this.#differentiator = new Lazy(() => make(tail, { training: false, weights: [], threads }));
  }

  async run(inputs: readonly Tensor[]): Promise<readonly Predicted[]> {
    let values = inputs;
    if (this.#body.steps.length > 0) {
      const executor = await this.#executor.get();
      values = await executor.run(inputs);
    }
    const outputs = values.map((value) => value.toFloat32());
    const { steps, inputs: passed, outputs: wanted } = this.#head;
    if (steps.length === 0) {
      return wanted.flatMap((value) => {
        const output = outputs[passed.indexOf(value)];
        return output === undefined ? [] : [{ output }];
      });
    }
    const nothing = wanted.map(() => undefined);
    const differentiator = await this.#differentiator.get();
    const evaluated = await differentiator.run(outputs, () => nothing, { seed: 0 });
    return predictedOf(evaluated);
  }

  dispose(): void {
    this.#executor.dispose();
    this.#differentiator.dispose();
  }
}

/** The predictions of a differentiator's run. */
export function predictedOf({ outputs, logits }: Evaluated): readonly Predicted[] {
  return outputs.map((output, i) => ({ output, logits: logits[i] }));
}

/** Which layers are trainable, as text; BatchNormalization depends on it even without trainable weights. */
function trainsOf(model: TrainedModel): string {
  return leafLayers(model)
    .map(([, layer]) => (layer.trainable ? "1" : "0"))
    .join("");
}

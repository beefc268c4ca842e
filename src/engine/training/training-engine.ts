/**
 * Runs programs forwards and backwards in WebAssembly, the whole batch at once: a plan and a module for each shape of the inputs, and one
 * memory for all values that the way back needs. What normalization and ReLU6 make is not stored: whoever reads it computes it again.
 */
import { MobileNetV2Error, valueError } from "../../core/errors.ts";
import { type Dims, sizeOf } from "../../core/shape.ts";
import { Tensor } from "../../core/tensor.ts";
import type {
  DifferentiationOptions,
  Differentiator,
  Evaluated,
  Gradients,
  LossGradient,
  OutputGradient,
  RunOptions,
} from "../../graph/differentiator.ts";
import { checkInputs } from "../../graph/inputs.ts";
import type { Program } from "../../graph/program.ts";
import { type Tiling, tilingOf } from "../../kernels/f32/tilings.ts";
import type { Weight } from "../../layers/weight.ts";
import type { Features } from "../../wasm/features.ts";
import type { Stage } from "../run-writer.ts";
import { type Preparation, type Prepared, Session, runStages, weightBytes } from "../session.ts";
import type { ThreadPool } from "../threads/pool.ts";
import { machineFeatures } from "../wide-simd.ts";
import { backwards } from "./backward.ts";
import { COEFFICIENTS, coefficientBytes, knownCoefficients } from "./coefficients.ts";
import { type Compiled, type HostStep, compile } from "./compile.ts";
import { type Layout, layOut, matrixOf, tooLarge } from "./layout.ts";
import { lower } from "./lower.ts";
import type { Matrices } from "./operations/kind.ts";
import { forwardKind } from "./operations/table.ts";
import { TrainingWeights } from "./weights.ts";

/** The number of input shapes whose plans are kept: those of the batch, of the last one of an epoch, and the same of another data set. */
const PLANS_KEPT = 4;

export interface TrainingEngineOptions extends DifferentiationOptions {
  /** What the machine can do. Default: what is found out about it. */
  readonly features?: Features;
  /** The number of threads that may share the work of a step. The gradients do not depend on it. Default: 1. */
  readonly threads?: number;
  /** Where the threads come from. Default: the process's pool. */
  readonly pool?: ThreadPool;
}

export class TrainingEngine implements Differentiator {
  readonly #program: Program;
  readonly #options: DifferentiationOptions;
  readonly #session: Session<Layout, TrainingWeights, Compiled>;
  readonly #gradients: readonly Float32Array[];

  private constructor(program: Program, options: TrainingEngineOptions) {
    const { features: available = machineFeatures(), threads = 1, pool } = options;
    if (!available.simd) {
      throw new MobileNetV2Error(
        "MissingError",
        "The training engine needs WebAssembly SIMD, which is missing here. Use differentiate(), which is many times slower.",
      );
    }
    for (const output of options.outputs ?? []) {
      if (program.outputs[output] === undefined) {
        throw valueError(
          `The program has ${program.outputs.length} outputs. The gradient of output ${output} is wanted.`,
        );
      }
    }
    this.#program = program;
    this.#options = options;
    this.#session = new Session(preparation(program, tilingOf(available), options), { threads, pool });
    this.#gradients = options.weights.map((weight) => new Float32Array(weight.size));
  }

  /**
   * An engine for a program. Nothing is allocated or compiled before the first run.
   * @throws MissingError without WebAssembly SIMD, ValueError if an output is wanted that the program does not have.
   */
  static async create(program: Program, options: TrainingEngineOptions): Promise<TrainingEngine> {
    return Promise.resolve(new TrainingEngine(program, options));
  }

  /** All bytes that the engine holds: weights, their gradients and the values of a batch. */
  get memoryBytes(): number {
    return this.#session.memoryBytes;
  }

  async run(inputs: readonly Tensor[], lossGradient: LossGradient, options: RunOptions): Promise<Gradients> {
    this.#session.assertAlive();
    const batch = checkInputs(this.#program, inputs);
    if (batch === 0) throw valueError("A training step needs at least one sample. Received a batch of 0.");
    const shapes = inputs.map((input) => input.shape);
    return await this.#session.run(shapes, (ready) => this.#execute(ready, inputs, lossGradient, options));
  }

  dispose(): void {
    this.#session.dispose();
  }

  [Symbol.dispose](): void {
    this.dispose();
  }

  async #execute(
    ready: Ready,
    inputs: readonly Tensor[],
    lossGradient: LossGradient,
    { seed }: RunOptions,
  ): Promise<Gradients> {
    const { plan: layout, store, code, compiled } = ready;
    const { lowered, backwards: back } = layout;
    const matrices = new InMemory(ready);
    const run = (stages: readonly Stage<HostStep>[]): Promise<void> =>
      runStages(code, stages, ({ work }) => work(matrices, { seed }));
    store.place.begin([]);
    store.weights.refresh();
    for (const [i, input] of lowered.inputs.entries()) matrices.write(input, inputs[i]?.data ?? []);
    for (const operation of lowered.list) {
      const drawn = forwardKind(operation).drawn?.(operation);
      if (drawn !== undefined) matrices.write(drawn.matrix, drawn.draw(matrices.shape(drawn.matrix), { seed }));
    }
    matrices.writeCoefficients();
    for (const { packings, stages } of compiled.packs) {
      if (packings.every(({ made }) => made.isCurrent)) continue;
      // oxlint-disable-next-line no-await-in-loop -- one run at a time
      await run(stages);
      for (const { made } of packings) made.setCurrent();
    }
    await run(compiled.forward);
    const evaluated: Evaluated = {
      outputs: lowered.outputs.map(({ matrix }) => matrices.copy(matrix)),
      logits: lowered.outputs.map(({ logits }) => (logits === undefined ? undefined : matrices.copy(logits))),
    };
    const given = lossGradient(evaluated);
    for (const [output, gradient] of given.entries()) checkGradient(evaluated, output, gradient);
    for (const { output, of, gradient } of back.seeds) {
      const values = given[output];
      matrices.write(gradient, values?.of === of ? values.values : 0);
    }
    await run(compiled.backward);
    for (const [i, weight] of this.#options.weights.entries()) this.#gradients[i]?.set(matrices.gradient(weight));
    const outputGradients = back.outputs.map((gradient, i) => {
      const { shape } = evaluated.outputs[this.#options.outputs?.[i] ?? 0] ?? new Tensor([0], new Float32Array());
      const data = gradient === undefined ? new Float32Array(sizeOf(shape)) : matrices.copy(gradient).data;
      return new Tensor(shape, data);
    });
    for (const weight of movedIn(layout)) store.weights.assign(weight);
    return { ...evaluated, weights: this.#gradients, outputGradients };
  }
}

type Ready = Prepared<Layout, TrainingWeights, Compiled>;

function preparation(
  program: Program,
  tiling: Tiling,
  { training, weights: wanted, outputs = [] }: DifferentiationOptions,
): Preparation<Layout, TrainingWeights, Compiled> {
  return {
    name: "training engine",
    plansKept: PLANS_KEPT,
    hosted: false,
    weightBytes: weightBytes(program),
    weights: (memory) => new TrainingWeights(memory, tiling),
    plan: (shapes, { shared, threads }) => {
      const lowered = lower(program, shapes, training);
      return layOut(lowered, backwards(lowered, wanted, outputs), shared ? threads : 1);
    },
    // All plans keep the same of weights. Compiling the first one reserves it; the code itself is of no use.
    reserve: (layout, { place: { shared }, weights }, isFirst) => {
      if (isFirst) compile(layout, { arena: 0, weights, wanted, tiling, shared });
    },
    compile: (layout, { place: { shared }, weights }, arena) =>
      compile(layout, { arena, weights, wanted, tiling, shared }),
    tooLarge: ({ bytes }, shapes, cause) => tooLarge(bytes, shapes[0]?.[0] ?? 0, cause),
  };
}

/** The moving averages that a run changes. */
function movedIn({ lowered }: Layout): ReadonlySet<Weight> {
  const layers = lowered.scalings.flatMap(({ kind, layer }) =>
    kind === "batch" && layer !== undefined ? [layer] : [],
  );
  return new Set(layers.flatMap((layer) => [layer.weight("moving_mean"), layer.weight("moving_variance")]));
}

function checkGradient({ outputs, logits }: Evaluated, output: number, gradient: OutputGradient | undefined): void {
  if (gradient === undefined) return;
  const of = (gradient.of === "logits" ? logits : outputs)[output];
  if (of === undefined) {
    throw valueError(`Output ${output} of the program is neither softmax nor sigmoid of something: it has no logits.`);
  }
  if (gradient.values.length !== of.size) {
    throw valueError(
      `The gradient of output ${output} has ${gradient.values.length} values, where the output has ${of.size}.`,
    );
  }
}

/** The matrices of a plan in the engine's memory. */
class InMemory implements Matrices {
  readonly #ready: Ready;

  constructor(ready: Ready) {
    this.#ready = ready;
  }

  shape(number: number): Dims {
    const { lowered, backwards: back } = this.#ready.plan;
    return matrixOf(number, lowered, back).shape;
  }

  read(number: number): Tensor<Float32Array> {
    return new Tensor(this.shape(number), this.#floats(this.#address(number), sizeOf(this.shape(number))));
  }

  copy(number: number): Tensor<Float32Array> {
    const { shape, data } = this.read(number);
    return new Tensor(shape, Float32Array.from(data));
  }

  /** A single number is written to all places. */
  write(number: number, data: ArrayLike<number> | number): void {
    const { data: to } = this.read(number);
    if (typeof data === "number") to.fill(data);
    else to.set(data);
  }

  gradient(weight: Weight): Float32Array {
    return this.#floats(this.#ready.store.weights.gradient(weight), weight.size);
  }

  /** Writes the coefficients of scalings that do not come from the batch. */
  writeCoefficients(): void {
    const { plan: layout, arena } = this.#ready;
    for (const scaling of layout.lowered.scalings) {
      const start = arena + (layout.scalings[scaling.index] ?? 0);
      const known = knownCoefficients(scaling);
      for (const [i, name] of COEFFICIENTS.entries()) {
        const values = known[name];
        if (values !== undefined) this.#floats(start + i * coefficientBytes(scaling), scaling.channels).set(values);
      }
    }
  }

  #address(number: number): number {
    return this.#ready.arena + (this.#ready.plan.offsets[number] ?? 0);
  }

  #floats(address: number, length: number): Float32Array {
    const { floats } = this.#ready.store.place.memory;
    return floats.subarray(address / 4, address / 4 + length);
  }
}

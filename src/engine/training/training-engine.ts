/**
 * Runs programs forwards and backwards in WebAssembly: the whole batch at once, a plan and a module for each shape of the inputs, all
 * values that the way back needs in one memory. What normalization and ReLU6 make is not stored but computed again where it is read.
 */
import { mayBlock } from "#platform";
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
import type { Tiling } from "../../kernels/f32/table.ts";
import type { Weight } from "../../layers/weight.ts";
import type { Features } from "../../wasm/features.ts";
import { tilingOf } from "../engine.ts";
import { EngineMemory } from "../memory/memory.ts";
import { type Loaded, OwnPlace, type Place, forgotten } from "../memory/place.ts";
import { type Pool, canShare, sharedPool } from "../threads/pool.ts";
import { SharedPlace } from "../threads/shared-place.ts";
import { Turns } from "../threads/turns.ts";
import { machineFeatures } from "../wide-simd.ts";
import { backwards } from "./backward.ts";
import { type Pack, type Stage, compile, plan } from "./compile.ts";
import { type HostRun, type Matrices, coefficientsOf, maskValues, masksOf, runOnHost } from "./host.ts";
import { lower } from "./lower.ts";
import { COEFFICIENTS, type Layout, coefficientBytes, tooLarge } from "./plan.ts";
import { TrainingWeights } from "./weights.ts";

/** Input shapes whose plans are kept: the batch, the last one of an epoch, and those of another data set. */
const PLANS_KEPT = 4;

export interface TrainingEngineOptions extends DifferentiationOptions {
  /** What the machine can do; found out where not given. */
  readonly features?: Features;
  /** So many threads may share the work of a step. The gradients do not depend on it. Default: 1. */
  readonly threads?: number;
  /** Where the threads come from: the process's pool unless given. */
  readonly pool?: Pool;
}

/** What all plans of an engine use. */
interface Store {
  readonly place: Place;
  readonly weights: TrainingWeights;
}

/** What can be run for inputs of one shape. */
interface Ready {
  readonly layout: Layout;
  readonly arena: number;
  readonly store: Store;
  readonly forward: readonly Stage[];
  readonly backward: readonly Stage[];
  readonly packs: readonly Pack[];
  readonly code: Loaded;
}

export class TrainingEngine implements Differentiator {
  readonly #program: Program;
  readonly #options: DifferentiationOptions;
  readonly #tiling: Tiling;
  readonly #threads: number;
  readonly #pool: Pool | undefined;
  /** Whether other threads may do its work. */
  #shares: boolean;
  #store: Store | undefined;
  readonly #turns = new Turns();
  readonly #plans = new Map<string, Ready>();
  readonly #gradients: readonly Float32Array[];
  #disposed = false;

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
    this.#tiling = tilingOf(available);
    this.#threads = threads;
    this.#pool = pool;
    this.#shares = (threads > 1 || !mayBlock()) && canShare();
    this.#gradients = options.weights.map((weight) => new Float32Array(weight.size));
  }

  /**
   * An engine for a program. Nothing is allocated or compiled before the first run.
   * @throws MissingError without WebAssembly SIMD, ValueError where an output is wanted that the program does not have.
   */
  static async create(program: Program, options: TrainingEngineOptions): Promise<TrainingEngine> {
    return Promise.resolve(new TrainingEngine(program, options));
  }

  /** All bytes that the engine holds: weights, their gradients and the values of a batch. */
  get memoryBytes(): number {
    return this.#store?.place.memory.bytes ?? 0;
  }

  async run(inputs: readonly Tensor[], lossGradient: LossGradient, options: RunOptions): Promise<Gradients> {
    this.#assertAlive();
    return await this.#inTurn(async () => {
      this.#assertAlive();
      const batch = checkInputs(this.#program, inputs);
      if (batch === 0) throw valueError("A training step needs at least one sample. Received a batch of 0.");
      const ready = await this.#ready(inputs.map((input) => input.shape));
      try {
        return await this.#execute(ready, inputs, lossGradient, options);
      } catch (error) {
        // A lost thread may still write into the memory.
        if (error instanceof MobileNetV2Error && error.code === "StateError") this.#forget(false);
        throw error;
      }
    });
  }

  dispose(): void {
    if (this.#disposed) return;
    this.#disposed = true;
    void this.#inTurn(() => this.#forget(true));
  }

  [Symbol.dispose](): void {
    this.dispose();
  }

  #assertAlive(): void {
    if (this.#disposed) {
      throw new MobileNetV2Error("StateError", "The training engine was disposed of. Make another one to run.");
    }
  }

  /** Steps do not get into each other's way in a memory, nor those of several engines in the threads that they share. */
  #inTurn<T>(work: () => T | Promise<T>): Promise<T> {
    return this.#shares ? this.#threadPool().exclusively(work) : this.#turns.take(work);
  }

  #threadPool(): Pool {
    return this.#pool ?? sharedPool();
  }

  /** The next run starts anew. */
  #forget(release: boolean): void {
    for (const { code } of this.#plans.values()) code.drop();
    this.#plans.clear();
    const store = this.#store;
    this.#store = undefined;
    if (store === undefined) return;
    forgotten.unregister(store);
    if (release) store.place.release?.();
  }

  async #ready(shapes: readonly Dims[]): Promise<Ready> {
    const key = shapes.map((shape) => shape.join("x")).join(", ");
    const ready = this.#plans.get(key) ?? (await this.#prepare(shapes));
    // Most recently used last.
    this.#plans.delete(key);
    this.#plans.set(key, ready);
    const [oldest] = this.#plans;
    if (this.#plans.size > PLANS_KEPT && oldest !== undefined) {
      this.#plans.delete(oldest[0]);
      oldest[1].code.drop();
    }
    return ready;
  }

  async #prepare(shapes: readonly Dims[]): Promise<Ready> {
    const { training, weights, outputs = [] } = this.#options;
    const lowered = lower(this.#program, shapes, training);
    const layout = plan(lowered, backwards(lowered, weights, outputs), this.#shares ? this.#threads : 1);
    try {
      return await this.#compiled(layout);
    } catch (error) {
      if (!(error instanceof MobileNetV2Error) || error.code !== "LimitError") throw error;
      const isShared = this.#store?.place.shared === true;
      this.#forget(true);
      // There is more memory for one thread than for several.
      if (!isShared) throw tooLarge(layout.bytes, shapes[0]?.[0] ?? 0, error);
      this.#shares = false;
      return await this.#prepare(shapes);
    }
  }

  async #compiled(layout: Layout): Promise<Ready> {
    const store = (this.#store ??= this.#newStore(layout.bytes));
    const { place, weights } = store;
    // What a plan keeps of weights comes before the arena, so that it can grow.
    const { weights: wanted } = this.#options;
    const draft = { arena: 0, weights, wanted, tiling: this.#tiling, shared: place.shared };
    if (this.#plans.size === 0) compile(layout, draft);
    const arena = place.memory.reserveArena(layout.bytes);
    const { bytes, forward, backward, packs } = compile(layout, { ...draft, arena });
    const module = await WebAssembly.compile(bytes);
    const runs = [...forward, ...backward, ...packs.map((pack) => pack.run)].filter((stage) => stage.kind === "run");
    return { layout, arena, store, forward, backward, packs, code: await place.load(module, runs) };
  }

  #newStore(bytes: number): Store {
    const shared = this.#shares ? EngineMemory.shared(bytes) : undefined;
    const place =
      shared === undefined
        ? new OwnPlace(new EngineMemory())
        : new SharedPlace(shared, this.#threadPool(), this.#threads);
    const store = { place, weights: new TrainingWeights(place.memory, this.#tiling) };
    if (shared !== undefined) forgotten.register(store, place, store);
    return store;
  }

  async #execute(
    ready: Ready,
    inputs: readonly Tensor[],
    lossGradient: LossGradient,
    { seed }: RunOptions,
  ): Promise<Gradients> {
    const { layout, store } = ready;
    const { lowered, backwards: back } = layout;
    const run: HostRun = { seed };
    const matrices = new InMemory(ready);
    store.place.begin([]);
    store.weights.refresh();
    for (const [i, input] of lowered.inputs.entries()) matrices.write(input, inputs[i]?.data ?? []);
    for (const mask of masksOf(lowered.list))
      matrices.write(mask.mask, maskValues(mask, matrices.shape(mask.mask), run));
    matrices.writeCoefficients();
    for (const { packings, run: pack } of ready.packs) {
      if (packings.every(({ made }) => made.isCurrent)) continue;
      // oxlint-disable-next-line no-await-in-loop -- one run at a time
      await runStages(ready, [pack], matrices, run);
      for (const { made } of packings) made.setCurrent();
    }
    await runStages(ready, ready.forward, matrices, run);
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
    await runStages(ready, ready.backward, matrices, run);
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

/** The moving averages that a run moves. */
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

async function runStages({ code }: Ready, stages: readonly Stage[], matrices: Matrices, run: HostRun): Promise<void> {
  for (const stage of stages) {
    if (stage.kind === "run") {
      const running = code.call(stage);
      if (running !== undefined) await running;
    } else runOnHost(stage, matrices, run);
  }
}

/** The matrices of a plan in the engine's memory. */
class InMemory implements Matrices {
  readonly #ready: Ready;

  constructor(ready: Ready) {
    this.#ready = ready;
  }

  shape(number: number): Dims {
    const { lowered, backwards: back } = this.#ready.layout;
    return (lowered.matrices[number] ?? back.gradients[number - lowered.matrices.length])?.shape ?? [];
  }

  read(number: number): Tensor<Float32Array> {
    return new Tensor(this.shape(number), this.#floats(this.#address(number), sizeOf(this.shape(number))));
  }

  copy(number: number): Tensor<Float32Array> {
    const { shape, data } = this.read(number);
    return new Tensor(shape, Float32Array.from(data));
  }

  /** A number stands for as many of it as there are. */
  write(number: number, data: ArrayLike<number> | number): void {
    const { data: to } = this.read(number);
    if (typeof data === "number") to.fill(data);
    else to.set(data);
  }

  gradient(weight: Weight): Float32Array {
    return this.#floats(this.#ready.store.weights.gradient(weight), weight.size);
  }

  /** Those of scalings that do not come from the batch. */
  writeCoefficients(): void {
    const { layout, arena } = this.#ready;
    for (const scaling of layout.lowered.scalings) {
      const start = arena + (layout.scalings[scaling.index] ?? 0);
      const known = coefficientsOf(scaling);
      for (const [i, name] of COEFFICIENTS.entries()) {
        const values = known[name];
        if (values !== undefined) this.#floats(start + i * coefficientBytes(scaling), scaling.channels).set(values);
      }
    }
  }

  #address(number: number): number {
    return this.#ready.arena + (this.#ready.layout.offsets[number] ?? 0);
  }

  #floats(address: number, length: number): Float32Array {
    const { floats } = this.#ready.store.place.memory;
    return floats.subarray(address / 4, address / 4 + length);
  }
}

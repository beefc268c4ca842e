/** Runs programs: a plan and a module for each input shape, one memory, packed weights; all of MobileNetV2 inside WebAssembly. */
import { MobileNetV2Error } from "../core/errors.ts";
import { type Dims, formatShape, shapesCompatible, sizeOf } from "../core/shape.ts";
import { Tensor } from "../core/tensor.ts";
import { evaluate } from "../graph/evaluate.ts";
import type { Program } from "../graph/program.ts";
import { type Tiling, TILINGS } from "../kernels/table.ts";
import type { Features } from "../wasm/features.ts";
import { mayBlock } from "#platform";
import { type Run, compile } from "./compile.ts";
import { fold } from "./fold.ts";
import { lower } from "./lower.ts";
import { EngineMemory } from "./memory.ts";
import type { Host, Operations } from "./operations.ts";
import { type Plan, plan } from "./plan.ts";
import { spare } from "./spare-memory.ts";
import { type Pool, canShare, sharedPool } from "./threads/pool.ts";
import { Task } from "./threads/task.ts";
import { PackedWeights } from "./weights.ts";
import { machineFeatures } from "./wide-simd.ts";

/** Input shapes whose plans are kept; the least recently used one goes first. */
const PLANS_KEPT = 8;

/** Pieces of a chain for each thread, so that none waits long for another. */
const CHAIN_PIECES = 2;

/** Where an engine's numbers are. */
interface Store {
  readonly memory: EngineMemory;
  readonly weights: PackedWeights;
  readonly shared: boolean;
}

/** Memories of engines that were forgotten. */
const forgotten = new FinalizationRegistry(spare);

/** What can be run for inputs of one shape. */
interface Ready {
  readonly plan: Plan;
  readonly arena: number;
  readonly store: Store;
  readonly stages: readonly (() => Promise<void> | undefined)[];
  readonly task: Task | undefined;
}

export interface EngineOptions {
  /** What the machine can do; found out where not given. */
  readonly features?: Features;
  /** So many threads may share the work of a run; a page lets others do it even if it is one. Default: 1. */
  readonly threads?: number;
  /** Where the threads come from: the process's pool unless given. */
  readonly pool?: Pool;
  /** What to run in place of the program's folded operations, as with integers for some. */
  readonly transform?: (operations: Operations) => Operations;
}

export class Engine {
  readonly #program: Program;
  readonly #features: Features;
  readonly #tiling: Tiling;
  readonly #threads: number;
  readonly #pool: Pool | undefined;
  readonly #transform: ((operations: Operations) => Operations) | undefined;
  /** Whether other threads may do its work. */
  #shares: boolean;
  #store: Store | undefined;
  readonly #plans = new Map<string, Promise<Ready>>();
  #disposed = false;

  private constructor(
    program: Program,
    { features: available = machineFeatures(), threads = 1, transform, pool }: EngineOptions,
  ) {
    this.#program = program;
    this.#features = available;
    this.#tiling = tilingOf(available);
    this.#threads = threads;
    this.#pool = pool;
    this.#transform = transform;
    this.#shares = (threads > 1 || !mayBlock()) && canShare();
  }

  /**
   * An engine for a program. Nothing is allocated, compiled or packed before the first run.
   * Without WebAssembly SIMD the layers' own forwards are used, which are many times slower.
   */
  static create(program: Program, options: EngineOptions = {}): Promise<Engine> {
    return Promise.resolve(new Engine(program, options));
  }

  /** All bytes that the engine holds: packed weights and working memory. */
  get memoryBytes(): number {
    return this.#store?.memory.bytes ?? 0;
  }

  /**
   * One tensor for each of the program's inputs, [batch, …]; resolves to one for each of its outputs. Any batch, any size that
   * the program takes. Weights that were assigned since the last run are used. Calls may overlap.
   *
   * @throws ShapeError or ValueError where inputs do not fit, LimitError where memory is not enough, StateError after `dispose()`.
   */
  async run(inputs: readonly Tensor[]): Promise<readonly Tensor<Float32Array>[]> {
    this.#assertAlive();
    const batch = this.#checkInputs(inputs);
    if (!this.#features.simd) {
      if (this.#transform) {
        throw new MobileNetV2Error("MissingError", "A quantized model needs WebAssembly SIMD, which is missing here.");
      }
      return evaluate(
        this.#program,
        inputs.map((input) => input.toFloat32()),
      );
    }
    const run = async (): Promise<readonly Tensor<Float32Array>[]> => {
      this.#assertAlive();
      const ready = await this.#ready(inputs.map((input) => input.shape.slice(1)));
      this.#assertAlive();
      return await this.#execute(ready, inputs, batch);
    };
    return await (this.#shares ? this.#threadPool().exclusively(run) : run());
  }

  /** Frees the memory, once runs that have begun are done. */
  dispose(): void {
    this.#disposed = true;
    const store = this.#store;
    this.#forget();
    if (store?.shared === true) {
      forgotten.unregister(store);
      void this.#threadPool().exclusively(() => spare(store.memory.memory));
    }
  }

  [Symbol.dispose](): void {
    this.dispose();
  }

  #assertAlive(): void {
    if (this.#disposed)
      throw new MobileNetV2Error("StateError", "The engine was disposed of. Make another one to run.");
  }

  /** The next run starts anew. */
  #forget(): void {
    for (const made of this.#plans.values()) void this.#drop(made);
    this.#plans.clear();
    this.#store = undefined;
  }

  /** Other threads forget it too. */
  async #drop(made: Promise<Ready>): Promise<void> {
    const { task } = await made.catch(() => ({ task: undefined }));
    if (task !== undefined) this.#threadPool().drop(task);
  }

  #threadPool(): Pool {
    return this.#pool ?? sharedPool();
  }

  #checkInputs(inputs: readonly Tensor[]): number {
    const { inputs: values, shapes } = this.#program;
    if (inputs.length !== values.length) {
      throw new MobileNetV2Error(
        "ShapeError",
        `The program has ${values.length} inputs. Received ${inputs.length} tensors.`,
      );
    }
    const batch = inputs[0]?.shape[0] ?? 0;
    for (const [i, value] of values.entries()) {
      const given = inputs[i]?.shape ?? [];
      const expected = (shapes[value] ?? []).with(0, batch);
      if (!shapesCompatible(expected, given)) {
        throw new MobileNetV2Error(
          "ShapeError",
          `Input ${i} of the program: expected shape=${formatShape(expected)}, found shape=${formatShape(given)}`,
        );
      }
    }
    return batch;
  }

  #ready(shapes: readonly Dims[]): Promise<Ready> {
    const key = shapes.map((shape) => shape.join("x")).join(", ");
    const made = this.#plans.get(key) ?? this.#prepare(shapes);
    // Most recently used last.
    this.#plans.delete(key);
    this.#plans.set(key, made);
    const [oldest] = this.#plans;
    if (this.#plans.size > PLANS_KEPT && oldest !== undefined) {
      this.#plans.delete(oldest[0]);
      void this.#drop(oldest[1]);
    }
    // A start that failed must not be remembered: the next call tries again.
    made.catch(() => {
      if (this.#plans.get(key) === made) this.#plans.delete(key);
    });
    return made;
  }

  async #prepare(shapes: readonly Dims[]): Promise<Ready> {
    const operations = fold(lower(this.#program, shapes));
    const planned = plan(this.#transform?.(operations) ?? operations, {
      pieces: this.#shares ? CHAIN_PIECES * this.#threads : 1,
    });
    const store = (this.#store ??= this.#newStore(planned.bytes));
    try {
      return await this.#compiled(planned, store);
    } catch (error) {
      // There is more memory for one thread than for several.
      const full = error instanceof MobileNetV2Error && error.code === "LimitError";
      if (!full || !store.shared) throw error;
      this.#shares = false;
      this.#forget();
      return await this.#compiled(planned, (this.#store = this.#newStore(planned.bytes)));
    }
  }

  /** For an arena of so many bytes. */
  #newStore(bytes: number): Store {
    const shared = this.#shares ? EngineMemory.shared(bytes + weightBytes(this.#program)) : undefined;
    const memory = shared ?? new EngineMemory();
    const store = { memory, weights: new PackedWeights(memory, this.#tiling), shared: shared !== undefined };
    if (store.shared) forgotten.register(store, memory.memory, store);
    return store;
  }

  async #compiled(planned: Plan, store: Store): Promise<Ready> {
    const { memory, weights, shared } = store;
    // Weights come before the arena, so that it can grow.
    weights.reserve(planned.operations);
    const arena = memory.reserveArena(planned.bytes);
    const compiled = compile(planned, { arena, weights, tiling: this.#tiling, shared });
    const module = await WebAssembly.compile(compiled.bytes);
    const runs = compiled.stages.filter((stage) => stage.kind === "run");
    const task = shared ? await Task.create(module, memory.memory, runs) : undefined;
    if (task !== undefined) this.#threadPool().add(task);
    const call =
      task === undefined
        ? await oneThread(module, memory.memory)
        : (run: Run) => this.#threadPool().run(task, runs.indexOf(run), this.#threads);
    const stages = compiled.stages.map((stage) => () => {
      if (stage.kind === "run") return call(stage);
      compute(stage, planned, arena, memory.floats);
      return undefined;
    });
    return { plan: planned, arena, store, stages, task };
  }

  async #execute(
    { plan: planned, arena, store, stages }: Ready,
    inputs: readonly Tensor[],
    batch: number,
  ): Promise<Tensor<Float32Array>[]> {
    store.weights.refresh({ address: arena, bytes: planned.bytes });
    const outputs = planned.outputs.map(
      ({ shape }) => new Tensor([batch, ...shape], new Float32Array(batch * sizeOf(shape))),
    );
    for (let picture = 0; picture < batch; picture++) {
      const floats = store.memory.floats;
      for (const [i, { address, rows, length, stride }] of planned.inputs.entries()) {
        const data = inputs[i]?.data;
        const first = (arena + address) / 4;
        for (let row = 0; row < rows; row++) {
          const from = (picture * rows + row) * length;
          if (data !== undefined) floats.set(data.subarray(from, from + length), first + row * stride);
        }
      }
      try {
        for (const stage of stages) {
          const running = stage();
          if (running !== undefined) await running;
        }
      } catch (error) {
        // A lost thread may still write into the memory.
        forgotten.unregister(store);
        if (store === this.#store) this.#forget();
        throw error;
      }
      for (const [i, { offset }] of planned.outputs.entries()) {
        const output = outputs[i];
        const size = sizeOf(planned.outputs[i]?.shape ?? []);
        const from = (arena + offset) / 4;
        output?.data.set(floats.subarray(from, from + size), picture * size);
      }
    }
    return outputs;
  }
}

function weightBytes({ steps }: Program): number {
  const weights = new Set(steps.flatMap(({ layer }) => layer.weights));
  return [...weights].reduce((sum, weight) => sum + sizeOf(weight.shape) * 4, 0);
}

/** Calls the functions of a module that needs no other thread. */
async function oneThread(module: WebAssembly.Module, memory: WebAssembly.Memory): Promise<(run: Run) => undefined> {
  const { exports } = await WebAssembly.instantiate(module, { env: { memory } });
  return ({ name }) => {
    const run = exports[name];
    if (typeof run !== "function") throw new MobileNetV2Error("StateError", `The compiled module has no ${name}.`);
    run();
  };
}

/** Lets the layer itself compute a value, with a batch of one. */
function compute({ inputs, output, compute: forward }: Host, planned: Plan, arena: number, floats: Float32Array): void {
  const start = (value: number): number => (arena + (planned.offsets[value] ?? 0)) / 4;
  const values = inputs.map((input) => {
    const shape = planned.shapes[input] ?? [];
    return new Tensor([1, ...shape], floats.slice(start(input), start(input) + sizeOf(shape)));
  });
  floats.set(forward(values).data, start(output));
}

/** The kernels for a machine that can do this. */
export function tilingOf({ relaxedSimd, wideSimd }: Features): Tiling {
  if (!relaxedSimd) return TILINGS.mul;
  return wideSimd ? TILINGS.wide : TILINGS.fma;
}

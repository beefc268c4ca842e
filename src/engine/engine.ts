/** Runs programs: a plan and a module for each input shape, one memory, packed weights; all of MobileNetV2 inside WebAssembly. */
import { mayBlock } from "#platform";
import { MobileNetV2Error } from "../core/errors.ts";
import { type Dims, sizeOf } from "../core/shape.ts";
import { Tensor } from "../core/tensor.ts";
import type { Executor } from "../graph/executor.ts";
import { checkInputs } from "../graph/inputs.ts";
import type { Program } from "../graph/program.ts";
import { type Tiling, TILINGS } from "../kernels/f32/table.ts";
import type { Features } from "../wasm/features.ts";
import { type Run, compile } from "./emit/compile.ts";
import { fold } from "../lowering/fold.ts";
import { lower } from "../lowering/lower.ts";
import { EngineMemory } from "./memory/memory.ts";
import type { Host, Operations } from "../lowering/operations.ts";
import type { MixedOperation } from "./operations.ts";
import { type Loaded, OwnPlace, type Place, forgotten } from "./memory/place.ts";
import { type Plan, plan } from "./plan/plan.ts";
import { pageHost } from "./threads/host.ts";
import { type Pool, canShare, sharedPool } from "./threads/pool.ts";
import { SharedPlace } from "./threads/shared-place.ts";
import { Turns } from "./threads/turns.ts";
import { PackedWeights } from "./memory/weights.ts";
import { machineFeatures } from "./wide-simd.ts";

/** Input shapes whose plans are kept; the least recently used one goes first. */
const PLANS_KEPT = 8;

/** Pieces of a chain for each thread, so that none waits long for another. */
const CHAIN_PIECES = 2;

/** What all plans of an engine use. */
interface Store {
  readonly place: Place;
  readonly weights: PackedWeights;
}

/** What can be run for inputs of one shape. */
interface Ready {
  readonly plan: Plan;
  readonly arena: number;
  readonly store: Store;
  readonly stages: readonly (Run | Host)[];
  readonly code: Loaded;
}

export interface EngineOptions {
  /** What the machine can do; found out where not given. */
  readonly features?: Features;
  /** So many threads may share the work of a run; a page lets others do it even if it is one. Default: 1. */
  readonly threads?: number;
  /** Where the threads come from: the process's pool unless given. */
  readonly pool?: Pool;
  /** What to run in place of the program's folded operations, as with integers for some. */
  readonly transform?: (operations: Operations) => Operations<MixedOperation>;
}

export class Engine implements Executor {
  readonly #program: Program;
  readonly #tiling: Tiling;
  readonly #threads: number;
  readonly #pool: Pool | undefined;
  readonly #transform: ((operations: Operations) => Operations<MixedOperation>) | undefined;
  /** Whether other threads may do its work. */
  #shares: boolean;
  #store: Promise<Store> | undefined;
  #memory: EngineMemory | undefined;
  readonly #turns = new Turns();
  readonly #plans = new Map<string, Promise<Ready>>();
  #disposed = false;

  private constructor(
    program: Program,
    { features: available = machineFeatures(), threads = 1, transform, pool }: EngineOptions,
  ) {
    this.#program = program;
    this.#tiling = tilingOf(available);
    this.#threads = threads;
    this.#pool = pool;
    this.#transform = transform;
    this.#shares = (threads > 1 || !mayBlock()) && canShare();
  }

  /**
   * An engine for a program, on a machine with WebAssembly SIMD: `executorOf` asks for that. Nothing is allocated, compiled or packed
   * before the first run.
   */
  static create(program: Program, options: EngineOptions = {}): Promise<Engine> {
    return Promise.resolve(new Engine(program, options));
  }

  /** All bytes that the engine holds: packed weights and working memory. */
  get memoryBytes(): number {
    return this.#memory?.bytes ?? 0;
  }

  async run(inputs: readonly Tensor[]): Promise<readonly Tensor<Float32Array>[]> {
    this.#assertAlive();
    const batch = checkInputs(this.#program, inputs);
    const run = async (): Promise<readonly Tensor<Float32Array>[]> => {
      this.#assertAlive();
      if ((await this.#store)?.place.isLost === true) this.#forget();
      const ready = await this.#ready(inputs.map((input) => input.shape.slice(1)));
      this.#assertAlive();
      return await this.#execute(ready, inputs, batch);
    };
    return await this.#inTurn(run);
  }

  /** Frees the memory, once runs that have begun are done. */
  dispose(): void {
    this.#disposed = true;
    const store = this.#store;
    this.#forget();
    void this.#inTurn(async () => {
      const made = await store?.catch(() => undefined);
      if (made === undefined) return;
      forgotten.unregister(made);
      made.place.release?.();
    });
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
    this.#memory = undefined;
  }

  async #drop(made: Promise<Ready>): Promise<void> {
    const ready = await made.catch(() => undefined);
    ready?.code.drop();
  }

  /** Runs do not get into each other's way in a memory, nor do those of several engines in the threads that they share. */
  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    if (this.#shares) return this.#threadPool().exclusively(work);
    return (mayBlock() ? this.#turns : pageHost().turns).take(work);
  }

  #threadPool(): Pool {
    return this.#pool ?? sharedPool();
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
    const store = await this.#stored(planned.bytes);
    try {
      return await this.#compiled(planned, store);
    } catch (error) {
      // There is more memory for one thread than for several.
      const full = error instanceof MobileNetV2Error && error.code === "LimitError";
      if (!full || !store.place.shared) throw error;
      this.#shares = false;
      this.#forget();
      return await this.#compiled(planned, await this.#stored(planned.bytes));
    }
  }

  /** The store, made for an arena of so many bytes where there is none. */
  async #stored(bytes: number): Promise<Store> {
    const made = (this.#store ??= this.#newStore(bytes));
    try {
      const store = await made;
      this.#memory = store.place.memory;
      return store;
    } catch (error) {
      this.#store = undefined;
      throw error;
    }
  }

  async #newStore(bytes: number): Promise<Store> {
    const place = await this.#newPlace(bytes);
    const store = { place, weights: new PackedWeights(place.memory, this.#tiling) };
    if (place.release !== undefined) forgotten.register(store, place, store);
    return store;
  }

  async #newPlace(bytes: number): Promise<Place> {
    const shared = this.#shares ? EngineMemory.shared(bytes + weightBytes(this.#program)) : undefined;
    if (shared !== undefined) return new SharedPlace(shared, this.#threadPool(), this.#threads);
    const memory = new EngineMemory();
    if (!mayBlock() && (await pageHost().start())) return pageHost().place(memory) ?? new OwnPlace(memory);
    return new OwnPlace(memory);
  }

  async #compiled(planned: Plan, store: Store): Promise<Ready> {
    const { place, weights } = store;
    const { memory, shared } = place;
    // Weights come before the arena, so that it can grow.
    weights.reserve(planned.operations);
    const arena = memory.reserveArena(planned.bytes);
    // Few models have integers: what emits them is loaded where they are.
    const emitIntegers = this.#transform && (await import("./integers/emit.ts")).emitIntegers;
    const { bytes, stages } = compile(planned, { arena, weights, tiling: this.#tiling, shared, emitIntegers });
    const module = await WebAssembly.compile(bytes);
    const runs = stages.filter((stage) => stage.kind === "run");
    return { plan: planned, arena, store, stages, code: await place.load(module, runs) };
  }

  async #execute(ready: Ready, inputs: readonly Tensor[], batch: number): Promise<Tensor<Float32Array>[]> {
    const { plan: planned, arena, store } = ready;
    const { place, weights } = store;
    const outputs = planned.outputs.map(
      ({ shape }) => new Tensor([batch, ...shape], new Float32Array(batch * sizeOf(shape))),
    );
    const data = inputs.map((input) => input.toFloat32().data);
    place.begin(weights.refresh({ address: arena, bytes: planned.bytes }));
    for (let picture = 0; picture < batch; picture++) {
      for (const [i, placement] of planned.inputs.entries()) {
        const size = placement.rows * placement.length;
        const own = data[i]?.subarray(picture * size, (picture + 1) * size);
        if (own !== undefined) place.write(arena, placement, own);
      }
      try {
        await runStages(ready);
        for (const [i, { offset, shape }] of planned.outputs.entries()) {
          const size = sizeOf(shape);
          outputs[i]?.data.set(await place.read(arena + offset, size), picture * size);
        }
      } catch (error) {
        // A lost thread may still write into the memory.
        forgotten.unregister(store);
        this.#forget();
        throw error;
      }
    }
    return outputs;
  }
}

async function runStages({ plan: planned, arena, store, stages, code }: Ready): Promise<void> {
  for (const stage of stages) {
    if (stage.kind === "run") {
      const running = code.call(stage);
      if (running !== undefined) await running;
    } else await compute(stage, planned, arena, store.place);
  }
}

/** Lets the layer itself compute a value, with a batch of one. */
async function compute(
  { inputs, output, compute: forward }: Host,
  planned: Plan,
  arena: number,
  place: Place,
): Promise<void> {
  const offset = (value: number): number => planned.offsets[value] ?? 0;
  const values: Tensor<Float32Array>[] = [];
  for (const input of inputs) {
    const shape = planned.shapes[input] ?? [];
    const data = await place.read(arena + offset(input), sizeOf(shape));
    values.push(new Tensor([1, ...shape], data.slice()));
  }
  const { data } = forward(values);
  place.write(arena, { address: offset(output), rows: 1, length: data.length, stride: data.length }, data);
}

function weightBytes({ steps }: Program): number {
  const weights = new Set(steps.flatMap(({ layer }) => layer.weights));
  return [...weights].reduce((sum, weight) => sum + sizeOf(weight.shape) * 4, 0);
}

/** The kernels for a machine that can do this. */
export function tilingOf({ relaxedSimd, wideSimd }: Features): Tiling {
  if (!relaxedSimd) return TILINGS.mul;
  return wideSimd ? TILINGS.wide : TILINGS.fma;
}

/**
 * What an engine keeps from run to run: one memory with packed weights and plans by the shapes of the inputs. It gives runs their turns,
 * and begins anew if a thread was lost. The engines of inference and of training both hold one, and say how a plan is made.
 */
import { mayBlock } from "#platform";
import { MobileNetV2Error } from "../core/errors.ts";
import { type Dims, sizeOf } from "../core/shape.ts";
import type { Program } from "../graph/program.ts";
import { EngineMemory } from "./memory/memory.ts";
import { type Loaded, OwnPlace, type Place, forgotten } from "./memory/place.ts";
import { type Run, type Stage, isRun } from "./run-writer.ts";
import { pageHost } from "./threads/page-host.ts";
import { type ThreadPool, canShare, sharedPool } from "./threads/pool.ts";
import { SharedPlace } from "./threads/shared-place.ts";
import { Turns } from "./threads/turns.ts";

/** What all plans of a session use. */
export interface Store<Weights> {
  readonly place: Place;
  readonly weights: Weights;
}

export interface Compiled {
  /** The module. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** All of its runs. */
  readonly runs: readonly Run[];
}

/** A plan that is ready to run. */
export interface Prepared<Plan, Weights, Code extends Compiled> {
  readonly plan: Plan;
  readonly store: Store<Weights>;
  /** The address of the plan's working memory. */
  readonly arena: number;
  readonly compiled: Code;
  readonly code: Loaded;
}

/** How an engine makes plans. */
export interface Preparation<Plan extends { readonly bytes: number }, Weights, Code extends Compiled> {
  /** How errors call the engine. */
  readonly name: string;
  /** The number of input shapes whose plans are kept; the one that was used least recently goes first. */
  readonly plansKept: number;
  /** Whether the worker of a page that cannot share memory may run the plans. */
  readonly hosted: boolean;
  /** About how many bytes all weights take. */
  readonly weightBytes: number;
  /** No weights yet, in this memory. */
  weights(memory: EngineMemory): Weights;
  /** Plans for inputs of these shapes; nothing is reserved yet. */
  plan(shapes: readonly Dims[], sharing: Sharing): Plan;
  /** Reserves what the plan keeps of weights: it comes before the plans' working memory, which can grow then. */
  reserve(plan: Plan, store: Store<Weights>, isFirst: boolean): void;
  compile(plan: Plan, store: Store<Weights>, arena: number): Code | Promise<Code>;
  /** The error if there is not enough memory even for one thread; the cause itself unless given. */
  tooLarge?(plan: Plan, shapes: readonly Dims[], cause: MobileNetV2Error): Error;
}

export interface Sharing {
  /** Whether other threads may do a part of the work, or all of it. */
  readonly shared: boolean;
  /** The number of threads among which it may be divided. */
  readonly threads: number;
}

export interface SessionOptions {
  /** The number of threads that may share the work of a run. A page lets others do it even if it is 1. */
  readonly threads: number;
  /** Where the threads come from: the process's pool unless given. */
  readonly pool: ThreadPool | undefined;
}

export class Session<Plan extends { readonly bytes: number }, Weights, Code extends Compiled> {
  readonly #preparation: Preparation<Plan, Weights, Code>;
  readonly #threads: number;
  readonly #pool: ThreadPool | undefined;
  /** Whether other threads may do its work. */
  #shares: boolean;
  #store: Store<Weights> | undefined;
  readonly #turns = new Turns();
  /** By the shapes of inputs; the one that was used most recently is the last. */
  readonly #plans = new Map<string, Prepared<Plan, Weights, Code>>();
  #disposed = false;

  constructor(preparation: Preparation<Plan, Weights, Code>, { threads, pool }: SessionOptions) {
    this.#preparation = preparation;
    this.#threads = threads;
    this.#pool = pool;
    this.#shares = (threads > 1 || !mayBlock()) && canShare();
  }

  /** All bytes of the memory; 0 before the first run and after `dispose()`. */
  get memoryBytes(): number {
    return this.#disposed ? 0 : (this.#store?.place.memory.bytes ?? 0);
  }

  /** @throws StateError after `dispose()`. */
  assertAlive(): void {
    if (!this.#disposed) return;
    throw new MobileNetV2Error("StateError", `The ${this.#preparation.name} was disposed of. Make another one to run.`);
  }

  /**
   * Lets `work` use the plan for inputs of these shapes, once all runs before are done. Nothing is allocated, compiled or packed
   * before the first call. What could not be prepared is not remembered: the next call tries again.
   *
   * @throws LimitError if there is not enough memory, StateError after `dispose()` or if a thread was lost.
   */
  async run<T>(shapes: readonly Dims[], work: (prepared: Prepared<Plan, Weights, Code>) => Promise<T>): Promise<T> {
    this.assertAlive();
    return await this.#inTurn(async () => {
      this.assertAlive();
      if (this.#store?.place.isLost === true) this.#forget();
      const prepared = await this.#prepared(shapes);
      try {
        return await work(prepared);
      } catch (error) {
        // Whoever was lost may still write into the memory: it is not to be used again.
        if (isLoss(error)) this.#forget();
        throw error;
      }
    });
  }

  /** Frees the memory, once runs that have begun are done. */
  dispose(): void {
    if (this.#disposed) return;
    this.#disposed = true;
    void this.#inTurn(() => this.#release());
  }

  /** Runs of a session do not get into each other's way in its memory, nor those of several sessions in the threads that they share. */
  #inTurn<T>(work: () => T | Promise<T>): Promise<T> {
    return this.#turns.take(() => {
      if (this.#shares) return this.#threadPool().exclusively(work);
      return this.#isHosted() ? pageHost().turns.take(work) : work();
    });
  }

  #isHosted(): boolean {
    return this.#preparation.hosted && !mayBlock();
  }

  #threadPool(): ThreadPool {
    return this.#pool ?? sharedPool();
  }

  /** The next run begins anew. */
  #forget(): void {
    for (const { code } of this.#plans.values()) code.drop();
    this.#plans.clear();
    if (this.#store !== undefined) forgotten.unregister(this.#store);
    this.#store = undefined;
  }

  /** The next run begins anew, and others may have the memory. */
  #release(): void {
    const place = this.#store?.place;
    this.#forget();
    place?.release?.();
  }

  async #prepared(shapes: readonly Dims[]): Promise<Prepared<Plan, Weights, Code>> {
    const key = shapes.map((shape) => shape.join("x")).join(", ");
    const prepared = this.#plans.get(key) ?? (await this.#prepare(shapes));
    this.#plans.delete(key);
    this.#plans.set(key, prepared);
    const [oldest] = this.#plans;
    if (this.#plans.size > this.#preparation.plansKept && oldest !== undefined) {
      this.#plans.delete(oldest[0]);
      oldest[1].code.drop();
    }
    return prepared;
  }

  async #prepare(shapes: readonly Dims[]): Promise<Prepared<Plan, Weights, Code>> {
    const preparation = this.#preparation;
    const plan = preparation.plan(shapes, { shared: this.#shares, threads: this.#threads });
    try {
      return await this.#compiled(plan);
    } catch (error) {
      if (!(error instanceof MobileNetV2Error) || error.code !== "LimitError") throw error;
      if (this.#store?.place.shared !== true) throw preparation.tooLarge?.(plan, shapes, error) ?? error;
    }
    // There is more memory for one thread than for several.
    this.#shares = false;
    this.#release();
    return await this.#prepare(shapes);
  }

  async #compiled(plan: Plan): Promise<Prepared<Plan, Weights, Code>> {
    const store = (this.#store ??= await this.#newStore(plan.bytes));
    const { place } = store;
    this.#preparation.reserve(plan, store, this.#plans.size === 0);
    const arena = place.memory.reserveArena(plan.bytes);
    const compiled = await this.#preparation.compile(plan, store, arena);
    const module = await WebAssembly.compile(compiled.bytes);
    return { plan, store, arena, compiled, code: await place.load(module, compiled.runs) };
  }

  async #newStore(bytes: number): Promise<Store<Weights>> {
    const place = await this.#newPlace(bytes + this.#preparation.weightBytes);
    const store = { place, weights: this.#preparation.weights(place.memory) };
    if (place.release !== undefined) forgotten.register(store, place, store);
    return store;
  }

  async #newPlace(bytes: number): Promise<Place> {
    const shared = this.#shares ? EngineMemory.shared(bytes) : undefined;
    if (shared !== undefined) return new SharedPlace(shared, this.#threadPool(), this.#threads);
    const memory = new EngineMemory();
    if (this.#isHosted() && (await pageHost().start())) return pageHost().place(memory) ?? new OwnPlace(memory);
    return new OwnPlace(memory);
  }
}

/** Whether an error leaves nothing known of the content of the memory. */
function isLoss(error: unknown): boolean {
  return (
    error instanceof WebAssembly.RuntimeError || (error instanceof MobileNetV2Error && error.code === "StateError")
  );
}

/** Calls runs, and `onHost` for what the host does between them. */
export async function runStages<HostStep extends { readonly kind: string }>(
  code: Loaded,
  stages: readonly Stage<HostStep>[],
  onHost: (step: HostStep) => Promise<void> | void,
): Promise<void> {
  for (const stage of stages) {
    const running = isRun(stage) ? code.call(stage) : onHost(stage);
    // oxlint-disable-next-line no-await-in-loop -- one stage after the other
    if (running !== undefined) await running;
  }
}

/** The bytes of all weights of a program, as float32. */
export function weightBytes({ steps }: Program): number {
  const weights = new Set(steps.flatMap(({ layer }) => layer.weights));
  return [...weights].reduce((sum, weight) => sum + sizeOf(weight.shape) * 4, 0);
}

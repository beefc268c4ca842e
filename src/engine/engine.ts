/** The executor of the WebAssembly engine: a plan and a module for each input shape, one memory, packed weights; all of MobileNetV2 inside WebAssembly. */
import { sizeOf } from "../core/shape.ts";
import { Tensor } from "../core/tensor.ts";
import type { Executor } from "../graph/executor.ts";
import { checkInputs } from "../graph/inputs.ts";
import type { Program } from "../graph/program.ts";
import { type Tiling, tilingOf } from "../kernels/f32/tilings.ts";
import type { Features } from "../wasm/features.ts";
import { type Compiled, compile } from "./emit/compile.ts";
import { fold } from "../lowering/fold.ts";
import { lower } from "../lowering/lower.ts";
import type { Host, Operations } from "../lowering/operations.ts";
import type { Place } from "./memory/place.ts";
import type { MixedOperation } from "./operations.ts";
import { type Plan, plan } from "./plan/plan.ts";
import { type Preparation, type Prepared, Session, runStages, weightBytes } from "./session.ts";
import type { ThreadPool } from "./threads/pool.ts";
import { PackedWeights } from "./memory/weights.ts";
import { machineFeatures } from "./wide-simd.ts";

/** The number of input shapes whose plans are kept. */
const PLANS_KEPT = 8;

/** The number of pieces of a chain for each thread, so that none waits long for another. */
const CHAIN_PIECES = 2;

export interface EngineOptions {
  /** What the machine can do. Default: what is found out about it. */
  readonly features?: Features;
  /** The number of threads that may share the work of a run. A page lets others do it even if it is 1. Default: 1. */
  readonly threads?: number;
  /** Where the threads come from. Default: the pool of the process. */
  readonly pool?: ThreadPool;
  /** Makes what is run of the program's folded operations, as with integers in place of some. */
  readonly transform?: (operations: Operations) => Operations<MixedOperation>;
}

export class Engine implements Executor {
  readonly #program: Program;
  readonly #session: Session<Plan, PackedWeights, Compiled>;

  private constructor(
    program: Program,
    { features: available = machineFeatures(), threads = 1, transform, pool }: EngineOptions,
  ) {
    this.#program = program;
    this.#session = new Session(preparation(program, tilingOf(available), transform), { threads, pool });
  }

  /**
   * An engine for a program, on a machine with WebAssembly SIMD: `executorOf` asks for that. Nothing is allocated, compiled or packed
   * before the first run.
   */
  static create(program: Program, options: EngineOptions = {}): Promise<Engine> {
    return Promise.resolve(new Engine(program, options));
  }

  get memoryBytes(): number {
    return this.#session.memoryBytes;
  }

  async run(inputs: readonly Tensor[]): Promise<readonly Tensor<Float32Array>[]> {
    this.#session.assertAlive();
    const batch = checkInputs(this.#program, inputs);
    const shapes = inputs.map((input) => input.shape.slice(1));
    return await this.#session.run(shapes, (prepared) => execute(prepared, inputs, batch));
  }

  dispose(): void {
    this.#session.dispose();
  }

  [Symbol.dispose](): void {
    this.dispose();
  }
}

type Ready = Prepared<Plan, PackedWeights, Compiled>;

function preparation(
  program: Program,
  tiling: Tiling,
  transform: EngineOptions["transform"],
): Preparation<Plan, PackedWeights, Compiled> {
  return {
    name: "engine",
    plansKept: PLANS_KEPT,
    hosted: true,
    weightBytes: weightBytes(program),
    weights: (memory) => new PackedWeights(memory),
    plan: (shapes, { shared, threads }) => {
      const operations = fold(lower(program, shapes));
      return plan(transform?.(operations) ?? operations, { tiling, pieces: shared ? CHAIN_PIECES * threads : 1 });
    },
    reserve: ({ operations }, { weights }) => weights.reserve(operations),
    compile: async (planned, { place, weights }, arena) => {
      // Few models have integers: what emits them is loaded with the first of them.
      const emitIntegers = transform && (await import("./integers/emit.ts")).emitIntegers;
      return compile(planned, { arena, weights, shared: place.shared, emitIntegers });
    },
  };
}

async function execute(ready: Ready, inputs: readonly Tensor[], batch: number): Promise<Tensor<Float32Array>[]> {
  const { plan: planned, arena, store, code, compiled } = ready;
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
    await runStages(code, compiled.stages, (step) => compute(step, planned, arena, place));
    for (const [i, { offset, shape }] of planned.outputs.entries()) {
      const size = sizeOf(shape);
      outputs[i]?.data.set(await place.read(arena + offset, size), picture * size);
    }
  }
  return outputs;
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

/** Runs programs: a plan and a module for each input shape, one memory, packed weights; all of MobileNetV2 inside WebAssembly. */
import { MobileNetV2Error } from "../core/errors.ts";
import { type Dims, formatShape, shapesCompatible, sizeOf } from "../core/shape.ts";
import { Tensor } from "../core/tensor.ts";
import { evaluate } from "../graph/evaluate.ts";
import type { Program } from "../graph/program.ts";
import { type Tiling, TILINGS } from "../kernels/table.ts";
import { type Features, features } from "../wasm/features.ts";
import { type Stage, compile } from "./compile.ts";
import { fold } from "./fold.ts";
import { lower } from "./lower.ts";
import { EngineMemory } from "./memory.ts";
import { type Plan, plan } from "./plan.ts";
import { PackedWeights } from "./weights.ts";

/** Input shapes whose plans are kept; the least recently used one goes first. */
const PLANS_KEPT = 8;

interface Ready {
  readonly plan: Plan;
  readonly arena: number;
  readonly stages: readonly (() => void)[];
}

export class Engine {
  readonly #program: Program;
  readonly #features: Features;
  readonly #tiling: Tiling;
  #memory: EngineMemory | undefined;
  #weights: PackedWeights | undefined;
  readonly #plans = new Map<string, Promise<Ready>>();
  #disposed = false;

  private constructor(program: Program, available: Features) {
    this.#program = program;
    this.#features = available;
    this.#tiling = tilingOf(available);
  }

  /**
   * An engine for a program. Nothing is allocated, compiled or packed before the first run.
   * Without WebAssembly SIMD the layers' own forwards are used, which are many times slower.
   */
  static create(program: Program, available: Features = features()): Promise<Engine> {
    return Promise.resolve(new Engine(program, available));
  }

  /** All bytes that the engine holds: packed weights and working memory. */
  get memoryBytes(): number {
    return this.#memory?.bytes ?? 0;
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
      return evaluate(
        this.#program,
        inputs.map((input) => input.toFloat32()),
      );
    }
    const ready = await this.#ready(inputs.map((input) => input.shape.slice(1)));
    this.#assertAlive();
    return this.#execute(ready, inputs, batch);
  }

  /** Frees the memory. */
  dispose(): void {
    this.#disposed = true;
    this.#memory = undefined;
    this.#weights = undefined;
    this.#plans.clear();
  }

  [Symbol.dispose](): void {
    this.dispose();
  }

  #assertAlive(): void {
    if (this.#disposed)
      throw new MobileNetV2Error("StateError", "The engine was disposed of. Make another one to run.");
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
    const [oldest] = this.#plans.keys();
    if (this.#plans.size > PLANS_KEPT && oldest !== undefined) this.#plans.delete(oldest);
    // A start that failed must not be remembered: the next call tries again.
    made.catch(() => {
      if (this.#plans.get(key) === made) this.#plans.delete(key);
    });
    return made;
  }

  async #prepare(shapes: readonly Dims[]): Promise<Ready> {
    const memory = (this.#memory ??= new EngineMemory());
    const weights = (this.#weights ??= new PackedWeights(memory, this.#tiling));
    const planned = plan(fold(lower(this.#program, shapes)));
    // Weights come before the arena, so that it can grow.
    weights.reserve(planned.operations);
    const arena = memory.reserveArena(planned.bytes);
    const compiled = compile(planned, { arena, weights, tiling: this.#tiling });
    const module = await WebAssembly.compile(compiled.bytes);
    const env = { memory: memory.memory };
    const { exports } = await WebAssembly.instantiate(module, { env });
    const stages = compiled.stages.map((stage) => this.#stage(stage, exports, planned, arena));
    return { plan: planned, arena, stages };
  }

  #stage(stage: Stage, exports: WebAssembly.Exports, planned: Plan, arena: number): () => void {
    if (typeof stage !== "string") {
      return () => {
        const values = stage.inputs.map((input) => this.#read(planned, arena, input));
        const result = stage.compute(values);
        this.#floats.set(result.data, (arena + (planned.offsets[stage.output] ?? 0)) / 4);
      };
    }
    const run = exports[stage];
    if (typeof run !== "function") throw new MobileNetV2Error("StateError", `The compiled module has no ${stage}.`);
    return () => {
      run();
    };
  }

  get #floats(): Float32Array {
    if (this.#memory === undefined) throw new MobileNetV2Error("StateError", "The engine has no memory yet.");
    return this.#memory.floats;
  }

  /** A copy of a value, with a batch of one. */
  #read(planned: Plan, arena: number, value: number): Tensor<Float32Array> {
    const shape = planned.shapes[value] ?? [];
    const from = (arena + (planned.offsets[value] ?? 0)) / 4;
    return new Tensor([1, ...shape], this.#floats.slice(from, from + sizeOf(shape)));
  }

  #execute({ plan: planned, arena, stages }: Ready, inputs: readonly Tensor[], batch: number): Tensor<Float32Array>[] {
    this.#weights?.refresh();
    const floats = this.#floats;
    const outputs = planned.outputs.map(
      ({ shape }) => new Tensor([batch, ...shape], new Float32Array(batch * sizeOf(shape))),
    );
    for (let picture = 0; picture < batch; picture++) {
      for (const [i, { address, rows, length, stride }] of planned.inputs.entries()) {
        const data = inputs[i]?.data;
        const first = (arena + address) / 4;
        for (let row = 0; row < rows; row++) {
          const from = (picture * rows + row) * length;
          if (data !== undefined) floats.set(data.subarray(from, from + length), first + row * stride);
        }
      }
      for (const stage of stages) stage();
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

function tilingOf({ relaxedSimd, wideSimd }: Features): Tiling {
  if (!relaxedSimd) return TILINGS.mul;
  return wideSimd ? TILINGS.wide : TILINGS.fma;
}

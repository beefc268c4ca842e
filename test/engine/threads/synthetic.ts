/** A task whose every step needs what all shares of the step before made: y[i] = 3 x[i] + x[n - 1 - i] + i, from one buffer into the other. */
import { CONTROL_BYTES, OneThread, type Shares, SharedRuns } from "../../../src/engine/threads/shares.ts";
import { Task } from "../../../src/engine/threads/task.ts";
import type { FunctionBuilder } from "../../../src/wasm/function.ts";
import { i32 } from "../../../src/wasm/instructions.ts";
import { ModuleBuilder } from "../../../src/wasm/module.ts";

const FROM = CONTROL_BYTES;

export interface Shape {
  /** Numbers in a buffer; shares of a step take at most so many of them. */
  readonly numbers: number;
  readonly most: number;
  readonly steps: number;
  /** Does each step so often. */
  readonly rounds?: number;
}

function addresses({ numbers }: Shape): readonly [number, number] {
  return [FROM, FROM + numbers * 4];
}

function emitSteps(f: FunctionBuilder, shares: Shares, shape: Shape): void {
  const { numbers, most, steps, rounds = 1 } = shape;
  const buffers = addresses(shape);
  for (let step = 0; step < steps; step++) {
    const [x = 0, y = 0] = step % 2 === 0 ? buffers : buffers.toReversed();
    shares.barrier();
    shares.share(numbers, most, (from, count) => {
      const round = f.local("i32", i32.const(rounds));
      f.times(round, () => {
        const left = f.local("i32", count);
        const i = f.local("i32", from);
        const at = (base: number, index: typeof i | ReturnType<typeof i32.sub>) =>
          i32.add(i32.const(base), i32.shl(index, i32.const(2)));
        f.times(left, () => {
          const mirrored = i32.load(at(x, i32.sub(i32.const(numbers - 1), i)));
          const value = i32.add(i32.add(i32.mul(i32.load(at(x, i)), i32.const(3)), mirrored), i);
          f.store(i32.store(at(y, i), value));
          f.increase(i, 1);
        });
      });
    });
  }
}

export function expected({ numbers, steps }: Shape): Int32Array {
  let x = new Int32Array(numbers);
  for (let step = 0; step < steps; step++) {
    x = x.map((value, i) => Math.imul(value, 3) + (x[numbers - 1 - i] ?? 0) + i);
  }
  return x;
}

export interface Synthetic {
  readonly task: Task;
  /** Zeros into the first buffer. */
  reset(): void;
  result(): Int32Array;
}

export async function synthetic(shape: Shape): Promise<Synthetic> {
  const builder = new ModuleBuilder({ shared: true });
  const runs = new SharedRuns(builder);
  const f = builder.export(builder.function("run_0"));
  const shares = runs.start(f);
  emitSteps(f, shares, shape);
  const module = await WebAssembly.compile(builder.toBytes());
  const memory = new WebAssembly.Memory({ initial: 16, maximum: 16, shared: true });
  const task = await Task.create(module, memory, [{ name: "run_0", shares: shares.count }]);
  const buffers = addresses(shape);
  const numbers = (address = 0): Int32Array => new Int32Array(memory.buffer, address, shape.numbers);
  return {
    task,
    reset: () => numbers(buffers[0]).fill(0),
    result: () => Int32Array.from(numbers(buffers[shape.steps % 2])),
  };
}

/** The same by one thread, without any counters. */
export async function alone(shape: Shape): Promise<Int32Array> {
  const builder = new ModuleBuilder();
  const f = builder.export(builder.function("run_0"));
  emitSteps(f, new OneThread(f), shape);
  const memory = new WebAssembly.Memory({ initial: 16, maximum: 16 });
  const { instance } = await WebAssembly.instantiate(builder.toBytes(), { env: { memory } });
  const run = instance.exports["run_0"];
  if (typeof run !== "function") throw new Error("no run_0");
  run();
  return new Int32Array(memory.buffer, addresses(shape)[shape.steps % 2], shape.numbers);
}

/** Every executor that there is. A new back end is a line here: all cases then run against it. */
import type { Tensor } from "../../src/core/tensor.ts";
import { executorOf } from "../../src/engine/executor-of.ts";
import { toIntegers } from "../../src/engine/integers/integers.ts";
import { canShare } from "../../src/engine/threads/pool.ts";
import { execute } from "../../src/graph/execute.ts";
import type { Executor } from "../../src/graph/executor.ts";
import type { Program } from "../../src/graph/program.ts";
import { type Features, features } from "../../src/wasm/features.ts";
import { quantized } from "../engine/integers/run.ts";
import { needsRelaxedSimd } from "../support/wasm.ts";

export interface ExecutorUnderTest {
  readonly name: string;
  /** Why it cannot be tested on this machine. */
  readonly skip: string | false;
  /** Whether its numbers are float32, so that each case's tolerance holds; else only the signal over noise that a case asks of integers. */
  readonly floats: boolean;
  /** Whether it has a memory of its own, which `memoryBytes` tells and which comes to an end. */
  readonly hasMemory: boolean;
  /** `inputs` are like those that the program will get. */
  make(program: Program, inputs: readonly Tensor<Float32Array>[]): Promise<Executor>;
}

const MUL: Features = { simd: true, relaxedSimd: false, wideSimd: false };
const FMA: Features = { simd: true, relaxedSimd: true, wideSimd: false };
/** The kernels for 256 bits, which give the same whether V8 joins their vectors or not. */
const WIDE: Features = { simd: true, relaxedSimd: true, wideSimd: true };

const needsSimd = features().simd ? false : "needs WebAssembly SIMD";
const needsSharedMemory = canShare() ? needsSimd : "needs shared memory and threads";

export function engine(name: string, available: Features, threads = 1): ExecutorUnderTest {
  const skip = threads > 1 ? needsSharedMemory : needsSimd;
  return {
    name: `the engine, ${name}, ${threads === 1 ? "alone" : `on ${threads} threads`}`,
    skip: skip || (available.relaxedSimd && needsRelaxedSimd),
    floats: true,
    hasMemory: true,
    make: (program) => executorOf(program, { features: available, threads }),
  };
}

function integers(name: string, { wide = false, threads = 1 }): ExecutorUnderTest {
  return {
    name: `the engine in integers, ${name}`,
    skip: threads > 1 ? needsSharedMemory : needsSimd,
    floats: false,
    hasMemory: true,
    make: async (program, inputs) => {
      const network = await quantized(program, inputs);
      return executorOf(program, {
        threads,
        transform: (operations) => toIntegers(operations, network, "i16", wide),
      });
    },
  };
}

export const EXECUTORS: readonly ExecutorUnderTest[] = [
  {
    name: "the layers' own forwards",
    skip: false,
    floats: true,
    hasMemory: false,
    make: (program) => Promise.resolve(execute(program)),
  },
  engine("multiplying and adding", MUL),
  engine("fused multiply-add", FMA),
  engine("kernels for 256 bits", WIDE),
  engine("multiplying and adding", MUL, 2),
  engine("fused multiply-add", FMA, 3),
  integers("alone", {}),
  integers("kernels for 256 bits on 2 threads", { wide: true, threads: 2 }),
];

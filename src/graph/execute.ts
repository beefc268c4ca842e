/** The executor of the layers' own scalar forwards: for machines without WebAssembly SIMD, and the one that the others are held against. */
import { MobileNetV2Error } from "../core/errors.ts";
import { Tensor } from "../core/tensor.ts";
import { evaluate } from "./evaluate.ts";
import type { Executor } from "./executor.ts";
import { checkInputs } from "./inputs.ts";
import type { Program } from "./program.ts";

export function execute(program: Program): Executor {
  return new ScalarExecutor(program);
}

class ScalarExecutor implements Executor {
  readonly memoryBytes = 0;
  readonly #program: Program;
  #disposed = false;

  constructor(program: Program) {
    this.#program = program;
  }

  async run(inputs: readonly Tensor[]): Promise<readonly Tensor<Float32Array>[]> {
    if (this.#disposed) {
      throw new MobileNetV2Error("StateError", "The executor was disposed of. Make another one to run.");
    }
    checkInputs(this.#program, inputs);
    const outputs = evaluate(
      this.#program,
      inputs.map((input) => input.toFloat32()),
    );
    const taken = new Set<ArrayBufferLike>(inputs.map(({ data }) => data.buffer));
    return outputs.map((output) => {
      // An output that is an input, or a view of another output.
      const own = taken.has(output.data.buffer) ? new Tensor(output.shape, output.data.slice()) : output;
      taken.add(own.data.buffer);
      return own;
    });
  }

  dispose(): void {
    this.#disposed = true;
  }

  [Symbol.dispose](): void {
    this.dispose();
  }
}

/** Which values share memory, and how long each piece of memory is needed. */
import type { LiveBuffer } from "./arena.ts";
import { type EngineOperation, type SelectedConvolution, inputsOf, scratchOf } from "../operations.ts";
import type { IntegerConvolution } from "../integers/operations.ts";

/** The values that are there at the start of a run, and those that must be there at its end. */
export interface Ends {
  readonly inputs: readonly number[];
  readonly outputs: readonly number[];
}

export class Storage {
  /** All memory that the values need. */
  readonly buffers: LiveBuffer[] = [];
  readonly #buffer = new Map<number, number>();
  /** For a value that lies in the memory of another one, that one. */
  readonly #parents = new Map<number, number>();
  readonly #first = new Map<number, number>();
  readonly #last = new Map<number, number>();

  /** `sizes` are the bytes of all values. */
  constructor(list: readonly EngineOperation[], sizes: readonly number[], { inputs, outputs }: Ends) {
    for (const { kind, output, ...rest } of list) {
      if (kind === "alias" && "input" in rest) this.#parents.set(output, rest.input);
    }
    for (const input of inputs) this.#live(input, -1);
    for (const [i, operation] of list.entries()) {
      for (const value of [...inputsOf(operation), ...scratchOf(operation), operation.output]) this.#live(value, i);
    }
    for (const output of outputs) this.#live(output, list.length);
    for (const [i, operation] of list.entries()) {
      for (const value of overwritable(operation)) {
        const root = this.#root(value);
        const output = this.#root(operation.output);
        if (root === output || this.#last.get(root) !== i) continue;
        // A convolution reads its input again when it has written its first results.
        if (readsAgain(operation) && this.#root(operation.input) === root) continue;
        if (sizes[root] !== sizes[output]) continue;
        this.#parents.set(output, root);
        this.#last.set(root, this.#last.get(output) ?? i);
        break;
      }
    }
    for (const value of sizes.keys()) {
      const root = this.#root(value);
      if (this.#buffer.has(root)) continue;
      const from = this.#first.get(root);
      if (from === undefined) continue;
      const bytes = sizes[root] ?? 0;
      this.#buffer.set(root, this.buffers.push({ bytes, from, to: this.#last.get(root) ?? from }) - 1);
    }
  }

  /** The number of the buffer that a value lies in. */
  bufferOf(value: number): number {
    return this.#buffer.get(this.#root(value)) ?? 0;
  }

  #root(value: number): number {
    let root = value;
    for (let up = this.#parents.get(root); up !== undefined; up = this.#parents.get(root)) root = up;
    return root;
  }

  #live(value: number, at: number): void {
    const root = this.#root(value);
    this.#first.set(root, Math.min(this.#first.get(root) ?? at, at));
    this.#last.set(root, Math.max(this.#last.get(root) ?? at, at));
  }
}

function readsAgain(operation: EngineOperation): operation is SelectedConvolution | IntegerConvolution {
  return operation.kind === "convolution" || operation.kind === "integer convolution";
}

/** The inputs over which an operation may write its output, element by element. */
function overwritable(operation: EngineOperation): readonly number[] {
  switch (operation.kind) {
    case "clamp":
    case "map":
    case "affine":
    case "softmax":
      return [operation.input];
    case "sum":
      return operation.inputs;
    case "convolution":
      return operation.residual === undefined ? [] : [operation.residual];
    case "integer convolution":
      return operation.residual === undefined ? [] : [operation.residual.value];
    default:
      return [];
  }
}

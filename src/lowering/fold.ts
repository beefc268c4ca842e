/** Operations → fewer operations: normalizations, bounds, sums and padding move into convolutions if nothing else reads the value between. */
import { type Convolution, type Operation, type Operations, inputsOf, usesOf } from "./operations.ts";
import { hasPads } from "./windows.ts";

/** Folds what can be folded. Values that are outputs, or are read twice, stay. */
export function fold(operations: Operations): Operations {
  const folding = new Folding(operations);
  for (const operation of operations.list) folding.add(operation);
  return { ...operations, list: folding.list() };
}

class Folding {
  /** What makes each value. */
  readonly #makers = new Map<number, Operation>();
  /** In order; a folded operation is taken out. */
  readonly #operations = new Set<Operation>();
  readonly #uses: ReadonlyMap<number, number>;

  constructor(operations: Operations) {
    this.#uses = usesOf(operations, inputsOf);
  }

  list(): Operation[] {
    return [...this.#operations];
  }

  add(operation: Operation): void {
    const folded = this.#folded(operation);
    if (folded !== undefined) {
      this.#operations.delete(folded.from);
      operation = folded.to;
    }
    this.#operations.add(operation);
    this.#makers.set(operation.output, operation);
  }

  /** The maker of a value that only one operation uses. */
  #maker(value: number): Operation | undefined {
    return this.#uses.get(value) === 1 ? this.#makers.get(value) : undefined;
  }

  /** The earlier operation and this one as one; it takes the place of this one. */
  #folded(operation: Operation): { from: Operation; to: Operation } | undefined {
    switch (operation.kind) {
      case "affine": {
        const from = this.#maker(operation.input);
        if (from?.kind !== "convolution" || from.bounds !== undefined || from.residual !== undefined) return undefined;
        return { from, to: { ...from, output: operation.output, affines: [...from.affines, operation.affine] } };
      }
      case "clamp": {
        const from = this.#maker(operation.input);
        if ((from?.kind !== "convolution" && from?.kind !== "sum") || from.bounds !== undefined) return undefined;
        return { from, to: { ...from, output: operation.output, bounds: operation.bounds } };
      }
      case "sum": {
        const [a, b] = operation.inputs;
        // The convolution moves to the place of the sum: by then the other summand is there.
        for (const [value, residual] of [[b, a] as const, [a, b] as const]) {
          const from = this.#maker(value);
          if (from?.kind !== "convolution" || !takesResidual(from)) continue;
          const { output, bounds } = operation;
          return { from, to: { ...from, output, residual, unadded: from.output, bounds } };
        }
        return undefined;
      }
      case "convolution": {
        const from = this.#maker(operation.input);
        if (from?.kind !== "pad" || hasPads(operation.window)) return undefined;
        const window = { ...operation.window, pads: from.pads };
        return { from, to: { ...operation, input: from.input, from: from.from, window } };
      }
      default:
        return undefined;
    }
  }
}

function takesResidual({ groups, bounds, residual }: Convolution): boolean {
  return groups === 1 && bounds === undefined && residual === undefined;
}

/** Reverse-mode differentiation: which operations find the gradients of wanted weights and outputs, and where each gradient is kept. */
import type { Weight } from "../../layers/weight.ts";
import type { GradientOf, Reduction, Wanted } from "./gradients.ts";
import { type Lowered, rawOf } from "./lower.ts";
import { type Matrix, type View, isRaw } from "./matrices.ts";
import type { Tape } from "./operations/kind.ts";
import { type Backward, type Forward, backwardKind, forwardKind } from "./operations/table.ts";

/** A gradient that is there before the first operation: of an output, or of what it is softmax or sigmoid of. */
export interface Seed {
  /** The number of the output. */
  readonly output: number;
  readonly of: "output" | "logits";
  readonly gradient: number;
}

export interface Backwards {
  readonly list: readonly Backward[];
  /** The shapes of gradients; their numbers come after those of the values. */
  readonly gradients: readonly Matrix[];
  readonly seeds: readonly Seed[];
  /** For each wanted output the number of its gradient; undefined if the loss cannot depend on it. */
  readonly outputs: readonly (number | undefined)[];
}

/** Finds the gradients of these weights, and of the outputs of these numbers. */
export function backwards(lowered: Lowered, weights: readonly Weight[], outputs: readonly number[]): Backwards {
  const reverse = new Reverse(lowered, weights, outputs);
  for (const operation of lowered.list.toReversed()) reverse.operation(operation);
  for (const input of lowered.inputs) reverse.input(input);
  return reverse.result();
}

class Reverse {
  readonly #lowered: Lowered;
  readonly #weights: ReadonlySet<Weight>;
  /** Weights that have a part of their gradient already. */
  readonly #begun = new Set<Weight>();
  readonly #list: Backward[] = [];
  readonly #gradients: Matrix[] = [];
  readonly #seeds: Seed[] = [];
  readonly #outputs: readonly (View | undefined)[];
  /** Matrices whose gradient is needed. */
  readonly #needed = new Set<number>();
  /** The gradients that there are by now: for each matrix those of its views. */
  readonly #found = new Map<number, Map<View, number>>();
  /** Views whose gradient has become a part of that of their matrix. */
  readonly #passed = new Set<View>();
  /** Views that share the memory of a gradient and are still to be followed. */
  readonly #holders = new Map<number, Set<View>>();

  constructor(lowered: Lowered, weights: readonly Weight[], outputs: readonly number[]) {
    this.#lowered = lowered;
    this.#weights = new Set(weights);
    this.#outputs = outputs.map((number) => lowered.outputs[number]?.view);
    for (const view of this.#outputs) if (view !== undefined && isRaw(view)) this.#needed.add(view.of);
    for (const operation of lowered.list) {
      if (!this.#isUseful(operation)) continue;
      for (const output of forwardKind(operation).writes(operation)) this.#needed.add(output);
    }
    for (const [output, { matrix, logits }] of lowered.outputs.entries()) {
      this.#seed(output, "output", matrix);
      if (logits !== undefined) this.#seed(output, "logits", logits);
    }
  }

  result(): Backwards {
    const outputs = this.#outputs.map((view) => view && this.#found.get(view.of)?.get(view));
    return { list: fused(this.#list, this.#lowered), gradients: this.#gradients, seeds: this.#seeds, outputs };
  }

  operation(operation: Forward): void {
    for (const output of forwardKind(operation).writes(operation)) {
      const found = this.#followed(output);
      if (found === undefined) continue;
      if (this.#isUseful(operation)) forwardKind(operation).gradient(operation, this.#tape(output, found));
      for (const [view, gradient] of found) {
        if (!this.#outputs.includes(view)) this.#holders.get(gradient)?.delete(view);
      }
    }
  }

  input(matrix: number): void {
    this.#followed(matrix);
  }

  /** The gradients of a matrix's views, once all operations that read it have been followed. */
  #followed(matrix: number): ReadonlyMap<View, number> | undefined {
    const found = this.#found.get(matrix);
    if (found === undefined) return undefined;
    for (const [view, gradient] of found) this.#reduce(view, gradient);
    if (this.#outputs.includes(this.#raw(matrix))) this.#explicit(matrix, found);
    return found;
  }

  #seed(output: number, of: Seed["of"], matrix: number): void {
    if (!this.#needed.has(matrix)) return;
    const gradient = this.#gradient(matrix);
    this.#seeds.push({ output, of, gradient });
    this.#pass(this.#raw(matrix), gradient);
  }

  #raw(matrix: number): View {
    return rawOf(this.#lowered, matrix);
  }

  #isWanted(weights: readonly Weight[]): boolean {
    return weights.some((weight) => this.#weights.has(weight));
  }

  #needs(view: View): boolean {
    const layer = view.scaling?.layer;
    return (
      this.#needed.has(view.of) ||
      (layer !== undefined && this.#isWanted(layer.weights)) ||
      this.#outputs.includes(view)
    );
  }

  /** Whether the gradient of an operation's output leads to anything that is wanted. */
  #isUseful(operation: Forward): boolean {
    const kind = forwardKind(operation);
    return (
      this.#isWanted(kind.weights?.(operation) ?? []) ||
      kind.reads(operation, (matrix) => this.#raw(matrix)).some((view) => this.#needs(view))
    );
  }

  #want(weight: Weight | undefined): Wanted {
    if (weight === undefined || !this.#weights.has(weight)) return "no";
    if (this.#begun.has(weight)) return "added";
    this.#begun.add(weight);
    return "first";
  }

  /** A new gradient of a matrix's shape. */
  #gradient(matrix: number): number {
    const like = this.#lowered.matrices[matrix];
    if (like === undefined) throw new Error(`no matrix ${matrix}`);
    return this.#lowered.matrices.length + this.#gradients.push(like) - 1;
  }

  /** Where the gradient of a view is written when something is added to it: over what is there, unless others still need that. */
  #place(view: View, before: number): number {
    const holders = this.#holders.get(before);
    const shared = [...(holders ?? [])].some((holder) => holder !== view);
    return shared ? this.#gradient(view.of) : before;
  }

  #put(view: View, gradient: number): void {
    const found = this.#found.get(view.of) ?? new Map<View, number>();
    this.#found.set(view.of, found);
    const before = found.get(view);
    if (before !== undefined) this.#holders.get(before)?.delete(view);
    found.set(view, gradient);
    const holders = this.#holders.get(gradient) ?? new Set();
    this.#holders.set(gradient, holders.add(view));
  }

  /** A view's gradient, or a part of it, is the gradient that is there already. */
  #pass(view: View, gradient: number): void {
    if (!this.#needs(view)) return;
    const before = this.#found.get(view.of)?.get(view);
    if (before === undefined) this.#put(view, gradient);
    else {
      const to = this.#place(view, before);
      this.#list.push({ kind: "addition", inputs: [before, gradient], to });
      this.#put(view, to);
    }
  }

  /** An operation writes a view's gradient, or a part of it. */
  #write(view: View, make: (to: number) => Backward): void {
    if (!this.#needs(view)) return;
    const part = this.#gradient(view.of);
    this.#list.push(make(part));
    this.#pass(view, part);
  }

  /** Through normalization, every value depends on all others of its channel. */
  #reduce(view: View, gradient: number): void {
    const { scaling } = view;
    if (scaling === undefined) return;
    const { layer, kind } = scaling;
    const coefficients = kind === "batch" && this.#needed.has(view.of);
    const gamma = this.#want(layer?.scale === true ? layer.weight("gamma") : undefined);
    const beta = this.#want(layer?.center === true ? layer.weight("beta") : undefined);
    if (!coefficients && gamma === "no" && beta === "no") return;
    this.#list.push({ kind: "reduction", from: { view, gradient }, scaling, gamma, beta });
  }

  /** The gradient of a matrix in memory, to which those of all its views have been added. */
  #explicit(matrix: number, found: ReadonlyMap<View, number>): number {
    const raw = this.#raw(matrix);
    for (const [view, gradient] of Array.from(found)) {
      if (isRaw(view) || this.#passed.has(view)) continue;
      this.#passed.add(view);
      this.#write(raw, (to) => ({ kind: "through", from: { view, gradient }, to }));
    }
    const gradient = found.get(raw);
    if (gradient === undefined) throw new Error(`no gradient of matrix ${matrix}`);
    return gradient;
  }

  /** The same by an operation that can add to what is there. */
  #writeOrAdd(view: View, make: (to: number, added: number | undefined) => Backward): void {
    const before = this.#found.get(view.of)?.get(view);
    if (before === undefined || !this.#needs(view)) {
      this.#write(view, (to) => make(to, undefined));
      return;
    }
    const to = this.#place(view, before);
    this.#list.push(make(to, before));
    this.#put(view, to);
  }

  #tape(matrix: number, found: ReadonlyMap<View, number>): Tape<Backward> {
    return {
      raw: (of) => this.#raw(of),
      output: () => this.#explicit(matrix, found),
      seen: (): GradientOf => {
        const [only, another] = found;
        if (only === undefined || another !== undefined) {
          return { view: this.#raw(matrix), gradient: this.#explicit(matrix, found) };
        }
        return { view: only[0], gradient: only[1] };
      },
      needs: (view) => this.#needs(view),
      want: (weight) => this.#want(weight),
      newGradient: (view) => this.#gradient(view.of),
      add: (operation) => this.#list.push(operation),
      pass: (view, gradient) => this.#pass(view, gradient),
      write: (view, make) => this.#write(view, make),
      writeOrAdd: (view, make) => this.#writeOrAdd(view, make),
    };
  }
}

/** Reductions are done where the gradient is completed, while it is in the cache. */
function fused(list: readonly Backward[], lowered: Lowered): Backward[] {
  const result: Backward[] = [];
  for (const operation of list) {
    const completed = operation.kind === "reduction" ? completion(result, operation, lowered) : undefined;
    if (completed === undefined) result.push(operation);
    else result[completed.place] = completed.by;
  }
  return result;
}

/** What completes the gradient that a reduction reads, with the reduction in it; undefined if it cannot do that. */
function completion(
  list: readonly Backward[],
  reduction: Reduction,
  { matrices }: Lowered,
): { readonly place: number; readonly by: Backward } | undefined {
  // What is added to comes first.
  if (reduction.gamma === "added" || reduction.beta === "added") return undefined;
  const place = list.findLastIndex((operation) =>
    backwardKind(operation).writes(operation).includes(reduction.from.gradient),
  );
  const writer = list[place];
  const by =
    writer &&
    backwardKind(writer).reducing?.(writer, reduction, (number) => {
      const matrix = matrices[number];
      if (matrix === undefined) throw new Error(`no matrix ${number}`);
      return matrix;
    });
  return by && { place, by };
}

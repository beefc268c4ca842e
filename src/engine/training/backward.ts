/** Reverse-mode differentiation: which operations find the gradients of wanted weights and outputs, and where each gradient is kept. */
import type { Weight } from "../../layers/weight.ts";
import type { Backward, Backwards, GradientOf, Reduction, Seed, Wanted } from "./gradients.ts";
import { writes } from "./gradients.ts";
import type { Convolution, Forward, Host, Lowered, Matrix, View } from "./operations.ts";
import { isRaw, viewOf, viewsOf, weightsOf } from "./operations.ts";

/** @param outputs the numbers of the outputs whose gradients are wanted. */
export function backwards(lowered: Lowered, weights: readonly Weight[], outputs: readonly number[]): Backwards {
  const reverse = new Reverse(lowered, weights, outputs);
  for (const operation of lowered.list.toReversed()) {
    if (operation.kind !== "statistics") reverse.operation(operation);
  }
  for (const input of lowered.inputs) reverse.input(input);
  return reverse.result();
}

type Maker = Exclude<Forward, { kind: "statistics" }>;

class Reverse {
  readonly #lowered: Lowered;
  readonly #weights: ReadonlySet<Weight>;
  /** Weights that have a gradient already. */
  readonly #begun = new Set<Weight>();
  readonly #list: Backward[] = [];
  readonly #gradients: Matrix[] = [];
  readonly #seeds: Seed[] = [];
  readonly #outputs: readonly (View | undefined)[];
  /** Matrices whose gradient is needed. */
  readonly #needed = new Set<number>();
  /** What there is by now: of each matrix, for each of its views. */
  readonly #found = new Map<number, Map<View, number>>();
  /** Views whose gradient has become a part of their matrix's. */
  readonly #passed = new Set<View>();
  /** Views that share the memory of a gradient and are still to be followed. */
  readonly #holders = new Map<number, Set<View>>();

  constructor(lowered: Lowered, weights: readonly Weight[], outputs: readonly number[]) {
    this.#lowered = lowered;
    this.#weights = new Set(weights);
    this.#outputs = outputs.map((number) => lowered.outputs[number]?.view);
    for (const view of this.#outputs) if (view !== undefined && isRaw(view)) this.#needed.add(view.of);
    for (const operation of lowered.list) {
      if (operation.kind !== "statistics" && this.#isUseful(operation)) this.#needed.add(operation.output);
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

  operation(operation: Maker): void {
    const found = this.#followed(operation.output);
    if (found === undefined) return;
    if (this.#isUseful(operation)) this.#differentiate(operation, found);
    for (const [view, gradient] of found) {
      if (!this.#outputs.includes(view)) this.#holders.get(gradient)?.delete(view);
    }
  }

  input(matrix: number): void {
    this.#followed(matrix);
  }

  /** What is known of a matrix's gradient once all who use it have been followed. */
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
    return viewOf(this.#lowered.raw, matrix);
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

  /** Whether anything is found by going on from the gradient of its output. */
  #isUseful(operation: Maker): boolean {
    return (
      this.#isWanted(weightsOf(operation)) || viewsOf(operation, this.#lowered.raw).some((view) => this.#needs(view))
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

  /** Normalization makes every value depend on all others of its channel. */
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

  /** The gradient of a matrix in memory, whatever it is read through. */
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

  #differentiate(operation: Maker, found: ReadonlyMap<View, number>): void {
    const matrix = operation.output;
    const explicit = (): number => this.#explicit(matrix, found);
    switch (operation.kind) {
      case "convolution": {
        const [only, another] = found;
        const [view, gradient] = only === undefined || another !== undefined ? [this.#raw(matrix), explicit()] : only;
        this.#convolution(operation, { view, gradient });
        return;
      }
      case "sum": {
        const gradient = explicit();
        for (const input of operation.inputs) this.#pass(input, gradient);
        return;
      }
      case "host":
        this.#host(operation, explicit());
        return;
      case "pad": {
        const from = explicit();
        this.#write(operation.input, (to) => ({ kind: "pad gradient", forward: operation, from, to }));
        return;
      }
      case "mean": {
        const from = explicit();
        this.#write(operation.input, (to) => ({ kind: "mean gradient", forward: operation, from, to }));
        return;
      }
      case "largest": {
        const from = explicit();
        this.#write(operation.input, (to) => ({ kind: "largest gradient", forward: operation, from, to }));
        return;
      }
      case "average": {
        const from = explicit();
        this.#write(this.#raw(operation.input), (to) => ({ kind: "average gradient", forward: operation, from, to }));
        return;
      }
      case "mask": {
        const from = explicit();
        this.#write(operation.input, (to) => ({ kind: "mask gradient", forward: operation, from, to }));
        return;
      }
      case "activation": {
        const from = explicit();
        this.#write(this.#raw(operation.input), (to) => ({
          kind: "activation gradient",
          forward: operation,
          from,
          to,
        }));
      }
    }
  }

  #convolution(forward: Convolution, from: GradientOf): void {
    const { input, kernel, bias } = forward;
    const common = {
      kind: "convolution gradient" as const,
      forward,
      from,
      kernel: this.#want(kernel),
      bias: this.#want(bias),
    };
    const before = this.#found.get(input.of)?.get(input);
    if (!this.#needs(input)) this.#list.push({ ...common, input: undefined });
    else if (forward.by === "pixels" && before !== undefined) {
      const to = this.#place(input, before);
      this.#list.push({ ...common, input: { to, add: before, reductions: [] } });
      this.#put(input, to);
    } else this.#write(input, (to) => ({ ...common, input: { to, add: undefined, reductions: [] } }));
  }

  #host(forward: Host, from: number): void {
    const inputs = forward.inputs.map((input) => this.#raw(input));
    const to = inputs.map((view) => (this.#needs(view) ? this.#gradient(view.of) : undefined));
    const weights = forward.layer.weights.map((weight) => ({ weight, wanted: this.#want(weight) }));
    this.#list.push({ kind: "host gradient", forward, from, to, weights });
    for (const [i, view] of inputs.entries()) {
      const part = to[i];
      if (part !== undefined) this.#pass(view, part);
    }
  }
}

/** Reductions are done where the gradient is completed, while it is in the cache. */
function fused(list: readonly Backward[], { matrices }: Lowered): Backward[] {
  const result: Backward[] = [];
  for (const operation of list) {
    const place = operation.kind === "reduction" ? completion(result, operation, matrices) : undefined;
    const by = place === undefined ? undefined : result[place];
    if (operation.kind !== "reduction" || place === undefined || by?.kind !== "convolution gradient" || !by.input) {
      result.push(operation);
    } else {
      result[place] = { ...by, input: { ...by.input, reductions: [...by.input.reductions, operation] } };
    }
  }
  return result;
}

/** The place of the operation that completes the gradient that a reduction reads, where it can do the reduction. */
function completion(list: readonly Backward[], reduction: Reduction, matrices: readonly Matrix[]): number | undefined {
  const { gradient, view } = reduction.from;
  // What is added to comes first.
  if (reduction.gamma === "added" || reduction.beta === "added") return undefined;
  const place = list.findLastIndex((operation) => writes(operation).includes(gradient));
  const by = list[place];
  if (by?.kind !== "convolution gradient" || by.forward.by === "window") return undefined;
  const [written, read] = [matrices[by.forward.input.of], matrices[view.of]];
  return written?.channels === read?.channels && written?.pixels === read?.pixels ? place : undefined;
}

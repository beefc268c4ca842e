/** Operations → plan: which convolution runs on which kernel, and where in memory every value lies while it is needed. */
import { type Dims, sizeOf } from "../core/shape.ts";
import { type Block, align, placeBlocks } from "./arena.ts";
import type { Convolution, Operation, Operations, Picture } from "./operations.ts";
import { inputsOf } from "./operations.ts";

/** Where a caller's picture goes: rows of floats with gaps between them. */
export interface Placement {
  readonly address: number;
  readonly rows: number;
  /** Floats of a row, and from the start of one row to the next. */
  readonly length: number;
  readonly stride: number;
}

export interface Plan {
  readonly operations: readonly Operation[];
  /** The offset of every value in the arena, in bytes. */
  readonly offsets: readonly number[];
  readonly shapes: readonly Dims[];
  readonly inputs: readonly Placement[];
  readonly outputs: readonly { readonly offset: number; readonly shape: Dims }[];
  /** Zeros that stand for rows above and below a picture. */
  readonly zeros: { readonly offset: number; readonly bytes: number };
  readonly bytes: number;
}

/** Windows of more taps go through the matrix kernels, a channel at a time: their code would be too long. */
const MOST_DEPTHWISE_TAPS = 81;
/** What kernels may read beyond the end of the last buffer. */
const SLACK = 64;

/** True where the depthwise kernel runs this convolution. */
export function isDepthwise({ groups, from, to, window, residual }: Convolution): boolean {
  const extent = (window.cols - 1) * window.dilation[1] + 1;
  return (
    groups === from.channels &&
    groups === to.channels &&
    residual === undefined &&
    window.rows * window.cols <= MOST_DEPTHWISE_TAPS &&
    window.pads[1].every((zeros) => zeros <= extent)
  );
}

export function plan(operations: Operations): Plan {
  const { list, shapes, inputs, padded } = spreadPadding(operations);
  const storage = new Storage(list, shapes, { inputs, outputs: operations.outputs });
  const zeroBytes = Math.max(0, ...list.map(zeroRowBytes));
  const blocks: Block[] = [...storage.blocks, { bytes: zeroBytes, from: -1, to: list.length }];
  const arena = placeBlocks(blocks);
  const offset = (value: number): number => arena.offsets[storage.blockOf(value)] ?? 0;
  return {
    operations: list,
    offsets: shapes.map((_, value) => offset(value)),
    shapes,
    inputs: inputs.map((value, i) => placement(offset(value), padded.get(i), shapes[value] ?? [])),
    outputs: operations.outputs.map((value) => ({ offset: offset(value), shape: shapes[value] ?? [] })),
    zeros: { offset: arena.offsets.at(-1) ?? 0, bytes: zeroBytes },
    bytes: arena.bytes + SLACK,
  };
}

interface Border {
  readonly from: Picture;
  readonly top: number;
  readonly left: number;
  readonly right: number;
}

function placement(offset: number, border: Border | undefined, shape: Dims): Placement {
  if (border === undefined) return { address: offset, rows: 1, length: sizeOf(shape), stride: sizeOf(shape) };
  const { from, top, left, right } = border;
  const stride = (left + from.cols + right) * from.channels;
  return {
    address: offset + (top * stride + left * from.channels) * 4,
    rows: from.rows,
    length: from.cols * from.channels,
    stride,
  };
}

/**
 * Convolutions through the matrix kernels read their padding from memory: it becomes an operation of its own. Where such a picture
 * comes straight from the caller, it is written between the zeros at once.
 */
function spreadPadding({ list, shapes, inputs, outputs }: Operations): {
  list: Operation[];
  shapes: Dims[];
  inputs: number[];
  /** For each input (by its position) that is written into a padded buffer: how. */
  padded: Map<number, Border>;
} {
  const spread: Operation[] = [];
  const allShapes = [...shapes];
  const newInputs = [...inputs];
  const padded = new Map<number, Border>();
  const uses = [...list.flatMap(inputsOf), ...outputs, ...inputs];
  for (const operation of list) {
    if (operation.kind !== "convolution" || isDepthwise(operation) || !hasPads(operation)) {
      spread.push(operation);
      continue;
    }
    const { input, from, window } = operation;
    const [[top, bottom], [left, right]] = window.pads;
    const picture = { rows: top + from.rows + bottom, cols: left + from.cols + right, channels: from.channels };
    const output = allShapes.push([picture.rows, picture.cols, picture.channels]) - 1;
    const position = inputs.indexOf(input);
    const direct = position >= 0 && uses.filter((value) => value === input).length === 2;
    if (direct) {
      newInputs[position] = output;
      padded.set(position, { from, top, left, right });
    }
    spread.push({ kind: "pad", input: direct ? output : input, output, from, pads: window.pads });
    const noPads = [
      [0, 0],
      [0, 0],
    ] as const;
    spread.push({ ...operation, input: output, from: picture, window: { ...window, pads: noPads } });
  }
  return { list: spread, shapes: allShapes, inputs: newInputs, padded };
}

function hasPads({ window }: Convolution): boolean {
  return window.pads.flat().some((zeros) => zeros > 0);
}

function zeroRowBytes(operation: Operation): number {
  if (operation.kind !== "convolution" || !isDepthwise(operation)) return 0;
  const rows = operation.window.pads[0].some((zeros) => zeros > 0);
  return rows ? align(operation.from.cols * operation.from.channels * 4) : 0;
}

interface Ends {
  readonly inputs: readonly number[];
  readonly outputs: readonly number[];
}

/** Which values share memory, and how long each piece of memory is needed. */
class Storage {
  readonly blocks: Block[] = [];
  readonly #block = new Map<number, number>();
  /** For a value that lies in another one's memory, that value. */
  readonly #parents = new Map<number, number>();
  readonly #first = new Map<number, number>();
  readonly #last = new Map<number, number>();

  constructor(list: readonly Operation[], shapes: readonly Dims[], { inputs, outputs }: Ends) {
    for (const { kind, output, ...rest } of list) {
      if (kind === "alias" && "input" in rest) this.#parents.set(output, rest.input);
    }
    for (const input of inputs) this.#live(input, -1);
    for (const [i, operation] of list.entries()) {
      for (const value of [...inputsOf(operation), operation.output]) this.#live(value, i);
    }
    for (const output of outputs) this.#live(output, list.length);
    for (const [i, operation] of list.entries()) {
      for (const value of overwritable(operation)) {
        const root = this.#root(value);
        const output = this.#root(operation.output);
        const others = inputsOf(operation).filter((other) => other !== value);
        if (root === output || this.#last.get(root) !== i) continue;
        if (operation.kind === "convolution" && others.some((other) => this.#root(other) === root)) continue;
        if (sizeOf(shapes[root] ?? []) !== sizeOf(shapes[output] ?? [])) continue;
        this.#parents.set(output, root);
        this.#last.set(root, this.#last.get(output) ?? i);
        break;
      }
    }
    for (const value of shapes.keys()) {
      const root = this.#root(value);
      if (this.#block.has(root)) continue;
      const from = this.#first.get(root);
      if (from === undefined) continue;
      const bytes = sizeOf(shapes[root] ?? []) * 4;
      this.#block.set(root, this.blocks.push({ bytes, from, to: this.#last.get(root) ?? from }) - 1);
    }
  }

  blockOf(value: number): number {
    return this.#block.get(this.#root(value)) ?? 0;
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

/** The inputs over which an operation may write its output, element by element. */
function overwritable(operation: Operation): readonly number[] {
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
    default:
      return [];
  }
}

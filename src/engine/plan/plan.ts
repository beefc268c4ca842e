/** Operations → plan: which kernel computes what, and where in memory each value lies while it is needed. */
import { type Dims, sizeOf } from "../../core/shape.ts";
import type { Tiling } from "../../kernels/f32/tilings.ts";
import type { Arithmetic } from "../../kernels/parts.ts";
import { type LiveBuffer, align, placeBuffers } from "./arena.ts";
import { chainConvolutions } from "./chain.ts";
import type { Operations } from "../../lowering/operations.ts";
import { type EngineOperation, type MixedOperation, type SelectedConvolution, convolutionsOf } from "../operations.ts";
import { select } from "../select.ts";
import { type Border, spreadPadding } from "./spread-padding.ts";
import { Storage } from "./storage.ts";

/** Where an input goes: rows of floats with gaps between them. */
export interface Placement {
  readonly address: number;
  readonly rows: number;
  /** The floats of a row, and those from the start of one row to the start of the next. */
  readonly length: number;
  readonly stride: number;
}

export interface Plan {
  /** How the kernels multiply and add. */
  readonly arithmetic: Arithmetic;
  readonly operations: readonly EngineOperation[];
  /** The offset of every value in the arena, in bytes. */
  readonly offsets: readonly number[];
  readonly shapes: readonly Dims[];
  readonly inputs: readonly Placement[];
  readonly outputs: readonly { readonly offset: number; readonly shape: Dims }[];
  /** Zeros that stand for rows above and below a picture. */
  readonly zeros: { readonly offset: number; readonly bytes: number };
  /** The offset of memory that any operation may use while it runs. */
  readonly scratch: number;
  readonly bytes: number;
}

/** The bytes that kernels may read beyond the end of the last buffer. */
const SLACK = 64;

export interface PlanOptions {
  /** The kernels of the machine. */
  readonly tiling: Tiling;
  /** Into how many pieces threads cut a chain; each has working memory of its own. Default: 1. */
  readonly pieces?: number;
}

export function plan(operations: Operations<MixedOperation>, { tiling, pieces = 1 }: PlanOptions): Plan {
  const spread = spreadPadding(select(operations, tiling));
  const { inputs, padded } = spread;
  const { list, shapes } = chainConvolutions(spread, pieces);
  const sizes = shapes.map((shape, value) => sizeOf(shape) * (operations.bytes?.[value] ?? 4));
  const storage = new Storage(list, sizes, { inputs, outputs: operations.outputs });
  const zeroBytes = Math.max(0, ...list.flatMap(convolutionsOf).map(zeroRowBytes));
  const scratchBytes = Math.max(0, ...list.map((one) => (one.kind === "integer convolution" ? one.scratchBytes : 0)));
  const buffers: LiveBuffer[] = [
    ...storage.buffers,
    ...[scratchBytes, zeroBytes].map((bytes) => ({ bytes, from: -1, to: list.length })),
  ];
  const arena = placeBuffers(buffers);
  const offset = (value: number): number => arena.offsets[storage.bufferOf(value)] ?? 0;
  return {
    arithmetic: tiling.arithmetic,
    operations: list,
    offsets: shapes.map((_, value) => offset(value)),
    shapes,
    inputs: inputs.map((value, i) => placement(offset(value), padded.get(i), shapes[value] ?? [])),
    outputs: operations.outputs.map((value) => ({ offset: offset(value), shape: shapes[value] ?? [] })),
    zeros: { offset: arena.offsets.at(-1) ?? 0, bytes: zeroBytes },
    scratch: arena.offsets.at(-2) ?? 0,
    bytes: arena.bytes + SLACK,
  };
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

/** The bytes of a row of zeros that stands for the rows above and below the picture of a depthwise convolution. */
function zeroRowBytes({ by, from, window }: SelectedConvolution): number {
  const rows = by.kind === "depthwise" && window.pads[0].some((zeros) => zeros > 0);
  return rows ? align(from.cols * from.channels * 4) : 0;
}

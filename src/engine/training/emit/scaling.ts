/** Calls of the kernels that normalize and bound, that gather statistics, and that go back through all of that. */
import { type Arithmetic } from "../../../kernels/parts.ts";
import {
  moments,
  momentsName,
  scale,
  scaleGradient,
  scaleGradientName,
  scaleName,
  scaleReduce,
  scaleReduceName,
} from "../../../kernels/training/scaling.ts";
import {
  STATISTICS,
  gradientStatistics,
  gradientStatisticsName,
  statistics,
} from "../../../kernels/training/statistics.ts";
import type { AnyExpr, Expr, Local } from "../../../wasm/expression.ts";
import { f32, i32 } from "../../../wasm/instructions.ts";
import { align } from "../../plan/arena.ts";
import { addressAt, boundArguments } from "../../emit/emitter.ts";
import type { Emitter } from "./emitter.ts";
import type { GradientOf, Reduction } from "../gradients.ts";
import { type Scaling, type View, isRaw } from "../matrices.ts";

/** Some pixels of a matrix, one after the other. */
export interface Pixels {
  /** How many they are. */
  readonly pixels: Expr<"i32">;
  /** The number of the first one. */
  readonly first: Expr<"i32">;
}

/** A block of pixels and its number. */
export interface PixelBlock extends Pixels {
  readonly block: Expr<"i32">;
}

/** A thread's share when statistics are put together, in channels. */
const CHANNELS_AT_ONCE = 32;

/** The bytes from one to the next of the two sums and the shifts, of which a block's part of the statistics consists. */
function sumsStride(channels: number): number {
  return align(channels * 4);
}

/** The bytes of a block's part of the statistics. */
export function partialBytes(channels: number): number {
  return 3 * sumsStride(channels) + align(4);
}

/** The address of pixels as a view reads them: in the matrix itself, or where they have been computed to. */
export function emitScaled(e: Emitter, view: View, { pixels, first }: Pixels, to: Expr<"i32">): Expr<"i32"> {
  const { channels } = e.matrix(view.of);
  const from = addressAt(e.address(view.of), first, channels * 4);
  if (isRaw(view)) return from;
  // Windows that lie in the padding alone have no pixels.
  e.f.if(i32.gt_s(pixels, i32.const(0)), () => emitScale(e, view, { pixels, from, to }));
  return to;
}

/** Computes a view's values, and adds those at `add` if it is given. */
export function emitScale(
  e: Emitter,
  { of, scaling, bounds }: View,
  { pixels, from, to, add }: { pixels: Expr<"i32">; from: Expr<"i32">; to: Expr<"i32">; add?: Expr<"i32"> },
): void {
  if (scaling === undefined) throw new Error("a view without a scaling is the matrix itself");
  const variant = {
    arithmetic: arithmeticOf(e),
    minmax: bounds !== undefined,
    add: add !== undefined,
  };
  const kernel = e.kernel(scaleName(variant), (module) => scale(module, variant));
  const { channels } = e.matrix(of);
  const coefficients = [e.coefficient(scaling, "factor"), e.coefficient(scaling, "summand")].map(i32.const);
  const args: AnyExpr[] = [pixels, i32.const(channels), from, to, ...coefficients];
  e.f.call(kernel, [...args, ...(add === undefined ? [] : [add]), ...boundArguments(bounds)]);
}

function arithmeticOf({ tiling }: Emitter): Arithmetic {
  return tiling.arithmetic;
}

/** Gathers what a block's pixels contribute to the statistics. */
export function emitMoments(
  e: Emitter,
  { pixels, channels, from, block }: { pixels: Expr<"i32">; channels: number; from: Expr<"i32">; block: Expr<"i32"> },
): void {
  const variant = { arithmetic: arithmeticOf(e) };
  const kernel = e.kernel(momentsName(variant.arithmetic), (module) => moments(module, variant));
  const sums = addressAt(e.workspace, block, partialBytes(channels));
  e.f.call(kernel, [pixels, i32.const(channels), from, sums, i32.const(sumsStride(channels))]);
}

/** Puts together what the blocks have gathered. */
export function emitStatistics(e: Emitter, scalings: readonly Scaling[], blocks: number): void {
  if (scalings.length === 0) return;
  e.barrier();
  for (const [i, scaling] of scalings.entries()) {
    const { layer, channels } = scaling;
    if (layer === undefined) throw new Error("only layers normalize by the batch");
    // The averages of a layer that is applied twice are moved one after the other.
    if (i > 0) e.barrier();
    const { weights } = e;
    const kernel = e.kernel(STATISTICS, statistics);
    e.share(channels, CHANNELS_AT_ONCE, (from, count) => {
      const at = channelOf(e, from);
      const named = (["mean", "deviation", "factor", "summand"] as const).map((name) =>
        at(e.coefficient(scaling, name)),
      );
      e.f.call(kernel, [
        i32.const(blocks),
        count,
        at(e.workspace),
        i32.const(sumsStride(channels)),
        i32.const(partialBytes(channels)),
        i32.const(e.workspace + 3 * sumsStride(channels)),
        at(layer.scale ? weights.values(layer.weight("gamma")) : weights.filled(1, channels)),
        at(layer.center ? weights.values(layer.weight("beta")) : weights.filled(0, channels)),
        at(weights.values(layer.weight("moving_mean"))),
        at(weights.values(layer.weight("moving_variance"))),
        ...named,
        f32.const(layer.epsilon),
        f32.const(layer.momentum),
        f32.const(1 - layer.momentum),
      ]);
    });
  }
}

function channelOf(e: Emitter, channel: Expr<"i32">): (address: number) => Local<"i32"> {
  return (address) => e.f.local("i32", addressAt(address, channel, 4));
}

/** Where the sums of the reductions of an operation lie in its workspace. */
export interface ReductionPlace {
  readonly address: number;
  readonly reduction: Reduction;
}

/** Gathers what a block's pixels contribute to a reduction. */
export function emitReduce(
  e: Emitter,
  { address, reduction }: ReductionPlace,
  { pixels, first, block }: PixelBlock,
): void {
  const { view, gradient } = reduction.from;
  const { scaling } = reduction;
  const variant = { arithmetic: arithmeticOf(e), minmax: view.bounds !== undefined };
  const kernel = e.kernel(scaleReduceName(variant), (module) => scaleReduce(module, variant));
  const { channels } = scaling;
  e.f.call(kernel, [
    pixels,
    i32.const(channels),
    addressAt(e.address(gradient), first, channels * 4),
    addressAt(e.address(view.of), first, channels * 4),
    addressAt(address, block, partialBytes(channels)),
    i32.const(sumsStride(channels)),
    ...(["mean", "factor", "summand"] as const).map((name) => i32.const(e.coefficient(scaling, name))),
    ...boundArguments(view.bounds),
  ]);
}

/** Puts together what `emitReduce` has gathered of the blocks. */
export function emitReduced(e: Emitter, { address, reduction }: ReductionPlace, blocks: number): void {
  const { scaling, gamma, beta, from } = reduction;
  const { layer, channels } = scaling;
  const variant = { coefficients: scaling.kind === "batch", gamma, beta };
  const kernel = e.kernel(gradientStatisticsName(variant), (module) => gradientStatistics(module, variant));
  e.share(channels, CHANNELS_AT_ONCE, (first, count) => {
    const at = channelOf(e, first);
    const named = (names: readonly ("deviation" | "mean" | "factor" | "ofValue" | "constant")[]): Expr<"i32">[] =>
      names.map((name) => at(e.coefficient(scaling, name)));
    const args: AnyExpr[] = [
      i32.const(blocks),
      count,
      at(address),
      i32.const(sumsStride(channels)),
      i32.const(partialBytes(channels)),
      ...named(["deviation"]),
    ];
    if (variant.coefficients) {
      args.push(...named(["mean", "factor", "ofValue", "constant"]), f32.const(e.matrix(from.view.of).pixels));
    }
    if (layer !== undefined && gamma !== "no") args.push(at(e.weights.gradient(layer.weight("gamma"))));
    if (layer !== undefined && beta !== "no") args.push(at(e.weights.gradient(layer.weight("beta"))));
    e.f.call(kernel, args);
  });
}

/** The address of a matrix's gradient, as it follows from that of a view: the same one, or where it has been computed to. */
export function emitThrough(e: Emitter, from: GradientOf, at: Pixels, to: Expr<"i32">): Expr<"i32"> {
  const { view, gradient } = from;
  if (isRaw(view)) return addressAt(e.address(gradient), at.first, e.matrix(view.of).channels * 4);
  emitThroughTo(e, from, at, to);
  return to;
}

/** Computes a matrix's gradient from that of a view. */
export function emitThroughTo(
  e: Emitter,
  { view, gradient }: GradientOf,
  { pixels, first }: Pixels,
  to: Expr<"i32">,
): void {
  const { of, scaling, bounds } = view;
  if (scaling === undefined) throw new Error("a view without a scaling is the matrix itself");
  const { channels } = e.matrix(of);
  const value = scaling.kind === "batch";
  const variant = { arithmetic: arithmeticOf(e), minmax: bounds !== undefined, value };
  const kernel = e.kernel(scaleGradientName(variant), (module) => scaleGradient(module, variant));
  const names = ["factor", "summand", ...(value ? (["ofValue", "constant"] as const) : [])] as const;
  e.f.call(kernel, [
    pixels,
    i32.const(channels),
    addressAt(e.address(gradient), first, channels * 4),
    addressAt(e.address(of), first, channels * 4),
    to,
    ...names.map((name) => i32.const(e.coefficient(scaling, name))),
    ...boundArguments(bounds),
  ]);
}

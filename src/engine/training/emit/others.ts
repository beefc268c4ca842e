/** What is not a convolution, forwards and backwards: sums, padding, activations, products with masks, and gradients that go through a view. */
import { add, map, mapKernelName } from "../../../kernels/f32/elementwise.ts";
import { VECTOR } from "../../../kernels/parts.ts";
import { softmax } from "../../../kernels/f32/reduce.ts";
import {
  SOFTMAX_GRADIENT,
  mapGradient,
  mapGradientName,
  softmaxGradient,
} from "../../../kernels/training/activations.ts";
import { MULTIPLY, multiply } from "../../../kernels/training/elementwise.ts";
import type { Expr } from "../../../wasm/expression.ts";
import { min } from "../../../wasm/extremes.ts";
import { i32 } from "../../../wasm/instructions.ts";
import { addressAt, forEach } from "../../emit/emitter.ts";
import { type Blocks, pixelBlocks } from "../blocks.ts";
import {
  type Run,
  emitMoments,
  emitReduce,
  emitReduced,
  emitScale,
  emitStatistics,
  emitThroughTo,
  partialBytes,
} from "./scaling.ts";
import type { Emitter } from "./emitter.ts";
import type { ActivationGradient, Addition, MaskGradient, PadGradient, Reduction, Through } from "../gradients.ts";
import { type Activation, type Mask, type Matrix, type Pad, type Statistics, type Sum, isRaw } from "../operations.ts";
import type { Needs } from "../plan.ts";

/** What one call of an elementwise kernel writes, about. */
const BYTES_PER_CALL = 2 ** 16;

/** Runs `body` for the blocks of a matrix. */
function eachRun(e: Emitter, number: number, body: (run: Run & { readonly block: Expr<"i32"> }) => void): Blocks {
  const { f } = e;
  const { pixels: total, channels } = e.matrix(number);
  const blocks = pixelBlocks(total, channels);
  e.share(blocks.count, 1, (block) => {
    const first = f.local("i32", i32.mul(block, i32.const(blocks.size)));
    const pixels = f.local("i32", min(i32.const(blocks.size), i32.sub(i32.const(total), first)));
    body({ pixels, first, block });
  });
  return blocks;
}

/** Runs `body` for runs of vectors: how many, and where they are behind an address. */
function eachVector(
  e: Emitter,
  { pixels, channels }: Matrix,
  body: (count: Expr<"i32">, at: (address: number) => Expr<"i32">) => void,
): void {
  e.share(Math.ceil((pixels * channels) / 4), BYTES_PER_CALL / VECTOR, (from, count) =>
    body(count, (address) => addressAt(address, from, VECTOR)),
  );
}

/** The sum of two matrices in memory. */
function emitAdd(e: Emitter, a: number, b: number, to: number): void {
  const kernel = e.kernel("add", (module) => add(module, { minmax: false }));
  eachVector(e, e.matrix(to), (count, at) => e.f.call(kernel, [count, ...[a, b, to].map((one) => at(e.address(one)))]));
}

export function emitAddition(e: Emitter, { inputs: [a, b], to }: Addition): void {
  emitAdd(e, a, b, to);
}

export function emitSum(e: Emitter, { inputs, output }: Sum): void {
  const scaled = inputs.filter((view) => !isRaw(view));
  const raw = inputs.filter(isRaw);
  const to = e.address(output);
  // Each step adds to what the one before has made.
  let made: number | undefined = raw.shift()?.of;
  const next = (): void => {
    if (made === output) e.barrier();
  };
  for (const view of scaled) {
    next();
    const { channels } = e.matrix(view.of);
    const before = made;
    eachRun(e, view.of, ({ pixels, first }) => {
      const at = (address: number): Expr<"i32"> => addressAt(address, first, channels * 4);
      const added = before === undefined ? {} : { add: at(e.address(before)) };
      emitScale(e, view, { pixels, from: at(e.address(view.of)), to: at(to), ...added });
    });
    made = output;
  }
  for (const { of } of raw) {
    next();
    emitAdd(e, made ?? of, of, output);
    made = output;
  }
  if (made !== undefined && made !== output) {
    const from = e.address(made);
    eachVector(e, e.matrix(output), (count, at) => e.f.copy(at(to), at(from), i32.shl(count, i32.const(4))));
  }
}

/** Rows and distances of a picture inside a larger one, in bytes. */
function padding({ from, pads }: Pad) {
  const [[top, bottom], [left, right]] = pads;
  const pixel = from.channels * 4;
  const stride = (left + from.cols + right) * pixel;
  return {
    rowBytes: from.cols * pixel,
    stride,
    start: top * stride + left * pixel,
    bytes: (top + from.rows + bottom) * stride,
  };
}

export function emitPad(e: Emitter, operation: Pad): void {
  const { f } = e;
  const { input, output, batch, from } = operation;
  const { rowBytes, stride, start, bytes } = padding(operation);
  e.share(batch, 1, (picture) => {
    const to = f.local("i32", addressAt(e.address(output), picture, bytes));
    f.fill(to, i32.const(bytes));
    f.increase(to, start);
    const source = f.local("i32", addressAt(e.address(input.of), picture, from.rows * rowBytes));
    forEach(f, i32.const(0), i32.const(from.rows), () => {
      if (isRaw(input)) f.copy(to, source, i32.const(rowBytes));
      else emitScale(e, input, { pixels: i32.const(from.cols), from: source, to });
      f.increase(to, stride);
      f.increase(source, rowBytes);
    });
  });
}

export function emitPadGradient(e: Emitter, { forward, from: gradient, to }: PadGradient): void {
  const { f } = e;
  const { batch, from } = forward;
  const { rowBytes, stride, start, bytes } = padding(forward);
  e.share(batch, 1, (picture) => {
    const source = f.local("i32", addressAt(e.address(gradient) + start, picture, bytes));
    const target = f.local("i32", addressAt(e.address(to), picture, from.rows * rowBytes));
    forEach(f, i32.const(0), i32.const(from.rows), () => {
      f.copy(target, source, i32.const(rowBytes));
      f.increase(source, stride);
      f.increase(target, rowBytes);
    });
  });
}

export function emitActivation(e: Emitter, { by, input, output }: Activation): void {
  if (by === undefined) throw new Error("an activation without a kernel is the host's");
  const addresses = [input, output].map((one) => e.address(one));
  if (by !== "softmax") {
    const kernel = e.kernel(mapKernelName(by), (module) => map(module, by));
    eachVector(e, e.matrix(output), (count, at) => e.f.call(kernel, [count, ...addresses.map(at)]));
    return;
  }
  const kernel = e.kernel("softmax", softmax);
  eachLine(e, output, (count, length, at) => e.f.call(kernel, [count, length, ...addresses.map(at)]));
}

export function emitActivationGradient(e: Emitter, { forward, from, to }: ActivationGradient): void {
  const { by, input, output } = forward;
  if (by === undefined) throw new Error("an activation without a kernel is the host's");
  const addresses = [from, by === "softmax" ? output : input, to].map((one) => e.address(one));
  if (by !== "softmax") {
    const kernel = e.kernel(mapGradientName(by), (module) => mapGradient(module, by));
    eachVector(e, e.matrix(to), (count, at) => e.f.call(kernel, [count, ...addresses.map(at)]));
    return;
  }
  const kernel = e.kernel(SOFTMAX_GRADIENT, softmaxGradient);
  eachLine(e, to, (count, length, at) => e.f.call(kernel, [count, length, ...addresses.map(at)]));
}

/** Runs `body` for runs of a matrix's rows. */
function eachLine(
  e: Emitter,
  number: number,
  body: (count: Expr<"i32">, length: Expr<"i32">, at: (address: number) => Expr<"i32">) => void,
): void {
  const { pixels, channels } = e.matrix(number);
  e.share(pixels, Math.max(1, Math.floor(BYTES_PER_CALL / (channels * 4))), (from, count) =>
    body(count, i32.const(channels), (address) => addressAt(address, from, channels * 4)),
  );
}

function emitProductWith(e: Emitter, a: number, mask: number, to: number): void {
  const kernel = e.kernel(MULTIPLY, multiply);
  eachVector(e, e.matrix(to), (count, at) =>
    e.f.call(kernel, [count, ...[a, mask, to].map((one) => at(e.address(one)))]),
  );
}

export function emitMask(e: Emitter, { input, mask, output }: Mask): void {
  if (isRaw(input)) {
    emitProductWith(e, input.of, mask, output);
    return;
  }
  emitSum(e, { kind: "sum", inputs: [input], output });
  e.barrier();
  emitProductWith(e, output, mask, output);
}

export function emitMaskGradient(e: Emitter, { forward, from, to }: MaskGradient): void {
  emitProductWith(e, from, forward.mask, to);
}

export function statisticsNeeds({ pixels, channels }: Matrix): Needs {
  return { scratchBytes: 0, workspaceBytes: pixelBlocks(pixels, channels).count * partialBytes(channels) };
}

export function emitStatisticsOf(e: Emitter, { of, statistics }: Statistics): void {
  const { channels } = e.matrix(of);
  const { count } = eachRun(e, of, ({ pixels, first, block }) =>
    emitMoments(e, { pixels, channels, from: addressAt(e.address(of), first, channels * 4), block }),
  );
  emitStatistics(e, statistics, count);
}

export function emitReduction(e: Emitter, reduction: Reduction): void {
  const place = { reduction, address: e.workspace };
  const { count } = eachRun(e, reduction.from.view.of, (run) => emitReduce(e, place, run));
  e.barrier();
  emitReduced(e, place, count);
}

export function emitThroughAll(e: Emitter, { from, to }: Through): void {
  const { of } = from.view;
  const { channels } = e.matrix(of);
  eachRun(e, of, (run) => emitThroughTo(e, from, run, addressAt(e.address(to), run.first, channels * 4)));
}

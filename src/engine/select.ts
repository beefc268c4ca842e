/**
 * Operations → the same with a kernel for each: which one, and with which register tile, is decided here and nowhere else. What the
 * engine has no kernel for becomes an operation of the host.
 */
import type { DwconvRow } from "../kernels/f32/dwconv.ts";
import { isMapName } from "../kernels/f32/elementwise.ts";
import { type Tiling, tileFor } from "../kernels/f32/tilings.ts";
import { activate } from "../layers/activations/activations.ts";
import type { Convolution, ElementwiseMap, Host, Operations } from "../lowering/operations.ts";
import type { Window } from "../lowering/windows.ts";
import type { IntegerKernel } from "./integers/operations.ts";
import type { ConvolutionKernel, KernelMap, MixedOperation, SelectedOperation } from "./operations.ts";

/** The most taps of a window that the depthwise kernel takes, whose code would be too long else. Larger windows go through the matrix kernels, a channel at a time. */
const MOST_DEPTHWISE_TAPS = 81;

export function select(operations: Operations<MixedOperation>, tiling: Tiling): Operations<SelectedOperation> {
  const list = operations.list.map((operation): SelectedOperation => {
    if (operation.kind === "convolution") return { ...operation, by: kernelOf(operation, tiling) };
    return operation.kind === "map" ? mapOrHost(operation) : operation;
  });
  return { ...operations, list };
}

function kernelOf(operation: Convolution, tiling: Tiling): ConvolutionKernel {
  const { to, window, groups } = operation;
  if (isDepthwise(operation)) return { kind: "depthwise", row: depthwiseRow(operation, tiling) };
  const tile = tileFor(tiling, to.rows * to.cols, to.channels / groups);
  return { kind: takesPixels(window) ? "pixels" : "rows", tile };
}

/** The kernel of a convolution that integers are there for: those in groups are depthwise. */
export function integerKernelOf({ groups, window }: Pick<Convolution, "groups" | "window">): IntegerKernel {
  if (groups !== 1) return "depthwise";
  return takesPixels(window) ? "pixels" : "rows";
}

/** Whether a window takes every pixel once, by itself; zeros around the picture are pixels by then. */
function takesPixels({ rows, cols, strides }: Window): boolean {
  return rows * cols === 1 && strides.every((stride) => stride === 1);
}

/** Whether the depthwise kernel takes a convolution. */
export function isDepthwise({
  groups,
  from,
  to,
  window,
  residual,
}: Pick<Convolution, "groups" | "from" | "to" | "window" | "residual">): boolean {
  const extent = (window.cols - 1) * window.dilation[1] + 1;
  return (
    groups === from.channels &&
    groups === to.channels &&
    residual === undefined &&
    window.rows * window.cols <= MOST_DEPTHWISE_TAPS &&
    window.pads[1].every((zeros) => zeros <= extent)
  );
}

/** A row of a depthwise convolution, as kernels have its shape in their code. */
export function depthwiseRow(
  { from, to, window }: Pick<Convolution, "from" | "to" | "window">,
  { depthwiseVectors: vectors, arithmetic }: Tiling,
): DwconvRow {
  return {
    kernelRows: window.rows,
    kernelCols: window.cols,
    stride: window.strides[1],
    dilation: window.dilation[1],
    inputCols: from.cols,
    outputCols: to.cols,
    padLeft: window.pads[1][0],
    channels: from.channels,
    vectors,
    arithmetic,
  };
}

function mapOrHost({ map, ...rest }: ElementwiseMap): KernelMap | Host {
  if (isMapName(map)) return { ...rest, map };
  const { input, output } = rest;
  return { kind: "host", inputs: [input], output, compute: ([x]) => activate(map, known(x)) };
}

function known<T>(value: T | undefined): T {
  if (value === undefined) throw new Error("An activation was computed without its input.");
  return value;
}

/** All kinds of operations: what there is to know of each is found here. */
import { activation, activationGradient } from "./activation.ts";
import { average, averageGradient } from "./average.ts";
import { convolution, convolutionGradient } from "./convolution/kinds.ts";
import { hostLayer, hostLayerGradient } from "./host-layer.ts";
import type { BackwardKind, ForwardKind, OperationKind } from "./kind.ts";
import { largest, largestGradient } from "./largest.ts";
import { mask, maskGradient } from "./mask.ts";
import { mean, meanGradient } from "./mean.ts";
import { reduction, statistics, through } from "./normalization.ts";
import { pad, padGradient } from "./pad.ts";
import { addition, sum } from "./sum.ts";

/** What a program becomes. */
const FORWARD = { activation, average, convolution, host: hostLayer, largest, mask, mean, pad, statistics, sum };

/** What finds its gradients. */
const BACKWARD = {
  addition,
  reduction,
  through,
  "activation gradient": activationGradient,
  "average gradient": averageGradient,
  "convolution gradient": convolutionGradient,
  "host gradient": hostLayerGradient,
  "largest gradient": largestGradient,
  "mask gradient": maskGradient,
  "mean gradient": meanGradient,
  "pad gradient": padGradient,
};

type OperationOf<Row> = Row extends ForwardKind<infer O, infer _G> ? O : Row extends BackwardKind<infer O> ? O : never;

export type Forward = OperationOf<(typeof FORWARD)[keyof typeof FORWARD]>;
export type Backward = OperationOf<(typeof BACKWARD)[keyof typeof BACKWARD]>;
export type Operation = Forward | Backward;

type ForwardName = Forward["kind"];
type BackwardName = Backward["kind"];
type Named<O, K extends string> = { [P in K]: Extract<O, { readonly kind: P }> & { readonly kind: P } }[K];

/** By its name, which is the `kind` of its operations: the compiler holds the two together. */
export const FORWARD_KINDS: { readonly [K in ForwardName]: ForwardKind<Named<Forward, K>, Backward> } = FORWARD;
export const BACKWARD_KINDS: { readonly [K in BackwardName]: BackwardKind<Named<Backward, K>> } = BACKWARD;
const KINDS: { readonly [K in Operation["kind"]]: OperationKind<Named<Operation, K>> } = { ...FORWARD, ...BACKWARD };

export function forwardKind<K extends ForwardName>(
  operation: Named<Forward, K>,
): ForwardKind<Named<Forward, K>, Backward> {
  return FORWARD_KINDS[operation.kind];
}

export function backwardKind<K extends BackwardName>(operation: Named<Backward, K>): BackwardKind<Named<Backward, K>> {
  return BACKWARD_KINDS[operation.kind];
}

export function kindOf<K extends Operation["kind"]>(
  operation: Named<Operation, K>,
): OperationKind<Named<Operation, K>> {
  return KINDS[operation.kind];
}

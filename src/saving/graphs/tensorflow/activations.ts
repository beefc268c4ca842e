/** TensorFlow's activations, alone and within fused operators. */
import { elementCount } from "../../bytes/element-count.ts";
import { reshaped } from "../../derived-tensor.ts";
import type { StoredTensor } from "../../stored-tensor.ts";
import type { GraphBuilder } from "../graph-builder.ts";
import { leaky } from "../tensorflow-operators.ts";
import type { Value } from "../value.ts";
import { asWritten } from "./graph-node.ts";
import type { Operation } from "./operation.ts";

type Activate = (builder: GraphBuilder, x: Value, hint: string) => Value;

const named =
  (name: string): Activate =>
  (builder, x, hint) =>
    builder.activation(x, name, hint);

export const ACTIVATIONS: ReadonlyMap<string, Activate> = new Map<string, Activate>([
  ["Elu", named("elu")],
  ["Exp", named("exponential")],
  ["Relu", (builder, x, hint) => builder.clamp(x, 0, Infinity, hint)],
  ["Relu6", (builder, x, hint) => builder.clamp(x, 0, 6, hint)],
  ["Selu", named("selu")],
  ["Sigmoid", named("sigmoid")],
  ["Softplus", named("softplus")],
  ["Softsign", named("softsign")],
  ["Tanh", named("tanh")],
]);

/** What a fused operator does after its own: a bias, a normalization, an activation. */
export function fused(operation: Operation, x: Value): Value {
  const { builder, attributes, hint } = operation;
  let value = x;
  let next = 2;
  for (const name of attributes.texts("fused_ops")) {
    if (name === "BiasAdd") {
      value = plus(operation, value, operation.constant(next));
      next += 1;
    } else if (name === "FusedBatchNorm") {
      value = normalized(operation, value, next);
      next += 4;
    } else if (name === "LeakyRelu") value = leakyRelu(operation, value, "leakyrelu_alpha");
    else {
      const activate = ACTIVATIONS.get(name);
      if (activate === undefined) throw operation.unsupported(`has ${name.slice(0, 40)} within, which is not read.`);
      value = activate(builder, value, `${hint}_${name.toLowerCase()}`);
    }
  }
  return value;
}

export function leakyRelu(operation: Operation, x: Value, attribute: string): Value {
  return leaky(operation, x, asWritten(operation.attributes.float(attribute) ?? 0.2));
}

export function plus(operation: Operation, x: Value, vector: StoredTensor): Value {
  return operation.builder.affine(x, 1, reshaped(vector, [elementCount(vector.shape)]), operation.hint);
}

/** A normalization by four vectors, which are inputs from `first` on. */
export function normalized(operation: Operation, x: Value, first: number): Value {
  const [gamma, beta, center, variance] = [0, 1, 2, 3].map((i) => operation.constant(first + i));
  if (gamma === undefined || beta === undefined || center === undefined || variance === undefined) {
    throw operation.unsupported("has not all of its four vectors.");
  }
  const epsilon = asWritten(operation.attributes.float("epsilon") ?? 1e-4);
  return operation.builder.batchNormalization(x, { gamma, beta, mean: center, variance, epsilon }, operation.hint);
}

/** The weights of the peers' model file, read from its ONNX (protocol buffers, onnx.proto), so that every engine has the same ones. */
import type { Model } from "mobilenet-v2";
import { DepthwiseConv2D, type Layer } from "mobilenet-v2/layers";

/** A convolution or the classifier, with BatchNormalization folded in, in Keras's layout. */
export interface FoldedLayer {
  readonly depthwise: boolean;
  /** [rows, cols, channels, filters], depthwise [rows, cols, channels, 1], dense [channels, units]. */
  readonly shape: readonly number[];
  readonly kernel: Float32Array<ArrayBuffer>;
  readonly bias: Float32Array<ArrayBuffer>;
}

/** In the order in which the model computes them, the classifier last. */
export function foldedLayers(onnx: Uint8Array): readonly FoldedLayer[] {
  const graph = fields(onnx).find(({ field }) => field === 7)?.bytes ?? new Uint8Array();
  const tensors = new Map<string, Constant>();
  const nodes: Node[] = [];
  for (const { field, bytes } of fields(graph)) {
    if (field === 1) nodes.push(nodeOf(bytes));
    if (field === 5) tensors.set(...constantOf(bytes));
  }
  const constant = (name = ""): Constant => {
    const found = tensors.get(name);
    if (found === undefined) throw new Error(`The ONNX file has no constant ${name}.`);
    return found;
  };
  return nodes.flatMap(({ operation, inputs }): FoldedLayer[] => {
    if (operation === "Conv") return [convolution(constant(inputs[1]), constant(inputs[2]).values)];
    if (operation !== "MatMul") return [];
    const { shape, values } = constant(inputs[1]);
    // Its bias is zero: the converter left it out.
    return [{ depthwise: false, shape, kernel: values, bias: new Float32Array(shape[1] ?? 0) }];
  });
}

/** Gives a MobileNetV2 1.0_224 these weights; its normalizations become no more than the biases. */
export function assignFolded(model: Model, folded: readonly FoldedLayer[]): void {
  const remaining = [...folded];
  let current: FoldedLayer | undefined;
  for (const layer of model.layers) {
    const names = layer.weights.map(({ name }) => name);
    if (names.includes("kernel")) {
      current = remaining.shift();
      if (current === undefined || current.depthwise !== layer instanceof DepthwiseConv2D) {
        throw new Error(`The ONNX file has no weights for ${layer.name}.`);
      }
      layer.weight("kernel").assign(current.kernel);
      if (names.includes("bias")) layer.weight("bias").assign(current.bias);
    } else if (names.includes("gamma") && current !== undefined) {
      assignIdentity(layer, current.bias);
    }
  }
}

function assignIdentity(normalization: Layer, bias: Float32Array): void {
  const ones = bias.map(() => 1);
  // Keras divides by √(variance + 1e-3).
  normalization.weight("gamma").assign(ones.map(() => Math.sqrt(1 + 1e-3)));
  normalization.weight("beta").assign(bias);
  normalization.weight("moving_mean").assign(bias.map(() => 0));
  normalization.weight("moving_variance").assign(ones);
}

/** ONNX has [filters, channels of a group, rows, cols]. */
function convolution({ shape, values }: Constant, bias: Float32Array<ArrayBuffer>): FoldedLayer {
  const [filters = 0, channels = 0, rows = 0, cols = 0] = shape;
  const depthwise = channels === 1;
  const kernel = new Float32Array(values.length);
  let from = 0;
  for (let filter = 0; filter < filters; filter++) {
    for (let channel = 0; channel < channels; channel++) {
      for (let tap = 0; tap < rows * cols; tap++) {
        kernel[(tap * channels + channel) * filters + filter] = values[from++] ?? 0;
      }
    }
  }
  return { depthwise, shape: [rows, cols, ...(depthwise ? [filters, 1] : [channels, filters])], kernel, bias };
}

interface Field {
  readonly field: number;
  readonly value: number;
  readonly bytes: Uint8Array;
}

/** The fields of a message: integers as `value`, everything with a length as `bytes`. */
function fields(message: Uint8Array): Field[] {
  const found: Field[] = [];
  let at = 0;
  const varint = (): number => {
    let value = 0;
    for (let factor = 1; ; factor *= 128) {
      const byte = message[at++] ?? 0;
      value += (byte & 127) * factor;
      if (byte < 128) return value;
    }
  };
  while (at < message.length) {
    const tag = varint();
    const [field, wire] = [Math.floor(tag / 8), tag % 8];
    let value = 0;
    let bytes: Uint8Array = new Uint8Array();
    if (wire === 0) value = varint();
    else if (wire === 1) at += 8;
    else if (wire === 5) at += 4;
    else {
      value = varint();
      bytes = message.slice(at, at + value);
      at += value;
    }
    found.push({ field, value, bytes });
  }
  return found;
}

interface Node {
  readonly operation: string;
  readonly inputs: readonly string[];
}

function nodeOf(message: Uint8Array): Node {
  const all = fields(message);
  const texts = (wanted: number): string[] =>
    all.filter(({ field }) => field === wanted).map(({ bytes }) => text(bytes));
  return { operation: texts(4)[0] ?? "", inputs: texts(1) };
}

interface Constant {
  readonly shape: readonly number[];
  readonly values: Float32Array<ArrayBuffer>;
}

function constantOf(message: Uint8Array): [string, Constant] {
  const all = fields(message);
  const raw = all.find(({ field }) => field === 9)?.bytes ?? new Uint8Array();
  return [
    text(all.find(({ field }) => field === 8)?.bytes ?? raw),
    {
      shape: all.filter(({ field }) => field === 1).map(({ value }) => value),
      // `fields` copied it, so that it is aligned.
      values: new Float32Array(raw.slice().buffer),
    },
  ];
}

function text(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}

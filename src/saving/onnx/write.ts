/** Writes models as ONNX (IR version 8, opset 17): pictures come in and go out with their channels last, as in Keras. */
import { MobileNetV2Error, valueError } from "../../core/errors.ts";
import type { SavedModel, WrittenFile } from "../checkpoint.ts";
import { type StepValue, stepsOf } from "../graphs/steps.ts";
import { GraphWriter, type WrittenValue } from "./graph-writer.ts";
import { writeLayer } from "./layer-writers.ts";
import { CLASS_NAMES_KEY, PREPROCESSING_KEY, PRODUCER } from "./metadata.ts";
import { MessageWriter } from "../bytes/protobuf.ts";

const IR_VERSION = 8;
const OPSET = 17;

/** The file. @throws UnsupportedError if a layer does what no operator of ONNX does. */
export function onnxFile(saved: SavedModel, name: string): WrittenFile {
  const { model, weights, classNames, preprocessing, dtype } = saved;
  const steps = stepsOf(model);
  const graph = new GraphWriter(dtype);
  const written = new Map<StepValue, WrittenValue>();
  const find = (value: StepValue): WrittenValue => {
    const found = written.get(value);
    if (found === undefined) throw new MobileNetV2Error("StateError", `'${value.path}' is taken before it is made.`);
    return found;
  };
  for (const value of steps.inputs) {
    written.set(value, { name: graph.unused(value.path), channelsFirst: false, shape: value.shape });
  }
  const outputs = new Set(steps.outputs);
  for (const value of steps.values) {
    const { step, path, shape } = value;
    if (step === undefined) continue;
    const weight = (key: string) => {
      const tensor = weights.get(`${path}/${key}`);
      if (tensor === undefined) throw valueError(`The model has no weight '${path}/${key}'.`);
      return tensor;
    };
    const result = writeLayer(step.layer, { graph, name: path, path, inputs: step.inputs.map(find), shape, weight });
    written.set(value, outputs.has(value) ? graph.ordered(result, false) : result);
  }
  const message = graph.graph(model.name, steps.inputs.map(find), [...outputs].map(find));
  return { name, bytes: modelFile(message, { classNames, preprocessing }) };
}

/** The bytes of a file with a graph, the names of classes, and the scaling of pixels. */
export function modelFile(
  graph: MessageWriter,
  { classNames, preprocessing }: Pick<SavedModel, "classNames" | "preprocessing">,
): Uint8Array<ArrayBuffer> {
  const message = new MessageWriter()
    .integer(1, IR_VERSION)
    .text(2, PRODUCER)
    .message(7, graph)
    .message(8, new MessageWriter().text(1, "").integer(2, OPSET));
  const metadata = { [CLASS_NAMES_KEY]: classNames, [PREPROCESSING_KEY]: preprocessing };
  for (const [key, value] of Object.entries(metadata)) {
    if (value !== undefined) message.message(14, new MessageWriter().text(1, key).text(2, JSON.stringify(value)));
  }
  return message.toBytes();
}

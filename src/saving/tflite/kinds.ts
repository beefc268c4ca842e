/** Networks in TFLite that are something else than a classifier, by what gives them away: said where they are refused. */
import { type TfliteModel, tensorAt } from "./model.ts";
import { operatorName } from "./operator-names.ts";

/** A sentence or two about what the file is; undefined if nothing shows it. */
export function kindOf(file: TfliteModel): string | undefined {
  const custom = file.operators.map(({ customName }) => customName);
  if (custom.includes("edgetpu-custom-op")) {
    return (
      "The TFLite file was compiled for the Edge TPU, whose machine code is all that is left of the network. " +
      "Take the .tflite that it was compiled from, which is called the same without '_edgetpu'."
    );
  }
  if (custom.includes("TFLite_Detection_PostProcess")) {
    return "The TFLite file is an object detector (SSD), which finds boxes. Read here are networks of one answer for a picture.";
  }
  const flex = custom.find((name) => name.startsWith("Flex"));
  if (flex !== undefined) {
    return `The TFLite file needs TensorFlow itself, for ${flex.slice(0, 100)}: convert the model without SELECT_TF_OPS.`;
  }
  return isSegmentation(file)
    ? "The TFLite file labels every pixel (segmentation, as DeepLab does). Read here are networks of one answer for a picture."
    : undefined;
}

/** Whether what comes out is as large as the picture, and was enlarged to that. */
function isSegmentation(file: TfliteModel): boolean {
  const [, rows = 0, cols = 0] = tensorAt(file, file.inputs[0] ?? -1).shape;
  const [, outRows, outCols] = tensorAt(file, file.outputs[0] ?? -1).shape;
  const enlarging = ["RESIZE_BILINEAR", "RESIZE_NEAREST_NEIGHBOR", "TRANSPOSE_CONV"];
  const names = new Set(file.operators.map(({ code, customName }) => operatorName(code, customName)));
  return rows > 1 && cols > 1 && outRows === rows && outCols === cols && enlarging.some((name) => names.has(name));
}

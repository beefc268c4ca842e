/** The command `convert` on the command line: its options and its help. */
import { type Command, Option } from "commander";
import { NAME, SIZE_OF_CHECKPOINT, addModelOptions, pixelsOption, wholeNumber } from "../terminal/arguments.ts";
import type { ConvertOptions } from "./run.ts";

const HELP = `
IN is a checkpoint of any format that is read (docs/formats.md), or the name of a published model (see: ${NAME} models).

The format of OUT is what its ending says, or --to:
  .keras, .h5, .safetensors, .onnx       the whole model
  .tflite                                the whole model, for phones, microcontrollers and Coral: pictures of one size
  .weights.h5; --to legacy-weights       its weights alone, for Keras 3; for Keras 2
  model.json; --to tfjs-layers           TensorFlow.js, into a folder
  --to teachable-machine                 the same as Teachable Machine has it
  --to torchvision, timm, huggingface    safetensors with the names of these packages; model.safetensors gets a hub's files too

With --float16, weights are rounded to 11 bits, which halves the file: .safetensors, .onnx, .tflite, and PyTorch's packages.

With --int8, OUT is .safetensors (ours), .onnx (QDQ) or .tflite. The pictures in FOLDER, and in the folders within, should be like those that the
model will see. Each is turned upright and squeezed to the model's size as a whole, as classify does it: nothing is cut off. A .tflite file with
--io uint8 takes pixels as they are, with int8 pixels - 128.

Examples:
  $ ${NAME} convert flowers.h5 flowers.keras
  $ ${NAME} convert flowers.keras web/model.json --labels flowers.txt
  $ ${NAME} convert my-teachable-machine.zip flowers.onnx
  $ ${NAME} convert mine.h5 mine.onnx --pixels 0..1     written into the file, for those who open it
  $ ${NAME} convert weights.h5 model.safetensors --size 160
  $ ${NAME} convert mobilenetv2_1.00_224 hub/model.safetensors --to huggingface
  $ ${NAME} convert flowers.keras flowers.int8.safetensors --int8 --calibrate photos/
  $ ${NAME} convert flowers.keras flowers.tflite --int8 --calibrate photos/ --io uint8
  $ ${NAME} convert flowers.keras flowers.f16.tflite --float16
`;

export function addConvertCommand(program: Command): void {
  addModelOptions(program.command("convert"), "of weights alone: the width multiplier", SIZE_OF_CHECKPOINT)
    .description("Write a checkpoint of any format in another, and compare what both answer.")
    .argument("<in>", "a file, a folder, a zip archive, an address, or the name of a published model")
    .argument("<out>", "a file, or a folder for formats of several files")
    .option("--to <format>", "the format to write (default: what the ending of <out> says)")
    .option("--float16", "write weights of half the size")
    .option("--int8", "quantize to integers of 8 bits; needs --calibrate")
    .option("--calibrate <folder>", "with --int8: a folder of pictures to see the model's values for")
    .option(
      "--pictures <n>",
      "with --int8: how many of them to use (default: 64, from all over the folder)",
      wholeNumber,
    )
    .addOption(
      new Option(
        "--io <type>",
        "with --int8, to .tflite: the type of its inputs and outputs (default: float32)",
      ).choices(["float32", "int8", "uint8"]),
    )
    .addOption(pixelsOption())
    .option("--labels <file>", "the names of the classes: a text file, one a line, or JSON")
    .option("--classes <n>", "of weights alone: how many classes the model has", wholeNumber)
    .option("--no-top", "of weights alone: the model has no classifier")
    .option("--json", "print one JSON document and nothing else")
    .addHelpText("after", HELP)
    .action(async (source: string, target: string, options: ConvertOptions) => {
      const { convert } = await import("./run.ts");
      await convert(source, target, options);
    });
}

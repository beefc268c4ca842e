/** The command `evaluate` on the command line: its options and its help. */
import type { Command } from "commander";
import { addPreparation } from "../pictures/arguments.ts";
import { ALPHA, NAME, SIZE_OF_CHECKPOINT, addModelOptions } from "../terminal/arguments.ts";
import type { EvaluateOptions } from "./run.ts";

const HELP = `
What the pictures show is known by
  folders             a folder for each class, named as the model's class, or by its WordNet id; where the model's classes have
                      no names, the folders in alphabetical order, as Keras numbers them
  names               that begin with WordNet ids, as n02110958_pug.jpg
  --ground-truth      a file with a picture and its class a line (photo.jpg,daisy; val_1.JPEG 65), or with only a class a line, in the order
                      of the pictures' names (ILSVRC2012_val_00000001.JPEG, …). Classes are WordNet ids, names, or numbers from 0. The numbers
                      of ImageNet's development kit count from 1 in an order of their own, which --synsets gives: its map_clsloc.txt
  a CSV file          in place of the folder: photo.jpg,daisy a line, with paths from where the file is

Recipes, as the published accuracies were measured; for a model of 224:
  keras               the whole picture, squeezed to 224 × 224; bilinear (the default)
  torchvision         the shorter side to 256, the central 224 × 224; bilinear
  timm                the same, bicubic
  huggingface         as torchvision, but for half pixels
  tf-slim             the central 87.5 % of each side, squeezed to 224 × 224 by TensorFlow's arithmetic
Or by --resize, --crop and --interpolation; cut as torchvision does it. Pictures are turned upright by EXIF, which those recipes do not do: --as-stored.

A picture that cannot be read is named and left out; --strict stops there.

Examples:
  $ ${NAME} evaluate photos/ --weights flowers.keras
  $ ${NAME} evaluate photos/ --weights flowers.keras --report flowers.html --confusion flowers.png
  $ ${NAME} evaluate ILSVRC2012_img_val/ --ground-truth imagenet_2012_validation_synset_labels.txt --resize 256 --crop 224
  $ ${NAME} evaluate photos.csv --weights model.onnx --recipe timm --json
`;

export function addEvaluateCommand(program: Command): void {
  addPreparation(addModelOptions(program.command("evaluate"), ALPHA, SIZE_OF_CHECKPOINT))
    .description("Say how often a model is right: top-1, top-5, class by class.")
    .argument("<photos>", "a folder, or a CSV file")
    .option("--weights <what>", "imagenet, nsfwjs, or a checkpoint of any format: a path or an address", "imagenet")
    .option("--labels <file>", "the names of the model's classes: a text file, one a line, or JSON")
    .option("--ground-truth <file>", "what the pictures show")
    .option("--synsets <file>", "WordNet ids, a line for each number of the ground truth from 1 on")
    .option("--strict", "stop at a picture that cannot be read")
    .option("--report <file.html>", "write a page: classes, confusion matrix, mistakes")
    .option("--confusion <file>", "write the confusion matrix, as .csv or .png")
    .option("--json", "print one JSON document and nothing else")
    .addHelpText("after", HELP)
    .action(async (photos: string, options: EvaluateOptions) => {
      const { evaluate } = await import("./run.ts");
      await evaluate(photos, options);
    });
}

/** The commands that go through many pictures: `evaluate`, `features`, `similar`. */
import { type Command, Option } from "commander";
import { ALPHA, NAME, SIZE_OF_CHECKPOINT, addModelOptions, interpolationOption, wholeNumber } from "./arguments.ts";
import type { EvaluateOptions } from "./evaluate.ts";
import type { FeaturesOptions } from "./features.ts";
import { RECIPES } from "./recipes.ts";
import type { SimilarOptions } from "./similar.ts";

const EVALUATE = `
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

const FEATURES = `
The vector of a picture is what the last layer before the classifier gives: for the ImageNet weights 1,280 numbers. --layer takes another; of a
map of features, its mean over rows and columns, or its maxima.

OUT is written whole or not at all, and row by row: memory does not depend on how many pictures there are.
  .npy          a matrix of float32, a row a picture; the paths of the pictures, in the same order, are beside it in .json
  .safetensors  the same as tensor \`features\`; the paths are in its metadata, \`files\`
  .parquet      columns \`file\` and \`features\`; by the package hyparquet-writer, which is installed apart

Examples:
  $ ${NAME} features photos/ -o features.npy
  $ ${NAME} features photos/ -o features.parquet --layer block_12_add --pooling max
  $ ${NAME} features photos/ -o features.safetensors --weights flowers.keras --recipe torchvision
`;

const SIMILAR = `
Pictures are alike where their vectors have the same direction: 1.000 is the same. With --index the vectors are kept in a file (.npy or
.safetensors, as \`features\` writes it) and taken from there the next time; where pictures have come or gone it is made anew.

Examples:
  $ ${NAME} similar photo.jpg photos/
  $ ${NAME} similar photo.jpg photos/ --top 20 --index photos.npy
  $ ${NAME} similar - photos/ < photo.jpg
`;

const WEIGHTS = "imagenet, nsfwjs, or a checkpoint of any format: a path or an address";

export function addPictureCommands(program: Command): void {
  addPreparation(addModelOptions(program.command("evaluate"), ALPHA, SIZE_OF_CHECKPOINT))
    .description("Say how often a model is right: top-1, top-5, class by class.")
    .argument("<photos>", "a folder, or a CSV file")
    .option("--weights <what>", WEIGHTS, "imagenet")
    .option("--labels <file>", "the names of the model's classes: a text file, one a line, or JSON")
    .option("--ground-truth <file>", "what the pictures show")
    .option("--synsets <file>", "WordNet ids, a line for each number of the ground truth from 1 on")
    .option("--strict", "stop at a picture that cannot be read")
    .option("--report <file.html>", "write a page: classes, confusion matrix, mistakes")
    .option("--confusion <file>", "write the confusion matrix, as .csv or .png")
    .option("--json", "print one JSON document and nothing else")
    .addHelpText("after", EVALUATE)
    .action(async (photos: string, options: EvaluateOptions) => {
      const { evaluate } = await import("./evaluate.ts");
      await evaluate(photos, options);
    });
  addFeatureCommands(program);
}

function addFeatureCommands(program: Command): void {
  addExtractor(program.command("features"))
    .description("Make a vector of each picture, for search, clustering, or a classifier of your own.")
    .argument("<photos>", "a folder; pictures in the folders within count too")
    .requiredOption("-o, --output <file>", "where to write: .npy, .safetensors or .parquet")
    .option("--strict", "stop at a picture that cannot be read")
    .option("--json", "print one JSON document and nothing else")
    .addHelpText("after", FEATURES)
    .action(async (photos: string, options: FeaturesOptions) => {
      const { features } = await import("./features.ts");
      await features(photos, options);
    });

  addExtractor(program.command("similar"))
    .description("Find the pictures of a folder that are most like one.")
    .argument("<picture>", "a file or an address; - for standard input")
    .argument("<photos>", "a folder; pictures in the folders within count too")
    .option("--top <n>", "how many to show", wholeNumber, 5)
    .option("--index <file>", "keep the vectors in a file, or take them from there")
    .option("--json", "print one JSON document and nothing else")
    .addHelpText("after", SIMILAR)
    .action(async (picture: string, photos: string, options: SimilarOptions) => {
      const { similar } = await import("./similar.ts");
      await similar(picture, photos, options);
    });
}

function addExtractor(command: Command): Command {
  return addPreparation(addModelOptions(command, ALPHA, SIZE_OF_CHECKPOINT))
    .option("--weights <what>", "imagenet, or a checkpoint of any format: a path or an address", "imagenet")
    .option("--layer <name>", "the layer to look at (default: the last before the classifier)")
    .addOption(
      new Option("--pooling <how>", "what to make of a map of features (default: avg)").choices(["avg", "max", "none"]),
    );
}

function addPreparation(command: Command): Command {
  return command
    .addOption(
      new Option("--recipe <name>", "how pictures get the model's size (default: keras)").choices(Object.keys(RECIPES)),
    )
    .option("--resize <n>", "scale the shorter side to so many pixels, and cut the centre out", wholeNumber)
    .option("--crop <n>", "the size of what is cut out: the model's", wholeNumber)
    .addOption(interpolationOption("how to resize (default: the recipe's)"))
    .option("--as-stored", "do not turn pictures upright by EXIF");
}

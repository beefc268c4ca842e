/** Options that the commands which go through many pictures share: how pictures are prepared, and what vectors are made of. */
import { type Command, Option } from "commander";
import { CROPS } from "../../tasks/crops.ts";
import {
  ALPHA,
  SIZE_OF_CHECKPOINT,
  addModelOptions,
  interpolationOption,
  pixelsOption,
  wholeNumber,
} from "../terminal/arguments.ts";

export function addExtractor(command: Command): Command {
  return addPreparation(addModelOptions(command, ALPHA, SIZE_OF_CHECKPOINT))
    .option("--weights <what>", "imagenet, or a checkpoint of any format: a path or an address", "imagenet")
    .option("--layer <name>", "the layer to look at (default: the last before the classifier)")
    .addOption(
      new Option("--pooling <how>", "what to make of a map of features (default: avg)").choices(["avg", "max", "none"]),
    );
}

export function addPreparation(command: Command): Command {
  return command
    .addOption(
      new Option("--recipe <name>", "how pictures get the model's size (default: keras)").choices(Object.keys(CROPS)),
    )
    .option("--resize <n>", "scale the shorter side to so many pixels, and cut the centre out", wholeNumber)
    .option("--crop <n>", "the size of what is cut out: the model's", wholeNumber)
    .addOption(interpolationOption("how to resize (default: the recipe's)"))
    .addOption(pixelsOption())
    .option("--as-stored", "do not turn pictures upright by EXIF");
}

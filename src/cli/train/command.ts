/** The command `train`: its options and help. */
import { type Command, InvalidArgumentError, Option } from "commander";
import {
  ALPHA,
  NAME,
  SIZE,
  addModelOptions,
  pixelsOption,
  positiveNumber,
  wholeNumber,
} from "../terminal/arguments.ts";
import type { TrainOptions } from "./run.ts";

const TRAIN = `
PHOTOS has a folder for each class, with pictures in it and in the folders within.

What is done:
  1. A fifth of each class is held out, to see how good the model is and when it is good enough.
  2. A new head learns, 10 to 60 epochs (more where there are fewer pictures). The MobileNetV2 below it stays as it is: what it makes of the
     pictures is computed once, then an epoch takes next to no time.
  3. Its last blocks learn too, 5 to 30 epochs at a tenth of the rate, from pictures that are changed a little each time. Normalization stays.
  Both end when what is held out no longer gets better, and keep the best. With --from-scratch all layers learn together, 20 to 200 epochs.

What is written: the model, which takes pixels of 0 to 255 and which Keras opens, with the names of the classes in it; these beside it
(flowers.labels.txt); a page with curves, confusion matrix and the worst mistakes (flowers.html).

Interrupted with Ctrl-C or killed, --resume goes on from the last whole state, kept in flowers.keras.training, and ends with the same weights.
The same pictures, options and machine give the same weights.

Examples:
  $ ${NAME} train photos/ -o flowers.keras
  $ ${NAME} train photos/ -o flowers.keras --resume
  $ ${NAME} train photos/ -o small.keras --alpha 0.35 --size 96
  $ ${NAME} train photos/ -o head.keras --fine-tune-from none --epochs 20
  $ ${NAME} train shapes/ -o shapes.keras --from-scratch --alpha 0.35 --size 64 --augment rotation,zoom
  $ ${NAME} evaluate others/ --weights flowers.keras
`;

export function addTrainCommand(program: Command): void {
  addModelOptions(program.command("train"), `${ALPHA} (default: 1, or that of the weights)`, `${SIZE} (default: 224)`)
    .description("Teach a MobileNetV2 your own classes, from a folder of pictures for each.")
    .argument("<photos>", "a folder with a folder for each class")
    .requiredOption("-o, --output <file>", "the model to write: .keras, .h5 or .safetensors")
    .option("--weights <what>", "to begin with: imagenet, none, or a checkpoint of a MobileNetV2 (default: imagenet)")
    .addOption(pixelsOption())
    .option("--from-scratch", "train all layers from the beginning, from random weights where no others are named")
    .option("--validation-split <part>", "the part of each class that is held out; 0 for none (default: 0.2)", part)
    .option(
      "--fine-tune-from <layer>",
      "the first block or layer that learns with the head; none for none (default: block_14)",
    )
    .option(
      "--epochs <n>",
      "the most epochs, of the head and of fine-tuning each (default: by the number of pictures)",
      wholeNumber,
    )
    .option(
      "--learning-rate <n>",
      "the highest rate; fine-tuning has a tenth (default: 0.001; 0.004 from scratch)",
      positiveNumber,
    )
    .option("--batch-size <n>", "pictures a step (default: 8, 16 or 32, by how many there are)", wholeNumber)
    .option("--dropout <part>", "before the head (default: 0.2)", part)
    .option(
      "--augment <list>",
      "how pictures are changed at random: flip, rotation, zoom, crop, brightness, contrast; or none (default: flip,rotation,crop)",
    )
    .addOption(
      new Option(
        "--class-weights <how>",
        "let classes count the same, whatever their sizes (default: auto, where these differ by half)",
      ).choices(["auto", "balanced", "none"]),
    )
    .option("--seed <n>", "what is drawn at random depends on it alone (default: 1)", seed)
    .option("--strict", "stop at a picture that cannot be read (default: name it and leave it out)")
    .option("--threads <n>", "how many threads to use (default: all that there are)", wholeNumber)
    .option("--save-every <seconds>", "how often the state to resume from is kept (default: 5)", seconds)
    .option("--resume", "go on with an interrupted training of this output")
    .option("--restart", "begin anew although there is an interrupted one")
    .option("--json", "print one JSON document and nothing else")
    .addHelpText("after", TRAIN)
    .action(async (photos: string, options: TrainOptions) => {
      const { train } = await import("./run.ts");
      await train(photos, options);
    });
}

function part(text: string): number {
  const value = number(text);
  if (!(value >= 0 && value < 1)) throw new InvalidArgumentError("It must be 0 or more, and below 1.");
  return value;
}

function seconds(text: string): number {
  const value = number(text);
  if (!(value >= 0 && value <= 1e6)) throw new InvalidArgumentError("It must be a number of seconds, 0 or more.");
  return value;
}

function seed(text: string): number {
  const value = number(text);
  if (!(Number.isInteger(value) && value >= 0 && value < 2 ** 31))
    throw new InvalidArgumentError("It must be a whole number from 0 to 2147483647.");
  return value;
}

function number(text: string): number {
  return /^(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text) ? Number(text) : Number.NaN;
}

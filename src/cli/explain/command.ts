/** The command `explain` on the command line: its options and its help. */
import { type Command, InvalidArgumentError, Option } from "commander";
import type { Colormap } from "../../explain/colormaps.ts";
import { ALPHA, NAME, SIZE, addModelOptions, pixelsOption } from "../terminal/arguments.ts";
import type { ExplainCommandOptions } from "./run.ts";

const COLORMAPS = ["viridis", "magma", "inferno", "turbo"] as const satisfies readonly Colormap[];

const HELP = `
The bright places speak for the class: most of all where the heat map is 1, not at all where it is 0.
  grad-cam     for any model and layer (Selvaraju et al. 2017); the default
  cam          for models that end with global average pooling and one Dense layer, as MobileNetV2 does (Zhou et al. 2016); needs no gradient

A layer in a nested model is known by its name where no other has it, else by its path: mobilenetv2_0.35_96/out_relu. Late layers are coarse
and say most about the class; the default is the last one with rows and columns. Weights of integers have no gradient: explain the model
that they were made from.

Examples:
  $ ${NAME} explain photo.jpg -o heat.png
  $ ${NAME} explain photo.jpg -o heat.png --class "golden retriever"
  $ ${NAME} explain photo.jpg -o heat.jpg --weights flowers.keras --class tulips --layer out_relu
  $ ${NAME} explain photo.jpg -o heat.png --method cam --colormap turbo --opacity 0.4
  $ ${NAME} explain photo.jpg --json              the numbers
`;

export function addExplainCommand(program: Command): void {
  addModelOptions(program.command("explain"), ALPHA, `${SIZE}; of files: where they leave it open`)
    .description("Show where a model looked: a heat map over a picture.")
    .argument("[picture]", "a file or an address; - for standard input; without one, the sample photograph")
    .option("-o, --output <file>", "the picture to write: .png, .jpg or .webp")
    .option("--class <which>", "the class that is asked about: its name, WordNet id or number (default: the best)")
    .addOption(new Option("--method <how>", "how to find out").choices(["grad-cam", "cam"]).default("grad-cam"))
    .option("--layer <name>", "with grad-cam: the layer that is looked at (default: the last with rows and columns)")
    .option("--weights <what>", "imagenet, nsfwjs, or a checkpoint of any format: a path or an address", "imagenet")
    .addOption(pixelsOption())
    .option("--labels <file>", "the names of the classes: a text file, one a line, or JSON")
    .addOption(new Option("--colormap <name>", "the colours").choices(COLORMAPS).default("viridis"))
    .option("--opacity <n>", "how much of a pixel is the heat map's, 0 to 1", fraction, 0.5)
    .option("--json", "print one JSON document and nothing else")
    .addHelpText("after", HELP)
    .action(async (picture: string | undefined, options: ExplainCommandOptions) => {
      const { explain } = await import("./run.ts");
      await explain(picture, options);
    });
}

function fraction(text: string): number {
  const value = /^(\d+\.?\d*|\.\d+)$/.test(text) ? Number(text) : Number.NaN;
  if (!(value >= 0 && value <= 1)) throw new InvalidArgumentError("It must be a number of 0 to 1.");
  return value;
}

/** The command `classify` on the command line: its options and its help. */
import { type Command, Option } from "commander";
import {
  ALPHA,
  INTERPOLATIONS,
  NAME,
  SIZE,
  addModelOptions,
  pixelsOption,
  wholeNumber,
} from "../terminal/arguments.ts";
import type { ClassifyOptions } from "./run.ts";

const HELP = `
Without --weights the ImageNet weights are taken from Keras's cache ($KERAS_HOME or ~/.keras), else downloaded into it.

Examples:
  $ ${NAME} classify photo.jpg
  $ ${NAME} classify photos/ --json
  $ ${NAME} classify *.jpg --alpha 0.35 --size 96 --top 3
  $ ${NAME} classify photo.jpg --weights flowers.keras
  $ ${NAME} classify photo.jpg --weights flowers.weights.h5 --size 96 --labels flowers.txt
  $ curl -s https://example.org/photo.jpg | ${NAME} classify - --json
`;

export function addClassifyCommand(program: Command, exit: (code: number) => void): void {
  addModelOptions(program.command("classify"), ALPHA, `${SIZE}; of files: where they leave it open`)
    .description("Say what is in pictures (the command where none is named).")
    .argument("[pictures...]", "files, folders, addresses; - for standard input; without any, a sample photograph")
    .option("--top <n>", "how many classes to show", wholeNumber, 5)
    .option("--weights <what>", "imagenet, nsfwjs, or a checkpoint of any format: a file, a folder, an address")
    .addOption(pixelsOption())
    .option("--labels <file>", "the names of the classes: a text file, one a line, or JSON")
    .addOption(
      new Option("--interpolation <how>", "how to resize (default: bilinear; nsfwjs: as it does itself)").choices(
        INTERPOLATIONS,
      ),
    )
    .option("--json", "print one JSON document and nothing else")
    .addHelpText("after", HELP)
    .action(async (pictures: readonly string[], options: ClassifyOptions) => {
      const { classify } = await import("./run.ts");
      exit(await classify(pictures, options));
    });
}

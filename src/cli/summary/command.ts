/** The command `summary` on the command line: its options and its help. */
import { type Command, InvalidArgumentError, Option } from "commander";
import { NAME, addModelOptions, wholeNumber } from "../terminal/arguments.ts";
import type { SummaryCommandOptions } from "./run.ts";

/** The most characters in a line: more than any page or screen has. */
const MAX_LINE_LENGTH = 1000;

const HELP = `
Examples:
  $ ${NAME} summary --alpha 0.35 --size 96
  $ ${NAME} summary --no-top --pooling avg --trainable
  $ ${NAME} summary --classes 5 --line-length 120
`;

export function addSummaryCommand(program: Command): void {
  addModelOptions(program.command("summary"))
    .description("Print the table of layers as Keras does.")
    .option("--no-top", "leave the classifier out")
    .addOption(
      new Option("--pooling <how>", "without the top: make a vector of the last feature map").choices(["avg", "max"]),
    )
    .option("--classes <n>", "how many classes the top has", wholeNumber)
    .option("--expand-nested", "also list the layers of models within")
    .option("--trainable", "add a column that says which layers are trainable")
    .option("--line-length <n>", "how wide the table is, in characters", lineLength)
    .addHelpText("after", HELP)
    .action(async (options: SummaryCommandOptions) => {
      const { summary } = await import("./run.ts");
      await summary(options);
    });
}

function lineLength(text: string): number {
  const value = wholeNumber(text);
  if (value > MAX_LINE_LENGTH) throw new InvalidArgumentError(`It must be ${MAX_LINE_LENGTH} at most.`);
  return value;
}

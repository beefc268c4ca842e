/** The command `models` on the command line: its options and its help. */
import { type Command, Option } from "commander";
import { NAME, wholeNumber } from "../terminal/arguments.ts";
import { parseBudget } from "./budget.ts";
import type { ModelsOptions } from "./run.ts";

const HELP = `
Examples:
  $ ${NAME} models
  $ ${NAME} models --json
  $ ${NAME} models --measure                      how fast each is on this machine
  $ ${NAME} models --budget 5ms                   the most accurate that is fast enough
  $ ${NAME} models --budget 5ms --budget 8MB      and small enough
`;

export function addModelsCommand(program: Command): void {
  program
    .command("models")
    .description("List the 22 published models, measure them here, or name the best for a budget.")
    .option("--measure", "add the time of a prediction on this machine, with random weights")
    .addOption(
      new Option("--budget <limit>", "name the most accurate model within a time or download size: 5ms, 2MB; or both")
        .argParser(parseBudget)
        .conflicts("measure"),
    )
    .option("--threads <n>", "how many threads to measure with (default: all that there are)", wholeNumber)
    .option("--json", "print one JSON document and nothing else")
    .addHelpText("after", HELP)
    .action(async (options: ModelsOptions) => {
      const { models } = await import("./run.ts");
      await models(options);
    });
}

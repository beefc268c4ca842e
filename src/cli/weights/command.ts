/** The command `weights` and those below it on the command line: their options and their help. */
import type { Command } from "commander";
import { NAME, addModelOptions } from "../terminal/arguments.ts";
import type { JsonOption, WhichWeights } from "./run.ts";

const HELP = `
Examples:
  $ ${NAME} weights list                          what is in the cache
  $ ${NAME} weights fetch mobilenetv2_0.35_96     download one file into it
  $ ${NAME} weights fetch --alpha 0.5 --size 96 --no-top
  $ ${NAME} weights fetch --all                   download all
  $ ${NAME} weights verify                        read every file that is there, and say which are broken
  $ ${NAME} weights remove mobilenetv2_0.35_96
`;

export function addWeightsCommand(program: Command, exit: (code: number) => void): void {
  const weights = program
    .command("weights")
    .description("List, download, check and remove the published weights in the cache ($KERAS_HOME or ~/.keras).")
    .addHelpText("after", HELP)
    .exitOverride();
  weights
    .command("list")
    .description("List those that are there.")
    .option("--json", "print one JSON document and nothing else")
    .addHelpText("after", HELP)
    .action(async (options: JsonOption) => (await import("./run.ts")).list(options));
  addWhichWeights(weights.command("fetch"))
    .description("Download what is not there; without a name, that of the model that classify takes.")
    .argument("[names...]", "published models, such as mobilenetv2_0.35_96")
    .addHelpText("after", HELP)
    .action(async (names: readonly string[], options: WhichWeights) =>
      exit(await (await import("./run.ts")).fetchInto(names, options)),
    );
  weights
    .command("verify")
    .description(
      "Read every file, hold it against its model and against its SHA-256 of the first download (Keras lists none); broken ones are set aside. Exit code 1 where there are any.",
    )
    .option("--json", "print one JSON document and nothing else")
    .addHelpText("after", HELP)
    .action(async (options: JsonOption) => exit(await (await import("./run.ts")).verify(options)));
  addWhichWeights(weights.command("remove"))
    .description("Remove what is named.")
    .argument("[names...]", "published models, such as mobilenetv2_0.35_96")
    .addHelpText("after", HELP)
    .action(async (names: readonly string[], options: WhichWeights) =>
      (await import("./run.ts")).remove(names, options),
    );
}

function addWhichWeights(command: Command): Command {
  return addModelOptions(command)
    .option("--no-top", "the file without the classifier")
    .option("--all", "every published file");
}

/** The command `inspect` on the command line: its options and its help. */
import type { Command } from "commander";
import { NAME } from "../terminal/arguments.ts";
import type { InspectOptions } from "./run.ts";

const HELP = `
Examples:
  $ ${NAME} inspect flowers.keras
  $ ${NAME} inspect model.onnx --tensors
`;

export function addInspectCommand(program: Command): void {
  program
    .command("inspect")
    .description("Say what a checkpoint is, of any format, without loading it.")
    .argument("<file>", "a file, a folder or an address")
    .option("--tensors", "list the tensors too")
    .option("--json", "print one JSON document and nothing else")
    .addHelpText("after", HELP)
    .action(async (source: string, options: InspectOptions) => {
      const { inspect } = await import("./run.ts");
      await inspect(source, options);
    });
}

/** The commands that there are, how one is run, and how errors end: exit code 0 for done, 1 for a failure, 2 for a wrong call. */
import { existsSync, readFileSync } from "node:fs";
import { Command, CommanderError } from "commander";
import { addClassifyCommand } from "./classify/command.ts";
import { addConvertCommand } from "./convert/command.ts";
import { addEvaluateCommand } from "./evaluate/command.ts";
import { addExplainCommand } from "./explain/command.ts";
import { addFeaturesCommand } from "./features/command.ts";
import { addInspectCommand } from "./inspect/command.ts";
import { addModelsCommand } from "./models/command.ts";
import { addSimilarCommand } from "./similar/command.ts";
import { addSummaryCommand } from "./summary/command.ts";
import { NAME } from "./terminal/arguments.ts";
import { messageAsTyped } from "./terminal/options-in-errors.ts";
import { addTrainCommand } from "./train/command.ts";
import { addWeightsCommand } from "./weights/command.ts";

/** The commands in the order of the help. */
const COMMANDS: readonly ((program: Command, exit: (code: number) => void) => void)[] = [
  addClassifyCommand,
  addModelsCommand,
  addSummaryCommand,
  addInspectCommand,
  addConvertCommand,
  addTrainCommand,
  addEvaluateCommand,
  addFeaturesCommand,
  addSimilarCommand,
  addExplainCommand,
  addWeightsCommand,
];

const EXAMPLES = `
Examples:
  $ ${NAME}                                       classify the sample photograph
  $ ${NAME} classify photo.jpg other.png          classify pictures
  $ ${NAME} explain photo.jpg -o heat.png         show where the model looked
  $ ${NAME} evaluate photos/                      how often the model is right about a folder a class
  $ ${NAME} similar photo.jpg photos/             which pictures are most like one
  $ ${NAME} models                                list the published models
  $ ${NAME} summary --alpha 0.35 --size 96        show the layers of one
`;

/** Runs a command line and resolves to the exit code. Errors are printed here, on the error stream. */
export async function run(args: readonly string[]): Promise<number> {
  let exitCode = 0;
  const program = createProgram((code) => (exitCode = code));
  try {
    const names = [...program.commands.map((command) => command.name()), "help"];
    await program.parseAsync(withCommand(args, names), { from: "user" });
    return exitCode;
  } catch (error) {
    // Commander has printed its own errors.
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    const { escapedBytes } = await import("../platform/node/byte-names.ts");
    console.error(`error: ${escapedBytes(messageOf(error))}`);
    return isExpected(error) && error.name === "Interrupted" ? 130 : 1;
  }
}

/** `classify` is the command if none is named, but options or a file are. */
function withCommand(args: readonly string[], names: readonly string[]): readonly string[] {
  const [first] = args;
  if (first === undefined) return ["classify"];
  const own = ["-h", "--help", "-V", "--version"];
  const isOption = first.startsWith("-") && !own.includes(first);
  // Only the name of a file is not well-formed (byte-names.ts).
  const isFile = !first.isWellFormed() || (!names.includes(first) && existsSync(first));
  return isOption || isFile ? ["classify", ...args] : args;
}

function isExpected(error: unknown): error is Error {
  return error instanceof Error && ["MobileNetV2Error", "Interrupted"].includes(error.name);
}

/** What a user can act on; for any other error, which is our mistake, what a report about it needs. */
function messageOf(error: unknown): string {
  if (isExpected(error)) return messageAsTyped(error);
  return `unexpected: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`;
}

function createProgram(exit: (code: number) => void): Command {
  const program = new Command(NAME)
    .description("MobileNetV2 as Keras has it: classify pictures, list the published models, show their layers.")
    .usage("[command] [options]")
    .version(version())
    .addHelpText("after", EXAMPLES)
    .showHelpAfterError(`Run ${NAME} --help, or ${NAME} <command> --help.`)
    .exitOverride();

  for (const add of COMMANDS) add(program, exit);
  return program;
}

/** The version in the package.json of this package, which has the same name wherever this was built to. */
function version(): string {
  const text = readFileSync(new URL(import.meta.resolve("mobilenet-v2/package.json")), "utf8");
  return /"version":\s*"([^"]+)"/.exec(text)?.[1] ?? "unknown";
}

/** Commands, options and help, and how errors end: exit code 0 for done, 1 for a failure, 2 for a wrong call. */
import { existsSync, readFileSync } from "node:fs";
import { Command, CommanderError, InvalidArgumentError, Option } from "commander";
import { ALPHA, INTERPOLATIONS, NAME, SIZE, SIZE_OF_CHECKPOINT, addModelOptions, wholeNumber } from "./arguments.ts";
import { parseBudget } from "./budget.ts";
import type { ClassifyOptions } from "./classify.ts";
import type { ConvertOptions } from "./convert.ts";
import { addExplainCommand } from "./explain-command.ts";
import type { InspectOptions } from "./inspect.ts";
import type { ModelsOptions } from "./models.ts";
import { addPictureCommands } from "./picture-commands.ts";
import type { SummaryCommandOptions } from "./summary.ts";
import { addTrainCommand } from "./train-command.ts";
import type { JsonOption, WhichWeights } from "./weights.ts";

const EXAMPLES = {
  program: `
Examples:
  $ ${NAME}                                       classify the sample photograph
  $ ${NAME} classify photo.jpg other.png          classify pictures
  $ ${NAME} explain photo.jpg -o heat.png         show where the model looked
  $ ${NAME} evaluate photos/                      how often the model is right about a folder a class
  $ ${NAME} similar photo.jpg photos/             which pictures are most like one
  $ ${NAME} models                                list the published models
  $ ${NAME} summary --alpha 0.35 --size 96        show the layers of one
`,
  classify: `
Without --weights the ImageNet weights are taken from Keras's cache ($KERAS_HOME or ~/.keras), else downloaded into it.

Examples:
  $ ${NAME} classify photo.jpg
  $ ${NAME} classify *.jpg --alpha 0.35 --size 96 --top 3
  $ ${NAME} classify photo.jpg --weights flowers.keras
  $ ${NAME} classify photo.jpg --weights flowers.weights.h5 --size 96 --labels flowers.txt
  $ curl -s https://example.org/photo.jpg | ${NAME} classify - --json
`,
  models: `
Examples:
  $ ${NAME} models
  $ ${NAME} models --json
  $ ${NAME} models --measure                      how fast each is on this machine
  $ ${NAME} models --budget 5ms                   the most accurate that is fast enough
  $ ${NAME} models --budget 5ms --budget 8MB      and small enough
`,
  convert: `
IN is a checkpoint of any format that is read (docs/formats.md), or the name of a published model (see: ${NAME} models).

The format of OUT is what its ending says, or --to:
  .keras, .h5, .safetensors, .onnx       the whole model
  .weights.h5; --to legacy-weights       its weights alone, for Keras 3; for Keras 2
  model.json; --to tfjs-layers           TensorFlow.js, into a folder
  --to teachable-machine                 the same as Teachable Machine has it
  --to torchvision, timm, huggingface    safetensors with the names of these packages; model.safetensors gets a hub's files too

With --int8, OUT is .safetensors (ours) or .onnx (QDQ). The pictures in FOLDER, and in the folders within, should be like those that the model
will see. Each is turned upright and squeezed to the model's size as a whole, as classify does it: nothing is cut off.

Examples:
  $ ${NAME} convert flowers.h5 flowers.keras
  $ ${NAME} convert flowers.keras web/model.json --labels flowers.txt
  $ ${NAME} convert my-teachable-machine.zip flowers.onnx
  $ ${NAME} convert weights.h5 model.safetensors --size 160
  $ ${NAME} convert mobilenetv2_1.00_224 hub/model.safetensors --to huggingface
  $ ${NAME} convert flowers.keras flowers.int8.safetensors --int8 --calibrate photos/
`,
  inspect: `
Examples:
  $ ${NAME} inspect flowers.keras
  $ ${NAME} inspect model.onnx --tensors
`,
  weights: `
Examples:
  $ ${NAME} weights list                          what is in the cache
  $ ${NAME} weights fetch mobilenetv2_0.35_96     download one file into it
  $ ${NAME} weights fetch --alpha 0.5 --size 96 --no-top
  $ ${NAME} weights fetch --all                   download all
  $ ${NAME} weights verify                        read every file that is there, and say which are broken
  $ ${NAME} weights remove mobilenetv2_0.35_96
`,
  summary: `
Examples:
  $ ${NAME} summary --alpha 0.35 --size 96
  $ ${NAME} summary --no-top --pooling avg --trainable
  $ ${NAME} summary --classes 5 --line-length 120
`,
} as const;

/** More than any page or screen has. */
const MAX_LINE_LENGTH = 1000;

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
    console.error(`error: ${messageOf(error)}`);
    return isExpected(error) && error.name === "Interrupted" ? 130 : 1;
  }
}

/** `classify` is what happens where no command is named, but options or a file are. */
function withCommand(args: readonly string[], names: readonly string[]): readonly string[] {
  const [first] = args;
  if (first === undefined) return ["classify"];
  const own = ["-h", "--help", "-V", "--version"];
  const isOption = first.startsWith("-") && !own.includes(first);
  return isOption || (!names.includes(first) && existsSync(first)) ? ["classify", ...args] : args;
}

function isExpected(error: unknown): error is Error {
  return error instanceof Error && ["MobileNetV2Error", "Interrupted"].includes(error.name);
}

/** What a user can act on; for anything else, which is our mistake, what a report needs. */
function messageOf(error: unknown): string {
  if (isExpected(error)) return error.message;
  return `unexpected: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`;
}

function createProgram(exit: (code: number) => void): Command {
  const program = new Command(NAME)
    .description("MobileNetV2 as Keras has it: classify pictures, list the published models, show their layers.")
    .usage("[command] [options]")
    .version(version())
    .addHelpText("after", EXAMPLES.program)
    .showHelpAfterError(`Run ${NAME} --help, or ${NAME} <command> --help.`)
    .exitOverride();

  addModelOptions(program.command("classify"), ALPHA, `${SIZE}; of files: where they leave it open`)
    .description("Say what is in pictures (the command where none is named).")
    .argument("[pictures...]", "files or addresses; - for standard input; without any, a sample photograph")
    .option("--top <n>", "how many classes to show", wholeNumber, 5)
    .option("--weights <what>", "imagenet, nsfwjs, or a checkpoint of any format: a file, a folder, an address")
    .option("--labels <file>", "the names of the classes: a text file, one a line, or JSON")
    .addOption(
      new Option("--interpolation <how>", "how to resize (default: bilinear; nsfwjs: as it does itself)").choices(
        INTERPOLATIONS,
      ),
    )
    .option("--json", "print one JSON document and nothing else")
    .addHelpText("after", EXAMPLES.classify)
    .action(async (pictures: readonly string[], options: ClassifyOptions) => {
      const { classify } = await import("./classify.ts");
      exit(await classify(pictures, options));
    });

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
    .addHelpText("after", EXAMPLES.models)
    .action(async (options: ModelsOptions) => {
      const { models } = await import("./models.ts");
      await models(options);
    });

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
    .addHelpText("after", EXAMPLES.summary)
    .action(async (options: SummaryCommandOptions) => {
      const { summary } = await import("./summary.ts");
      await summary(options);
    });

  program
    .command("inspect")
    .description("Say what a checkpoint is, of any format, without loading it.")
    .argument("<file>", "a file, a folder or an address")
    .option("--tensors", "list the tensors too")
    .option("--json", "print one JSON document and nothing else")
    .addHelpText("after", EXAMPLES.inspect)
    .action(async (source: string, options: InspectOptions) => {
      const { inspect } = await import("./inspect.ts");
      await inspect(source, options);
    });

  addModelOptions(program.command("convert"), "of weights alone: the width multiplier", SIZE_OF_CHECKPOINT)
    .description("Write a checkpoint of any format in another, and compare what both answer.")
    .argument("<in>", "a file, a folder, a zip archive, an address, or the name of a published model")
    .argument("<out>", "a file, or a folder for formats of several files")
    .option("--to <format>", "the format to write (default: what the ending of <out> says)")
    .option("--int8", "quantize to integers of 8 bits; needs --calibrate")
    .option("--calibrate <folder>", "with --int8: a folder of pictures to see the model's values for")
    .option(
      "--pictures <n>",
      "with --int8: how many of them to use (default: 64, from all over the folder)",
      wholeNumber,
    )
    .option("--labels <file>", "the names of the classes: a text file, one a line, or JSON")
    .option("--classes <n>", "of weights alone: how many classes the model has", wholeNumber)
    .option("--no-top", "of weights alone: the model has no classifier")
    .option("--json", "print one JSON document and nothing else")
    .addHelpText("after", EXAMPLES.convert)
    .action(async (source: string, target: string, options: ConvertOptions) => {
      const { convert } = await import("./convert.ts");
      await convert(source, target, options);
    });

  addTrainCommand(program);
  addPictureCommands(program);
  addExplainCommand(program);
  addWeightsCommands(program.command("weights"), exit);
  return program;
}

function addWeightsCommands(weights: Command, exit: (code: number) => void): void {
  weights
    .description("List, download, check and remove the published weights in the cache ($KERAS_HOME or ~/.keras).")
    .addHelpText("after", EXAMPLES.weights)
    .exitOverride();
  weights
    .command("list")
    .description("List those that are there.")
    .option("--json", "print one JSON document and nothing else")
    .addHelpText("after", EXAMPLES.weights)
    .action(async (options: JsonOption) => (await import("./weights.ts")).list(options));
  addWhichWeights(weights.command("fetch"))
    .description("Download what is not there; without a name, that of the model that classify takes.")
    .argument("[names...]", "published models, such as mobilenetv2_0.35_96")
    .addHelpText("after", EXAMPLES.weights)
    .action(async (names: readonly string[], options: WhichWeights) =>
      exit(await (await import("./weights.ts")).fetchInto(names, options)),
    );
  weights
    .command("verify")
    .description(
      "Read every file and hold it against its model; broken ones are set aside. Exit code 1 where there are any.",
    )
    .option("--json", "print one JSON document and nothing else")
    .addHelpText("after", EXAMPLES.weights)
    .action(async (options: JsonOption) => exit(await (await import("./weights.ts")).verify(options)));
  addWhichWeights(weights.command("remove"))
    .description("Remove what is named.")
    .argument("[names...]", "published models, such as mobilenetv2_0.35_96")
    .addHelpText("after", EXAMPLES.weights)
    .action(async (names: readonly string[], options: WhichWeights) =>
      (await import("./weights.ts")).remove(names, options),
    );
}

function addWhichWeights(command: Command): Command {
  return addModelOptions(command)
    .option("--no-top", "the file without the classifier")
    .option("--all", "every published file");
}

function lineLength(text: string): number {
  const value = wholeNumber(text);
  if (value > MAX_LINE_LENGTH) throw new InvalidArgumentError(`It must be ${MAX_LINE_LENGTH} at most.`);
  return value;
}

/** From the package.json of this package, which it can name wherever it was built to. */
function version(): string {
  const text = readFileSync(new URL(import.meta.resolve("mobilenet-v2/package.json")), "utf8");
  return /"version":\s*"([^"]+)"/.exec(text)?.[1] ?? "unknown";
}

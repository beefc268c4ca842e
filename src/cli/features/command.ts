/** The command `features` on the command line: its options and its help. */
import type { Command } from "commander";
import { addExtractor } from "../pictures/arguments.ts";
import { NAME } from "../terminal/arguments.ts";
import type { FeaturesOptions } from "./run.ts";

const HELP = `
The vector of a picture is what the last layer before the classifier gives: for the ImageNet weights 1,280 numbers. --layer takes another; of a
map of features, its mean over rows and columns, or its maxima.

OUT is written whole or not at all, and row by row: memory does not depend on how many pictures there are.
  .npy          a matrix of float32, a row a picture; the paths of the pictures, in the same order, are beside it in .json
  .safetensors  the same as tensor \`features\`; the paths are in its metadata, \`files\`
  .parquet      columns \`file\` and \`features\`; by the package hyparquet-writer, which is installed apart

Examples:
  $ ${NAME} features photos/ -o features.npy
  $ ${NAME} features photos/ -o features.parquet --layer block_12_add --pooling max
  $ ${NAME} features photos/ -o features.safetensors --weights flowers.keras --recipe torchvision
`;

export function addFeaturesCommand(program: Command): void {
  addExtractor(program.command("features"))
    .description("Make a vector of each picture, for search, clustering, or a classifier of your own.")
    .argument("<photos>", "a folder; pictures in the folders within count too")
    .requiredOption("-o, --output <file>", "where to write: .npy, .safetensors or .parquet")
    .option("--strict", "stop at a picture that cannot be read")
    .option("--json", "print one JSON document and nothing else")
    .addHelpText("after", HELP)
    .action(async (photos: string, options: FeaturesOptions) => {
      const { features } = await import("./run.ts");
      await features(photos, options);
    });
}

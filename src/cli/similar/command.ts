/** The command `similar` on the command line: its options and its help. */
import type { Command } from "commander";
import { addExtractor } from "../pictures/arguments.ts";
import { NAME, wholeNumber } from "../terminal/arguments.ts";
import type { SimilarOptions } from "./run.ts";

const HELP = `
Pictures are alike where their vectors have the same direction: 1.000 is the same. With --index the vectors are kept in a file (.npy or
.safetensors, as \`features\` writes it) and taken from there the next time; where pictures have come or gone it is made anew.

Examples:
  $ ${NAME} similar photo.jpg photos/
  $ ${NAME} similar photo.jpg photos/ --top 20 --index photos.npy
  $ ${NAME} similar - photos/ < photo.jpg
`;

export function addSimilarCommand(program: Command): void {
  addExtractor(program.command("similar"))
    .description("Find the pictures of a folder that are most like one.")
    .argument("<picture>", "a file or an address; - for standard input")
    .argument("<photos>", "a folder; pictures in the folders within count too")
    .option("--top <n>", "how many to show", wholeNumber, 5)
    .option("--index <file>", "keep the vectors in a file, or take them from there")
    .option("--json", "print one JSON document and nothing else")
    .addHelpText("after", HELP)
    .action(async (picture: string, photos: string, options: SimilarOptions) => {
      const { similar } = await import("./run.ts");
      await similar(picture, photos, options);
    });
}

/** Writes src/applications/imagenet-classes.ts from Keras's imagenet_class_index.json: node scripts/make-class-index.ts FILE */
import { readFileSync, writeFileSync } from "node:fs";
import { fnv1a32 } from "../src/core/random.ts";

const [source] = process.argv.slice(2);
if (source === undefined) throw new Error("usage: node scripts/make-class-index.ts imagenet_class_index.json");
const index = new Map(Object.entries(JSON.parse(readFileSync(source, "utf8")) as Record<string, [string, string]>));
let previous = 0;
const entries = Array.from({ length: 1000 }, (_, i) => {
  const [wnid = "", label = ""] = index.get(String(i)) ?? [];
  const id = Number(wnid.slice(1));
  const step = (id - previous).toString(36);
  previous = id;
  return `${step} ${label}`;
}).join(",");
const lines = entries.match(/.{1,110}/g) ?? [];
writeFileSync(
  new URL("../src/applications/imagenet-classes.ts", import.meta.url),
  `/** ImageNet's 1,000 classes in Keras's order, made by scripts/make-class-index.ts: the step of the WordNet id in base 36, a space, the name. */

/** FNV-1a (32 bits) of \`PACKED\`. */
export const CHECKSUM = 0x${fnv1a32(entries).toString(16)};

// prettier-ignore
export const PACKED =
${lines.map((line) => `  ${JSON.stringify(line)}`).join(" +\n")};
`,
);

/**
 * The packed package on several versions of Node: the oldest that package.json's `engines` promises, the newest with long-term support, and
 * the newest. npm has them as packages; they are kept in .tmp/nodes, beside the project's own Node.
 */
import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe } from "node:test";
import { describeOnNode } from "../package/on-node.ts";
import { type Packed, pack, remove, root, versionOf } from "../package/packed.ts";

const { engines }: { readonly engines: { readonly node: string } } = JSON.parse(
  readFileSync(join(root, "package.json"), "utf8"),
);
/** What each is, and its version, or the first number of it. */
const wanted = [
  ["the oldest Node that engines promises", engines.node.replace(/^>=/, "")],
  ["the newest Node with long-term support", "24"],
  ["the newest Node", "26"],
] as const;

const platform = process.platform === "win32" ? "win" : process.platform;
const packageName = `${platform === "darwin" && process.arch === "arm64" ? "node-bin" : "node"}-${platform}-${process.arch}`;

/** The folder with the program of that version, and which it is exactly; no version if npm cannot give it and it was never had before. */
function nodeOf(version: string): { readonly bin: string; readonly version: string | undefined } {
  const folder = join(root, ".tmp/nodes", version);
  const bin = join(folder, "node_modules", packageName, "bin");
  mkdirSync(folder, { recursive: true });
  try {
    const quiet = ["--no-audit", "--no-fund", "--no-package-lock", "--ignore-scripts"];
    execFileSync("npm", ["install", ...quiet, "--prefix", folder, `${packageName}@${version}`], { stdio: "pipe" });
  } catch {
    // What is there already will do.
  }
  return { bin, version: versionOf(bin) };
}

describe("the packed package", () => {
  let packed: Packed;
  before(() => {
    packed = pack();
  });
  after(() => remove(packed));

  for (const [title, range] of wanted) {
    const { bin, version } = nodeOf(range);
    const isWanted = version !== undefined && `${version}.`.startsWith(`${range}.`);
    const missing = `npm gives no ${packageName}@${range} here: is this machine offline?`;
    describeOnNode(`on ${title}: ${version ?? range}`, () => packed, bin, isWanted ? false : missing);
  }
});

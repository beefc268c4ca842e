/** The packed package, installed alone in an empty project. */
import { execFileSync } from "node:child_process";
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { transformSync } from "esbuild";

export const root = fileURLToPath(new URL("../../", import.meta.url));
export const modules = join(root, "node_modules");

const path = (process.env["PATH"] ?? "").split(delimiter).filter((folder) => !folder.includes(`node_modules${sep}`));
/** The environment without our own node_modules/.bin and npm's settings: `node` is then the system's. */
const environment = Object.fromEntries(
  Object.entries(process.env).filter(
    ([name]) => !/^(?:npm_(?:package|lifecycle|command|node)|NODE_TEST_CONTEXT$|NODE_OPTIONS$|INIT_CWD$)/.test(name),
  ),
);

/** Runs a command; what it prints. `node` in it is the one of the folder `bin`, or the system's. */
export function execute(command: string, args: readonly string[], cwd: string, bin?: string): string {
  const folders = bin === undefined ? path : [bin, ...path];
  return execFileSync(command, args, {
    cwd,
    env: { ...environment, PATH: folders.join(delimiter) },
    encoding: "utf8",
    // Only what hangs takes so long.
    timeout: 300_000,
    stdio: "pipe",
  });
}

/** The version of the Node in a folder, or of the system's; undefined if there is none. */
export function versionOf(bin?: string): string | undefined {
  try {
    return execute("node", ["--version"], root, bin).trim().slice(1);
  } catch {
    return undefined;
  }
}

export interface Packed {
  /** Where everything lies; to be removed in the end. */
  readonly folder: string;
  readonly tarball: string;
  readonly project: string;
  /** The package's folder in the project. */
  readonly installed: string;
}

/** Builds and packs the package, and installs it in a project beside the programs of this folder. */
export function pack(): Packed {
  const folder = mkdtempSync(join(tmpdir(), "mobilenet-v2-pack-"));
  const project = join(folder, "project");
  execFileSync(process.execPath, [join(root, "scripts/build.ts")], { cwd: root, stdio: "pipe" });
  execFileSync("npm", ["pack", "--ignore-scripts", "--silent", "--pack-destination", folder], { cwd: root });
  const tarball = join(folder, readdirSync(folder).find((name) => name.endsWith(".tgz")) ?? "");
  mkdirSync(project);
  writeFileSync(join(project, "package.json"), JSON.stringify({ private: true, type: "module" }));
  execute("npm", ["install", "--offline", "--no-save", "--no-audit", "--no-fund", "--omit=optional", tarball], project);
  for (const name of ["program", "subpaths"]) {
    const program = fileURLToPath(new URL(`${name}.ts`, import.meta.url));
    copyFileSync(program, join(project, `${name}.ts`));
    const { code } = transformSync(readFileSync(program, "utf8"), { loader: "ts", format: "esm" });
    writeFileSync(join(project, `${name}.js`), code);
  }
  return { folder, tarball, project, installed: join(project, "node_modules/mobilenet-v2") };
}

export function remove({ folder }: Packed): void {
  rmSync(folder, { recursive: true, force: true });
}

/** Whether a program's answer is one that classifies a picture: softmax sums to 1 within 1e-5. */
export function isAnswer(answer: unknown): boolean {
  if (typeof answer !== "object" || answer === null) return false;
  if (!("shape" in answer && "sum" in answer && "best" in answer && Array.isArray(answer.best))) return false;
  return String(answer.shape) === "1,1000" && Math.abs(Number(answer.sum) - 1) <= 1e-5 && answer.best.length === 3;
}

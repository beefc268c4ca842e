/** The packages and Pythons that the tests of this folder ask: where they are, how to get them, how they are asked. */
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Tensor } from "../../src/core/tensor.ts";

/** For `skip`: the packages of package.json beside this file. */
export const needsPackages: string | false = existsSync(new URL("node_modules", import.meta.url))
  ? false
  : "needs the packages of test/peers: sh test/peers/install.sh packages";

const MODULES = {
  keras: ["keras", "tensorflow"],
  torch: ["torch", "torchvision", "timm", "transformers", "safetensors"],
  litert: ["ai_edge_litert"],
} as const;

export type Environment = keyof typeof MODULES;

/** PYTHON_KERAS, PYTHON_TORCH, PYTHON_LITERT, or else what install.sh makes. */
function pythonOf(environment: Environment): string {
  return (
    process.env[`PYTHON_${environment.toUpperCase()}`] ??
    fileURLToPath(new URL(`../../.tmp/peers/${environment}/bin/python`, import.meta.url))
  );
}

/** For `skip`: why that Python cannot be asked, if it cannot. */
export function needsPython(
  environment: Environment,
  modules: readonly string[] = MODULES[environment],
): string | false {
  const python = pythonOf(environment);
  const found = "import importlib.util as u, sys; sys.exit(any(u.find_spec(m) is None for m in sys.argv[1:]))";
  if (spawnSync(python, ["-c", found, ...modules]).status === 0) return false;
  return (
    `needs a Python with ${modules.join(", ")}: sh test/peers/install.sh ${environment}, ` +
    `or name one in PYTHON_${environment.toUpperCase()}`
  );
}

/** A folder for the files of a test file; removed at the end of the process. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "mobilenet-v2-peers-"));
  process.on("exit", () => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** Has a script of this folder do tasks, all in one process; what each gave, in order. */
export function ask(
  environment: Environment,
  script: string,
  tasks: readonly object[],
  folder: string,
): readonly unknown[] {
  const [job, answers] = [join(folder, "job.json"), join(folder, "answers.json")];
  writeFileSync(job, JSON.stringify({ tasks, answers }));
  const [file = "", ...args] = script.split(" ");
  const path = fileURLToPath(new URL(file, import.meta.url));
  const { status, stderr, error } = spawnSync(pythonOf(environment), [path, ...args, job], { encoding: "utf8" });
  if (status !== 0) throw new Error(`${script} failed: ${error?.message ?? stderr.slice(-3000)}`);
  return JSON.parse(readFileSync(answers, "utf8")) as unknown[];
}

/** Float32 numbers as the scripts read them. */
export function inputFile(folder: string, name: string, { data, shape }: Tensor<Float32Array>): object {
  const file = join(folder, `${name}.f32`);
  writeFileSync(file, data);
  return { file, shape };
}

/** What a script says of a model. */
export interface Answer {
  readonly output?: readonly number[];
  readonly error?: string;
  readonly traceback?: string;
}

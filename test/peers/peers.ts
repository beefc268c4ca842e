/** The packages and Pythons that the tests of this folder ask: where they are, how to get them, how they are asked. */
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Tensor } from "../../src/core/tensor.ts";

/** For `skip`: the packages of package.json beside this file. */
export const needsPackages: string | false = existsSync(new URL("node_modules", import.meta.url))
  ? false
  : "needs the packages of test/peers: sh test/peers/install.sh packages";

const MODULES = {
  keras: ["keras", "tensorflow", "safetensors"],
  torch: ["torch", "torchvision", "timm", "transformers", "safetensors"],
  litert: ["ai_edge_litert"],
} as const;

export type Environment = keyof typeof MODULES;

/** PYTHON_KERAS, PYTHON_TORCH, PYTHON_LITERT, or else what install.sh makes. */
export function pythonOf(environment: Environment): string {
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

/** What a script says of a model. */
export interface Answer {
  readonly output?: readonly number[];
  readonly error?: string;
  readonly traceback?: string;
}

/** A folder for the files of a test file; removed at the end of the process. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "mobilenet-v2-peers-"));
  process.on("exit", () => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** Tasks for a script of this folder, done all in one process when the first answer is wanted. */
export class Asked<T extends Answer = Answer> {
  readonly #environment: Environment;
  readonly #script: string;
  readonly #folder = temporaryFolder();
  readonly #tasks: object[] = [];
  #answers: readonly T[] | undefined;

  /** `script`: its name, and arguments behind it. */
  constructor(environment: Environment, script: string) {
    this.#environment = environment;
    this.#script = script;
  }

  /** A path for a file, in folders that are there. */
  path(...names: readonly string[]): string {
    const path = join(this.#folder, ...names);
    mkdirSync(dirname(path), { recursive: true });
    return path;
  }

  /** Adds a task; what comes back gives its answer. @throws where the script could not do it. */
  task(task: object, { data, shape }: Tensor<Float32Array>): () => T {
    const file = join(this.#folder, `input-${this.#tasks.length}.f32`);
    writeFileSync(file, data);
    const index = this.#tasks.push({ ...task, input: { file, shape } }) - 1;
    return () => {
      this.#answers ??= this.#ask();
      const answer = this.#answers[index];
      if (answer === undefined) throw new Error("The task came too late: others had been answered.");
      if (answer.error !== undefined) throw new Error(`${answer.error}\n${answer.traceback ?? ""}`);
      return answer;
    };
  }

  #ask(): readonly T[] {
    const [job, answers] = [join(this.#folder, "job.json"), join(this.#folder, "answers.json")];
    writeFileSync(job, JSON.stringify({ tasks: this.#tasks, answers }));
    const [name = "", ...args] = this.#script.split(" ");
    const script = fileURLToPath(new URL(name, import.meta.url));
    const { status, stderr, error } = spawnSync(pythonOf(this.#environment), [script, ...args, job], {
      encoding: "utf8",
    });
    if (status !== 0) throw new Error(`${this.#script} failed: ${error?.message ?? stderr.slice(-3000)}`);
    return JSON.parse(readFileSync(answers, "utf8")) as readonly T[];
  }
}

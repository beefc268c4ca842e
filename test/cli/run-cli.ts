/** Runs the command line from its sources as a process of its own, with or without weights. */
import { spawn } from "node:child_process";
import { chmodSync, copyFileSync, mkdirSync } from "node:fs";
import { createServer } from "node:http";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { sharedPath } from "../support/shared.ts";

export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly input?: Uint8Array;
  /** Called with the process's id as soon as it runs. */
  readonly onStart?: (pid: number) => void;
  /** Called with all that it has printed so far, whenever it prints. */
  readonly onOutput?: (stdout: string) => void;
}

const main = fileURLToPath(new URL("../../src/cli/main.ts", import.meta.url));

export const command: readonly string[] = [process.execPath, "--conditions=@mobilenet-v2/source", main];

/** Runs the command line. Its environment has no weights and no colours in it. */
export function runCli(args: readonly string[], options: RunOptions = {}): Promise<Ended> {
  return runProcess([...command, ...args], options);
}

/** Resolves when the process has ended, whatever its exit code. */
export function runProcess(
  argv: readonly string[],
  { env = {}, input, onStart, onOutput }: RunOptions = {},
): Promise<Ended> {
  const [program = "", ...args] = argv;
  const child = spawn(program, args, { env: { ...environment(), ...env } });
  const output = { stdout: "", stderr: "" };
  for (const name of ["stdout", "stderr"] as const) {
    child[name].setEncoding("utf8").on("data", (text: string) => (output[name] += text));
  }
  child.stdout.on("data", () => onOutput?.(output.stdout));
  child.stdin.on("error", () => undefined).end(input);
  if (child.pid !== undefined) onStart?.(child.pid);
  return new Promise((resolve, reject) => {
    child.on("error", reject).on("close", (code) => resolve({ code, ...output }));
  });
}

function environment(): NodeJS.ProcessEnv {
  const { FORCE_COLOR: _force, NODE_OPTIONS: _options, MOBILENETV2_WEIGHTS_URL: _mirror, ...rest } = process.env;
  return rest;
}

/** Makes a cache of Keras's in `folder` with copies of the reference folder's ImageNet weights: no test may reach the originals. */
export function cacheWithWeights(folder: string): string {
  mkdirSync(join(folder, "models"), { recursive: true });
  for (const file of [IMAGENET_FILE, IMAGENET_FILE.replace(".h5", "_no_top.h5")]) {
    const copy = join(folder, "models", file);
    copyFileSync(sharedPath(`weights/${file}`), copy);
    chmodSync(copy, 0o644);
  }
  return folder;
}

export const IMAGENET_FILE = "mobilenet_v2_weights_tf_dim_ordering_tf_kernels_1.0_224.h5";

/** An address at which nothing listens. */
export async function closedAddress(): Promise<string> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  const port = typeof address === "object" ? address?.port : undefined;
  await new Promise((resolve) => server.close(resolve));
  return `http://127.0.0.1:${port}/`;
}

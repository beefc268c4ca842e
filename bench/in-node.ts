/** Starts engines as child processes of Node's or of Python's. */
import { type ChildProcess, execFileSync, fork, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import type { Engine, Running } from "./engines.ts";
import { modelFile, picture } from "./peer.ts";

const PYTHON = process.env["PYTHON"] ?? "python3";

export async function startInNode(engine: Engine): Promise<Running> {
  const child = fork(new URL("node-child.ts", import.meta.url), [JSON.stringify(engine)], {
    execArgv: ["--conditions=@mobilenet-v2/source"],
    stdio: ["ignore", "ignore", "pipe", "ipc"],
  });
  const messages = new Messages(child);
  child.on("message", (message) => messages.add(message));
  const { firstMs, scores } = await messages.next<Pick<Running, "firstMs" | "scores">>();
  return {
    engine,
    firstMs,
    scores,
    async round(milliseconds) {
      child.send(milliseconds);
      return (await messages.next<{ times: number[] }>()).times;
    },
    stop: () => messages.stop(),
  };
}

export async function startInPython(engine: Engine): Promise<Running> {
  const path = (place: string): string => fileURLToPath(new URL(place, import.meta.url));
  const model = path(`../../shared/peers/${modelFile(`${engine.precision}.tflite`)}`);
  const child = spawn(PYTHON, [path(engine.module), model, String(engine.threads)], { stdio: "pipe" });
  const messages = new Messages(child);
  createInterface(child.stdout).on("line", (line) => messages.add(JSON.parse(line)));
  child.stdin.write(new Uint8Array(picture().buffer));
  const { firstMs, scores } = await messages.next<Pick<Running, "firstMs" | "scores">>();
  return {
    engine,
    firstMs,
    scores,
    async round(milliseconds) {
      child.stdin.write(`${milliseconds}\n`);
      return (await messages.next<{ times: number[] }>()).times;
    },
    stop: () => messages.stop(),
  };
}

/** False where Python has LiteRT, else what is missing. */
export function withoutPython(): string | false {
  try {
    execFileSync(PYTHON, ["-c", "import ai_edge_litert.interpreter"], { stdio: "ignore" });
    return false;
  } catch {
    return `${PYTHON} has no LiteRT: pip install -r bench/thirdparty/requirements.txt, or name another in PYTHON`;
  }
}

/** The messages of a child, asked for one at a time; its end is an error for those who wait. */
export class Messages {
  readonly #child: ChildProcess;
  readonly #received: unknown[] = [];
  readonly #ended: Promise<never>;
  #wake: () => void = () => undefined;
  #complaint = "";

  constructor(child: ChildProcess) {
    this.#child = child;
    child.stderr?.setEncoding("utf8").on("data", (text: string) => (this.#complaint += text));
    const { promise, reject } = Promise.withResolvers<never>();
    child.on("error", reject);
    child.on("close", (code) => {
      const said = this.#complaint.split("\n").findLast((line) => /Error\b/.test(line)) ?? this.#complaint.trim();
      reject(new Error(`it ended with ${code}: ${said}`));
    });
    promise.catch(() => undefined);
    this.#ended = promise;
  }

  add(message: unknown): void {
    this.#received.push(message);
    this.#wake();
  }

  async next<T>(): Promise<T> {
    if (this.#received.length === 0) {
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#wake = resolve;
      await Promise.race([promise, this.#ended]);
    }
    return this.#received.shift() as T;
  }

  async stop(): Promise<void> {
    this.#child.kill();
    await this.#ended.catch(() => undefined);
  }
}

/** What the packed package does on one version of Node: the tests that each version has to pass. */
import assert from "node:assert/strict";
import { existsSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { type Packed, execute, isAnswer, modules } from "./packed.ts";

/** A PNG of 1 × 1. */
const picture = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAIAAACQd1PeAAAADElEQVR42mP4z8AAAAMBAQD3A0FDAAAAAElFTkSuQmCC";
const withoutSharp = existsSync(join(modules, "sharp")) ? false : "sharp is not installed here";

/** Does something while packages of ours are installed in the project. */
function withPackages<T>({ project }: Packed, names: readonly string[], use: () => T): T {
  const links = names.map((name) => join(project, "node_modules", name));
  try {
    for (const [i, link] of links.entries()) symlinkSync(join(modules, names[i] ?? ""), link);
    return use();
  } finally {
    for (const link of links) rmSync(link, { force: true });
  }
}

/** A folder in the project with some pictures; their paths. */
function pictures({ project }: Packed, folder: string): readonly string[] {
  mkdirSync(join(project, folder), { recursive: true });
  const paths = ["1", "2", "3", "4"].map((name) => join(project, folder, `${name}.png`));
  for (const path of paths) writeFileSync(path, Buffer.from(picture, "base64"));
  return paths;
}

/** The tests, on the Node of the folder `bin` or, if undefined, the system's; `skip` says why there is none. */
export function describeOnNode(
  title: string,
  packed: () => Packed,
  bin: string | undefined,
  skip: string | false,
): void {
  describe(title, { skip }, () => {
    const inProject = (command: string, ...args: readonly string[]): string =>
      execute(command, args, packed().project, bin);
    const cli = (...args: readonly string[]): string => inProject("npx", "--no-install", "mobilenet-v2", ...args);

    /** Evaluates an expression over the exports of program.ts and subpaths.ts in the project; its value, through JSON. */
    function evaluate(expression: string): unknown {
      const imports = 'import * as program from "./program.js"; import * as subpaths from "./subpaths.js";';
      const code = `${imports} console.log(JSON.stringify(await (${expression})));`;
      return JSON.parse(inProject("node", "--input-type=module", "--eval", code));
    }

    it("builds a model and predicts on two threads: softmax sums to 1 within 1e-5", () => {
      const { answer, ready } = Object(
        evaluate(`(async () => {
        let ready = 0;
        process.on("worker", (worker) => worker.on("message", ({ kind }) => (ready += kind === "ready" ? 1 : 0)));
        let answer = await program.run();
        for (let i = 0; i < 50 && ready === 0; i++) {
          await new Promise((done) => setTimeout(done, 50));
          answer = await program.run();
        }
        return { answer, ready };
      })()`),
      );
      assert.ok(isAnswer(answer), JSON.stringify(answer));
      assert.ok(ready > 0, "the threads' program did not start");
    });

    it("has the same classes and functions in the root and in the subpaths", () => {
      const { counts, others } = Object(evaluate("subpaths.shared()"));
      assert.deepEqual(others, []);
      assert.deepEqual(Object.keys(counts).toSorted(), [
        "applications",
        "data",
        "explain",
        "image",
        "layers",
        "models",
        "saving",
      ]);
    });

    it("names functions and classes in the stack trace of an error", () => {
      const stack = String(
        evaluate(`import("mobilenet-v2/layers").then(({ Dense }) => {
        try { return new Dense({ units: -1 }); } catch (error) { return error.stack; }
      })`),
      );
      assert.match(stack, /^MobileNetV2Error: .*units/);
      const calls = [...stack.matchAll(/^ +at (?:async )?([\w. ]+) \(.*\/([\w.-]+):(\d+):\d+\)$/gm)];
      const names = calls.map(([, name]) => name);
      assert.deepEqual(names.slice(0, 2), ["valueError", "new Dense"]);
      const [, , file = "", line = ""] = calls[1] ?? [];
      const code = readFileSync(join(packed().installed, "dist/chunks", file), "utf8").split("\n")[Number(line) - 1];
      assert.match(code ?? "", /^ *throw valueError\(/);
    });

    it("without sharp, says what to install to load a picture", () => {
      assert.match(
        String(evaluate(`program.load(Buffer.from("${picture}", "base64"))`)),
        /^MissingError: .*npm install sharp/s,
      );
    });

    it("loads a picture once sharp is there", { skip: withoutSharp }, () => {
      const load = (): unknown => evaluate(`program.load(Buffer.from("${picture}", "base64"))`);
      assert.equal(withPackages(packed(), ["sharp"], load), "2 × 3 × 3");
    });

    it("trains on pictures that other threads load, saves and opens the model", { skip: withoutSharp }, () => {
      const files = JSON.stringify(pictures(packed(), "photos"));
      const { trained, done } = withPackages(packed(), ["sharp"], () =>
        Object(
          evaluate(`(async () => {
        let done = 0;
        process.on("worker", (worker) => worker.on("message", ({ kind }) => (done += kind === "done" ? 1 : 0)));
        return { trained: await subpaths.train(${files}, "trained.keras"), done };
      })()`),
        ),
      );
      assert.equal(trained.losses.length, 2);
      assert.ok(
        trained.losses.every((loss: unknown) => Number(loss) > 0),
        String(trained.losses),
      );
      assert.equal(trained.weights, 4);
      assert.ok(done >= 4, `other threads loaded ${done} pictures`);
    });

    it("has a command line", () => {
      assert.match(cli("--help"), /classify/);
    });

    it(
      "without hyparquet-writer, says what to install to write .parquet; with it, writes",
      { skip: withoutSharp },
      () => {
        pictures(packed(), "pictures");
        assert.equal(evaluate("program.saveSmall('small.keras')"), "small.keras");
        const output = join(packed().project, "x.parquet");
        rmSync(output, { force: true });
        const features = (): string => cli("features", "pictures", "-o", "x.parquet", "--weights", "small.keras");
        withPackages(packed(), ["sharp"], () => {
          assert.throws(features, /\.parquet needs the package "hyparquet-writer".*npm install hyparquet-writer/);
        });
        assert.ok(!existsSync(output));
        withPackages(packed(), ["sharp", "hyparquet-writer"], features);
        assert.equal(readFileSync(output, "latin1").slice(0, 4), "PAR1");
      },
    );
  });
}

/** A command is found by its name, and nothing heavy is loaded before it runs. */
import assert from "node:assert/strict";
import { existsSync, readFileSync, readdirSync } from "node:fs";
import { describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { loadedWith } from "../support/loaded-modules.ts";
import { runCli } from "./run-cli.ts";

const root = fileURLToPath(new URL("../../src/cli/", import.meta.url));
const commands = readdirSync(root).filter((name) => existsSync(`${root}${name}/command.ts`));

describe("the command line's modules", () => {
  test("the commands of the help are the folders with a command.ts; each has a run.ts that is loaded when it runs", async () => {
    const { stdout } = await runCli(["--help"]);
    const [, list = ""] = stdout.split("\nCommands:\n");
    const listed = [...list.matchAll(/^ {2}(\w+)/gm)].map(([, name = ""]) => name);
    assert.deepEqual(listed.filter((name) => name !== "help").toSorted(), commands.toSorted());
    for (const name of commands) {
      assert.ok(existsSync(`${root}${name}/run.ts`), name);
      assert.match(readFileSync(`${root}${name}/command.ts`, "utf8"), /import\("\.\/run\.ts"\)/, name);
    }
  });

  test("what reads the arguments loads the options of the commands, names of crops, scalings, kinds and errors, and nothing else", () => {
    const loaded = [...loadedWith("cli/program.ts")].filter((module) => !/^cli\/\w+\/command\.ts$/.test(module));
    assert.deepEqual(loaded.toSorted(), [
      "cli/models/budget.ts",
      "cli/pictures/arguments.ts",
      "cli/program.ts",
      "cli/terminal/arguments.ts",
      "cli/terminal/options-in-errors.ts",
      "core/errors.ts",
      "core/kinds.ts",
      "tasks/crops.ts",
      "tasks/errors.ts",
      "tasks/pixels.ts",
    ]);
  });
});

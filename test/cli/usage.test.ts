import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { describe, test } from "node:test";
import { command, runCli } from "./run-cli.ts";

describe("usage", { concurrency: 2 }, () => {
  test("--help names the commands; every command's has options and examples", async () => {
    const { code, stdout } = await runCli(["--help"]);
    assert.equal(code, 0);
    for (const name of ["classify", "models", "summary", "Examples:"]) assert.ok(stdout.includes(name), name);
    const commands = [
      "classify",
      "models",
      "summary",
      "inspect",
      "convert",
      "weights",
      "weights fetch",
      "weights remove",
    ];
    for (const name of commands) {
      const help = await runCli([...name.split(" "), "--help"]);
      assert.equal(help.code, 0);
      assert.match(help.stdout, new RegExp(`Usage: mobilenet-v2 ${name}[^]*Options:[^]*Examples:`));
    }
  });

  test("--version is the package's", async () => {
    const text = readFileSync(new URL("../../package.json", import.meta.url), "utf8");
    const { stdout } = await runCli(["--version"]);
    assert.ok(text.includes(`"version": "${stdout.trim()}"`), stdout);
  });

  test("a wrong call ends with 2, says what is wrong and what was probably meant", async () => {
    const cases: readonly (readonly [readonly string[], RegExp])[] = [
      [["modls"], /unknown command 'modls'\n\(Did you mean models\?\)/],
      [["summary", "--siez", "96"], /unknown option '--siez'\n\(Did you mean --size\?\)/],
      [
        ["summary", "--size", "9.5"],
        /'--size <n>' argument '9\.5' is invalid\. It must be a whole number of 1 or more\./,
      ],
      [["--alpha", "-1"], /'--alpha <n>' argument '-1' is invalid\. It must be a number above 0\./],
      [["classify", "--interpolation", "best"], /Allowed choices are nearest, bilinear, /],
      [["summary", "--line-length", "1000000000"], /It must be 1000 at most\./],
      [["models", "surplus"], /too many arguments/],
    ];
    for (const [args, message] of cases) {
      const { code, stdout, stderr } = await runCli(args);
      assert.deepEqual([code, stdout], [2, ""], args.join(" "));
      assert.match(stderr, message);
    }
  });

  test("a failure ends with 1 and one line without a stack", async () => {
    const { code, stdout, stderr } = await runCli(["summary", "--size", "31"]);
    assert.deepEqual([code, stdout], [1, ""]);
    assert.equal(stderr, "error: Input size must be at least 32x32; Received: inputShape=(31, 31, 3)\n");
  });

  test("models --json is one document with the 22", async () => {
    const { code, stdout, stderr } = await runCli(["models", "--json"]);
    assert.deepEqual([code, stderr], [0, ""]);
    const models = JSON.parse(stdout) as readonly Record<string, unknown>[];
    assert.equal(models.length, 22);
    assert.deepEqual(models[2], {
      alpha: 1,
      size: 224,
      name: "mobilenetv2_1.00_224",
      macs: 300774272,
      parameters: 3538984,
      top1: 71.8,
      top5: 91,
      downloadBytes: 14155936,
    });
  });

  test("summary prints Keras's table", async () => {
    const { code, stdout } = await runCli(["summary", "--alpha", "0.35", "--size", "96"], { env: { COLUMNS: "200" } });
    assert.equal(code, 0);
    const expected = readFileSync(new URL("../fixtures/models/summary-0.35-96.txt", import.meta.url), "utf8");
    assert.equal(stdout.trimEnd(), expected.trimEnd());
  });

  test("summary has options for all that Keras's has", async () => {
    const args = ["--no-top", "--pooling", "avg", "--trainable", "--line-length", "100", "--expand-nested"];
    const { code, stdout } = await runCli(["summary", ...args]);
    assert.equal(code, 0);
    const [title, rule = "", header = ""] = stdout.split("\n");
    assert.equal(title, 'Model: "mobilenetv2_1.00_None"');
    assert.equal(rule.length, 100);
    assert.ok(header.includes("Trai"), header);
    assert.ok(stdout.includes("(None, 1280)"));
  });

  test("a reader that closes early is no failure", async () => {
    const [program = "", ...own] = command;
    const child = spawn(program, [...own, "summary"], { stdio: ["ignore", "pipe", "pipe"] });
    let stderr = "";
    child.stderr.on("data", (text: Buffer) => (stderr += text.toString()));
    child.stdout.destroy();
    const code = await new Promise((resolve) => child.on("close", resolve));
    assert.deepEqual([code, stderr], [0, ""]);
  });
});

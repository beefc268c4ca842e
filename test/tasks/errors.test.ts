/** Errors of tasks name options as a program writes them, and nothing in the room knows of a command line. */
import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { messageAsTyped } from "../../src/cli/terminal/options-in-errors.ts";
import { MobileNetV2Error } from "../../src/core/errors.ts";
import { nameOf, namedError, option, optionError } from "../../src/tasks/errors.ts";

describe("errors of tasks", () => {
  test("no file in src/tasks contains an option of a command line", () => {
    const root = fileURLToPath(new URL("../../src/tasks/", import.meta.url));
    const files = readdirSync(root, { recursive: true, encoding: "utf8" }).filter((name) => name.endsWith(".ts"));
    assert.ok(files.length > 10);
    const found = files.flatMap((name) =>
      readFileSync(join(root, name), "utf8")
        .split("\n")
        .flatMap((line, i) => (/--[a-z]/.test(line) ? [`${name}:${i + 1}: ${line}`] : [])),
    );
    assert.deepEqual(found, []);
  });

  const cases = [
    [optionError`Received: ${option("size", 96)}`, "Received: `size: 96`", "Received: --size 96"],
    [optionError`${option("labels")} names 3`, "`labels` names 3", "--labels names 3"],
    [optionError`Take ${option("pooling", "avg")}.`, 'Take `pooling: "avg"`.', "Take --pooling avg."],
    [optionError`Received: ${option("top", false)}`, "Received: `top: false`", "Received: --no-top"],
    [optionError`${option("fromScratch", true)} is`, "`fromScratch: true` is", "--from-scratch is"],
    [optionError`${option("weights", null)} is`, "`weights: null` is", "--weights none is"],
    [optionError`${option("cropAs", "timm")} is`, '`cropAs: "timm"` is', "--recipe timm is"],
    [optionError`${2} of \`a\``, "2 of `a`", "2 of `a`"],
  ] as const;
  for (const [error, message, typed] of cases) {
    test(`${message} is ${typed} on the command line, also after the name of a file`, () => {
      assert.deepEqual([error.code, error.name, error.message], ["ValueError", "MobileNetV2Error", message]);
      assert.equal(messageAsTyped(error), typed);
      const named = namedError(error, "model.h5");
      assert.ok(named instanceof MobileNetV2Error);
      assert.deepEqual([named.message, named.cause], [`model.h5: ${message}`, error]);
      assert.equal(messageAsTyped(named), `model.h5: ${typed}`);
    });
  }

  test("errors that name what they are about, those of other origin, and those about bytes stay as they are", () => {
    const own = new MobileNetV2Error("IOError", "Could not read a.h5");
    assert.equal(namedError(own, "a.h5"), own);
    assert.equal(namedError(own, undefined), own);
    const other = new Error("x");
    assert.equal(namedError(other, "a.h5"), other);
    const named = namedError(own, "b.h5");
    assert.ok(named instanceof MobileNetV2Error);
    assert.deepEqual([named.code, named.message], ["IOError", "b.h5: Could not read a.h5"]);
  });

  test("sources are called by their paths, addresses and names; bytes have none", () => {
    assert.equal(nameOf("a/b.h5"), "a/b.h5");
    assert.equal(nameOf(new URL("https://example.org/b.h5")), "https://example.org/b.h5");
    assert.equal(nameOf(new File([], "b.h5")), "b.h5");
    assert.equal(nameOf(new Blob([])), undefined);
    assert.equal(nameOf(new Uint8Array()), undefined);
  });
});

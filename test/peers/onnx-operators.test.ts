/** Every operator of ONNX over its attributes and versions, and ONNX's own tests of its nodes: what is read answers as onnxruntime does, the rest is refused. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { OPERATOR_NAMES } from "../../src/saving/onnx/operators/table.ts";
import { type Described, judge } from "../saving/onnx/operator-cases.ts";
import { needsPython, pythonOf, temporaryFolder } from "./peers.ts";

interface Case {
  readonly name: string;
  readonly operator: string;
  readonly file: string;
  readonly input: Described;
  readonly output: Described;
}

const skip = needsPython("keras", ["onnx", "onnxruntime"]);

describe(
  "operators: within 1e-5 of the largest of onnxruntime's values, or an UnsupportedError that names the node",
  { skip },
  () => {
    test("some 7000 graphs of one to a few nodes", async () => {
      const folder = temporaryFolder();
      const script = fileURLToPath(new URL("onnx_operators.py", import.meta.url));
      const { status, stderr } = spawnSync(pythonOf("keras"), [script, folder], { encoding: "utf8" });
      assert.equal(status, 0, stderr.slice(-3000));
      const cases: readonly Case[] = JSON.parse(readFileSync(join(folder, "cases.json"), "utf8"));
      const wrong: string[] = [];
      const right = new Set<string>();
      for (const { name, operator, file, input, output } of cases) {
        // oxlint-disable-next-line no-await-in-loop -- one model at a time
        const { verdict, why } = await judge(new Uint8Array(readFileSync(join(folder, file))), input, output);
        if (verdict === "right") right.add(operator);
        if (verdict === "wrong") wrong.push(`${name}: ${why}`);
      }
      assert.deepEqual(wrong, []);
      // Those of shapes and integers stand in graphs that end with another one, or in quantized models (test/saving/onnx).
      const elsewhere =
        /^(?:com\.microsoft\..*|Constant|ConstantOfShape|Concat|Gather|Shape|Slice|.*Integer|DynamicQuantizeLinear|Q.*)$/;
      const never = OPERATOR_NAMES.filter((name) => !right.has(name) && !elsewhere.test(name));
      assert.deepEqual(never, [], "read, but never tried");
      assert.ok(cases.length > 6000, `${cases.length} graphs`);
    });
  },
);

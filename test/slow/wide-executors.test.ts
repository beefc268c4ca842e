/** All cases with vectors of 256 bits. */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { it } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { features } from "../../src/wasm/features.ts";
import { needsRelaxedSimd } from "../support/wasm.ts";

const program = fileURLToPath(new URL("../executors/wide-cases.ts", import.meta.url));

it("the cases in a process whose vectors are joined to 256 bits", { skip: needsRelaxedSimd }, async (t) => {
  assert.ok(features().simd);
  const options = ["--no-liftoff", "--conditions=@mobilenet-v2/source", "--test-reporter=tap", program];
  // Without this the child would speak to our runner.
  const { NODE_TEST_CONTEXT: _, ...env } = process.env;
  const { stdout } = await promisify(execFile)(process.execPath, options, { env, maxBuffer: 2 ** 26 }).catch(
    (error: { stdout: string }) => assert.fail(error.stdout),
  );
  const count = (what: string): number => Number(new RegExp(`^# ${what} (\\d+)$`, "m").exec(stdout)?.[1]);
  assert.equal(count("fail"), 0);
  if (/# SKIP V8 joins no vectors here/.test(stdout)) t.skip("V8 joins no vectors here");
  else assert.ok(count("pass") > 40, stdout);
});

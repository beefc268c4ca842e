/** 256-bit vectors, switched on in a process of its own. */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { it } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { features } from "../../src/wasm/features.ts";

const program = fileURLToPath(new URL("wide-program.ts", import.meta.url));

it("enableWideSimd: on or off, features are those of 128 bits to the bit", async () => {
  const { stdout } = await promisify(execFile)(process.execPath, ["--conditions=@mobilenet-v2/source", program]);
  const { enabled, again, difference } = JSON.parse(stdout) as Record<string, unknown>;
  assert.equal(typeof enabled, "boolean");
  assert.equal(again, enabled);
  assert.ok(features().relaxedSimd || enabled === false);
  assert.equal(difference, 0);
});

/** A page measures itself as Node does. */
import assert from "node:assert/strict";
import { after, describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { closeBrowser, runInPage, withoutChromium } from "./harness.ts";

const page = fileURLToPath(new URL("pages/recommend.ts", import.meta.url));

describe("recommend in a page", { skip: withoutChromium }, () => {
  after(closeBrowser);

  it("names a model that it has timed there", async () => {
    const chosen = (await runInPage(page, 1000)) as Record<string, unknown>;
    assert.equal(chosen["name"], "mobilenetv2_1.40_224");
    assert.equal(chosen["precision"], "int8");
    assert.ok(Number(chosen["latencyMs"]) > 0.05 && Number(chosen["latencyMs"]) <= 1000, String(chosen["latencyMs"]));
  });
});

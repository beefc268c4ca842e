/** A model in the page answers as it does in Node. */
import assert from "node:assert/strict";
import { after, describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { assertWithin } from "../support/compare.ts";
import { closeBrowser, runInPage, withoutChromium } from "./harness.ts";
import { run } from "./pages/model.ts";

const page = fileURLToPath(new URL("pages/model.ts", import.meta.url));

describe("a model in a page", { skip: withoutChromium }, () => {
  after(closeBrowser);

  for (const isolated of [false, true]) {
    it(`predicts as in Node within 1e-6 (${isolated ? "isolated" : "plain"} page)`, async () => {
      const inNode = await run("browser");
      const inPage = await runInPage(page, "browser", { isolated });
      assert.ok(Array.isArray(inPage) && inPage.length === 1000);
      assertWithin(inPage.map(Number), inNode, 1e-6, "scores");
    });
  }
});

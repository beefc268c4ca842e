/** A page shows where a model looked as Node does. */
import assert from "node:assert/strict";
import { after, describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { assertWithin } from "../support/compare.ts";
import { closeBrowser, runInPage, withoutChromium } from "./harness.ts";
import { type ExplainAnswer, run } from "./pages/explain.ts";

const page = fileURLToPath(new URL("pages/explain.ts", import.meta.url));

describe("explaining in a page", { skip: withoutChromium }, () => {
  after(closeBrowser);

  for (const isolated of [false, true]) {
    it(`gives Node's heat maps within 1e-5, and a picture of them (${isolated ? "isolated" : "plain"} page)`, async () => {
      const inNode = await run("explain");
      const inPage = (await runInPage(page, "explain", { isolated })) as ExplainAnswer;
      assert.equal(inPage.classIndex, inNode.classIndex);
      for (const map of ["gradCam", "early", "cam"] as const) {
        assert.equal(Math.max(...inNode[map]), 1, `${map} has a brightest place`);
        assertWithin(inPage[map], inNode[map], 1e-5, map);
      }
      assertWithin(inPage.pixels, inNode.pixels, 1, "pixels of the overlay");
      assert.deepEqual(inPage.png, [0x89, ...Buffer.from("PNG\r\n\u001a\n")]);
    });
  }
});

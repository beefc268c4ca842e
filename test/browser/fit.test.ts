/** fit in a page: on arrays, with a frozen part, callbacks, a backup; the same as in Node. */
import assert from "node:assert/strict";
import { after, describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { assertWithin } from "../support/compare.ts";
import { closeBrowser, runInPage, withoutChromium } from "./harness.ts";
import { type Trained, run } from "./pages/fit.ts";

const page = fileURLToPath(new URL("pages/fit.ts", import.meta.url));

describe("fit in a page", { skip: withoutChromium }, () => {
  after(closeBrowser);

  for (const isolated of [false, true]) {
    it(`learns as in Node within 1e-4 (${isolated ? "isolated" : "plain"} page)`, async () => {
      const inNode = await run();
      const inPage = (await runInPage(page, null, { isolated })) as Trained;
      assert.equal(inPage.headLosses.length, 8);
      assertWithin(inPage.headLosses, inNode.headLosses, 1e-4, "losses of the head");
      assertWithin(inPage.allLosses, inNode.allLosses, 1e-4, "losses of all layers");
      assertWithin(inPage.weights, inNode.weights, 1e-4, "weights");
      assert.ok((inPage.headLosses.at(-1) ?? NaN) < 0.9 * (inPage.headLosses[0] ?? NaN), inPage.headLosses.join());
      assert.equal(inPage.accuracy, inNode.accuracy);
      assert.ok(inPage.savedBytes > 1e6);
    });
  }
});

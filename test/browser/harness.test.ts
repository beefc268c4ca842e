/** The harness itself: pages with and without isolation, errors that come through. */
import assert from "node:assert/strict";
import { after, describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { uniform } from "../../src/core/random.ts";
import { closeBrowser, runInPage, withoutChromium } from "./harness.ts";

const page = fileURLToPath(new URL("pages/harness.ts", import.meta.url));

describe("the browser harness", { skip: withoutChromium }, () => {
  after(closeBrowser);

  for (const isolated of [false, true]) {
    it(`makes the same seeded numbers as Node, exactly (${isolated ? "isolated" : "plain"} page)`, async () => {
      assert.deepEqual(await runInPage(page, "a/Conv1/kernel", { isolated }), {
        isolated,
        numbers: [...uniform("a/Conv1/kernel", 4, -1, 1)],
      });
    });
  }

  it("says what went wrong in the page", async () => {
    await assert.rejects(runInPage(page, null), /In the page: .*TypeError: no name/s);
  });
});

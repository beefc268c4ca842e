/** What is done with pictures is done in a page as in Node. */
import assert from "node:assert/strict";
import { after, describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { assertWithin } from "../support/compare.ts";
import { closeBrowser, runInPage, withoutChromium } from "./harness.ts";
import { type Answers, run } from "./pages/tasks.ts";

const page = fileURLToPath(new URL("pages/tasks.ts", import.meta.url));

describe("tasks in a page", { skip: withoutChromium }, () => {
  after(closeBrowser);

  it("classify, embed and count as in Node within 1e-6, and refuse in the same words", async () => {
    const inNode = await run("browser/tasks");
    const inPage = (await runInPage(page, "browser/tasks")) as Answers;
    assert.deepEqual([...inNode.labels].toSorted(), ["daisy", "rose", "tulip", "weed"]);
    assert.deepEqual([inPage.labels, inPage.top1], [inNode.labels, 1]);
    assertWithin(inPage.scores, inNode.scores, 1e-6, "scores");
    assertWithin(inPage.vector, inNode.vector, 1e-6, "vector");
    assert.equal(inPage.refused, "seeded.keras: The model takes pictures of 32 × 32 × 3. Received: `size: 96`");
  });
});

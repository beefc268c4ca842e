/** The training engine in pages, cross-origin isolated and not: the gradients of Node. */
import assert from "node:assert/strict";
import { after, describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { closeBrowser, runInPage, withoutChromium } from "./harness.ts";
import { type TrainingAnswer, type TrainingArguments, run } from "./pages/training.ts";

const page = fileURLToPath(new URL("pages/training.ts", import.meta.url));
const given: TrainingArguments = { threads: [1, 2, 3], rows: 32, batch: 4 };

describe("training in a page", { skip: withoutChromium }, () => {
  after(closeBrowser);

  for (const isolated of [true, false]) {
    it(`1, 2 and 3 threads in ${isolated ? "an isolated page" : "a plain page"} give Node's bits`, async () => {
      const [expected] = (await run({ ...given, threads: [1] })).sums;
      assert.ok(expected !== undefined && expected.length > 300 && expected.every(Number.isFinite));
      const answer = (await runInPage(page, given, { isolated })) as TrainingAnswer;
      assert.equal(answer.isolated, isolated);
      assert.equal(answer.sums.length, 9);
      for (const sums of answer.sums) assert.deepEqual(sums, expected);
    });
  }
});

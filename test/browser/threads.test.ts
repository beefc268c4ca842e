/** Threads in pages: cross-origin isolated ones have them, others a worker that computes for them; where there are no workers, the page computes. */
import assert from "node:assert/strict";
import { after, describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { closeBrowser, runInPage, withoutChromium } from "./harness.ts";
import { type ThreadsAnswer, type ThreadsArguments, type Trouble, run } from "./pages/threads.ts";

const page = fileURLToPath(new URL("pages/threads.ts", import.meta.url));

const small: ThreadsArguments = { threads: [1, 2, 3, 8], alpha: 0.35, rows: 96, batch: 2, trouble: "none" };

async function inPage(given: ThreadsArguments, isolated: boolean): Promise<ThreadsAnswer> {
  return (await runInPage(page, given, { isolated })) as ThreadsAnswer;
}

describe("threads in a page", { skip: withoutChromium }, () => {
  after(closeBrowser);

  for (const isolated of [true, false]) {
    const kind = isolated ? "an isolated page" : "a plain page";

    it(`1, 2, 3 and 8 threads in ${kind} give Node's bits`, async () => {
      const inNode = await run({ ...small, threads: [1] });
      const answer = await inPage(small, isolated);
      assert.equal(answer.isolated, isolated);
      for (const scores of answer.scores) assert.deepEqual(scores, inNode.scores[0]);
    });

    it(`${kind} does not stand still while a model predicts`, async () => {
      const { times, stalls } = await inPage({ ...small, threads: [1, 2], alpha: 1, rows: 224, batch: 6 }, isolated);
      for (const [i, stall] of stalls.entries()) {
        const time = times[i] ?? 0;
        assert.ok(stall < time / 2, `a stall of ${stall.toFixed(1)} ms in ${time.toFixed(1)} ms`);
      }
    });

    it(`a worker of ${kind} gives Node's bits`, async () => {
      const inNode = await run({ ...small, threads: [1] });
      const answer = await inPage({ ...small, inWorker: true }, isolated);
      assert.equal(answer.isolated, isolated);
      for (const scores of answer.scores) assert.deepEqual(scores, inNode.scores[0]);
    });

    for (const trouble of ["missing", "throwing", "failing", "failing once"] satisfies Trouble[]) {
      it(`answers in ${kind} with workers ${trouble}`, async () => {
        const inNode = await run({ ...small, threads: [1] });
        const answer = await inPage({ ...small, threads: [2, 1], trouble }, isolated);
        for (const scores of answer.scores) assert.deepEqual(scores, inNode.scores[0]);
      });
    }
  }
});

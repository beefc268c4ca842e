/** Downloads in a browser: kept by the Cache API, and over bad connections. */
import assert from "node:assert/strict";
import { after, describe, it } from "node:test";
import { fileURLToPath } from "node:url";

import { letters } from "../platform/letters.ts";
import { type ServerPlan, startServer } from "../platform/server.ts";
import { closeBrowser, runInPage, withoutChromium } from "./harness.ts";
import type { Request } from "./pages/download.ts";

const page = fileURLToPath(new URL("pages/download.ts", import.meta.url));
const content = letters(300_000);

interface Outcome {
  readonly report: unknown;
  readonly requests: number;
}

async function downloadIn(plan: Omit<ServerPlan, "content">, request: Omit<Request, "url">): Promise<Outcome> {
  await using server = await startServer({ content, ...plan });
  const report = await runInPage(page, { url: server.url, ...request });
  return { report, requests: server.requests.length };
}

const good = {
  found: [300_000, 300_000],
  lengths: [300_000, 300_000],
  last: { received: 300_000, total: 300_000 },
  error: null,
  secure: true,
};

describe("downloads in Chromium", { skip: withoutChromium }, () => {
  after(closeBrowser);

  it("a second download comes from the Cache API, not from the network", async () => {
    assert.deepEqual(await downloadIn({}, { times: 2 }), { report: good, requests: 1 });
  });

  it("what is broken in the cache is thrown away and fetched again once", async () => {
    assert.deepEqual(await downloadIn({}, { times: 2, planted: "AAA" }), { report: good, requests: 1 });
  });

  for (const kind of ["cut", "stall"] as const) {
    it(`a ${kind} in the middle is healed by another try`, async () => {
      const { report, requests } = await downloadIn(
        { answers: [{ kind, after: 100_000 }] },
        { times: 2, ...(kind === "stall" && { stallTimeout: 2000 }) },
      );
      assert.deepEqual(report, good);
      assert.ok(requests >= 2 && requests <= 3, `${requests} requests`);
    });
  }

  it("a compressed answer is unpacked", async () => {
    const { report } = await downloadIn({ finally: { kind: "gzip" } }, { times: 2 });
    assert.deepEqual(report, { ...good, last: { received: 300_000, total: null } });
  });

  for (const [what, plan, code] of [
    ["404", { finally: { kind: "status", status: 404 } }, "NetworkError"],
    ["a web page in its place", { finally: { kind: "page" } }, "FormatError"],
    ["for ever cut", { finally: { kind: "cut", after: 1000 } }, "NetworkError"],
  ] as const) {
    it(`${what}: a typed error, nothing kept`, async () => {
      await using server = await startServer({ content, ...plan });
      const report = await runInPage(page, { url: server.url, times: 1 });
      assert.ok(typeof report === "object" && report !== null && "error" in report && "found" in report);
      assert.deepEqual(report.found, []);
      assert.ok(typeof report.error === "object" && report.error !== null && "code" in report.error);
      assert.equal(report.error.code, code);
    });
  }

  it("readBytes reads an address without keeping it", async () => {
    const { report, requests } = await downloadIn({}, { times: 2, plainly: true });
    assert.deepEqual(report, { ...good, found: [null, null] });
    assert.equal(requests, 2);
  });
});

/** Downloads over bad connections, from a server on the loopback. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { isDeepStrictEqual } from "node:util";

import { MobileNetV2Error } from "../../src/core/errors.ts";
import type { Progress } from "../../src/platform/contract.ts";
import { fetchBytes, type FetchOptions } from "../../src/platform/fetch-bytes.ts";
import { type Answer, type ServerPlan, startServer } from "./server.ts";

const content = Uint8Array.from({ length: 200_000 }, (_, index) => (index * 31 + (index >> 8)) & 255);
const quick: FetchOptions = { retryDelay: 1 };

interface Outcome {
  readonly bytes: Uint8Array;
  readonly requests: string[];
}

async function fetched(plan: Omit<ServerPlan, "content">, options: FetchOptions = {}): Promise<Outcome> {
  await using server = await startServer({ content, ...plan });
  return { bytes: await fetchBytes(server.url, { ...quick, ...options }), requests: server.requests };
}

/** The whole content came, and nothing else. A plain comparison: a diff of so many numbers takes seconds. */
function assertWhole(bytes: Uint8Array): void {
  assert.ok(isDeepStrictEqual(Buffer.from(bytes), Buffer.from(content)), "the content byte for byte");
}

function failsWith(code: string, message: RegExp): (error: unknown) => boolean {
  return (error) => {
    assert.ok(error instanceof MobileNetV2Error, String(error));
    assert.equal(error.code, code);
    assert.match(error.message, message);
    return true;
  };
}

test("the whole content, with progress to the end", async () => {
  const seen: Progress[] = [];
  const { bytes } = await fetched({}, { onProgress: (progress) => seen.push(progress) });
  assertWhole(bytes);
  assert.deepEqual(seen.at(-1), { received: content.length, total: content.length });
});

for (const after of [0, 1, 65_536, 199_999]) {
  test(`cut after ${after} bytes, then continued by Range`, async () => {
    const { bytes, requests } = await fetched({ answers: [{ kind: "cut", after }] });
    assertWhole(bytes);
    assert.equal(requests.length, 2);
    if (after > 0) assert.equal(requests[1], `bytes=${after}-`);
  });

  test(`cut after ${after} bytes, then from the start where the server knows no Range`, async () => {
    const { bytes, requests } = await fetched({ answers: [{ kind: "cut", after }], ranges: false });
    assertWhole(bytes);
    assert.equal(requests.length, 2);
  });
}

test("many cuts, each a little further", async () => {
  const answers = Array.from({ length: 12 }, (_, index): Answer => ({ kind: "cut", after: (index + 1) * 15_000 }));
  const { bytes, requests } = await fetched({ answers });
  assertWhole(bytes);
  assert.equal(requests.length, 13);
});

test("a file that changes between the tries is never joined from two versions", async () => {
  const { bytes, requests } = await fetched({ answers: [{ kind: "cut", after: 5_000 }], changing: true });
  assertWhole(bytes);
  assert.deepEqual(requests, ["", "bytes=5000-", ""]);
});

test("a 206 for another range starts over", async () => {
  const { bytes, requests } = await fetched({ answers: [{ kind: "cut", after: 5_000 }, { kind: "wrong range" }] });
  assertWhole(bytes);
  assert.deepEqual(requests, ["", "bytes=5000-", ""]);
});

test("a 416 starts over", async () => {
  const answers: Answer[] = [
    { kind: "cut", after: 5_000 },
    { kind: "status", status: 416 },
  ];
  assertWhole((await fetched({ answers })).bytes);
});

test("cut at the same place for ever: an error after four tries", async () => {
  await using server = await startServer({ content, finally: { kind: "cut", after: 0 } });
  await assert.rejects(fetchBytes(server.url, quick), failsWith("NetworkError", /tried 4 times/));
  assert.equal(server.requests.length, 4);
});

test("a stall is given up after the timeout and continued", async () => {
  const { bytes, requests } = await fetched({ answers: [{ kind: "stall", after: 70_000 }] }, { stallTimeout: 1000 });
  assertWhole(bytes);
  assert.equal(requests[1], "bytes=70000-");
});

test("a crawl is given up and continued from where it was", async () => {
  const { bytes, requests } = await fetched({ answers: [{ kind: "drip", after: 70_000 }] }, { slowTimeout: 1000 });
  assertWhole(bytes);
  const from = Number(/^bytes=(\d+)-$/.exec(requests[1] ?? "")?.[1]);
  assert.ok(from > 70_000 && from < content.length, String(from));
  assert.equal(requests.length, 2);
});

test("the first answer does not say its length, the second does: more or less than that is not taken", async () => {
  const first: Answer = {
    kind: "raw",
    head: 'HTTP/1.1 200 OK\r\netag: "v"\r\ntransfer-encoding: chunked\r\n\r\n',
    body: Buffer.concat([Buffer.from("3e8\r\n"), content.subarray(0, 1000), Buffer.from("\r\n")]),
  };
  const { bytes, requests } = await fetched({ answers: [first] });
  assertWhole(bytes);
  assert.deepEqual(requests, ["", "bytes=1000-"]);
  const short: Answer = {
    kind: "raw",
    head: 'HTTP/1.1 206 Partial Content\r\netag: "v"\r\ncontent-range: bytes 1000-199999/200000\r\nconnection: close\r\n\r\n',
    body: content.subarray(1000, 5000),
  };
  const again = await fetched({ answers: [first, short] });
  assertWhole(again.bytes);
  assert.equal(again.requests[2], "bytes=5000-");
});

test("a server that never answers", async () => {
  await using server = await startServer({ content, finally: { kind: "stall", after: 0 } });
  const options = { ...quick, stallTimeout: 60 };
  await assert.rejects(fetchBytes(server.url, options), failsWith("NetworkError", /nothing came for 0.06 seconds/));
});

for (const status of [400, 403, 404, 410]) {
  test(`status ${status}: an error at once`, async () => {
    await using server = await startServer({ content, finally: { kind: "status", status } });
    await assert.rejects(fetchBytes(server.url, quick), failsWith("NetworkError", new RegExp(`answered ${status}`)));
    assert.equal(server.requests.length, 1);
  });
}

for (const status of [408, 429, 500, 503]) {
  test(`status ${status}, then all is well`, async () => {
    const headers = { "retry-after": "0" };
    assertWhole((await fetched({ answers: [{ kind: "status", status, headers }] })).bytes);
  });
}

test("status 500 for ever: an error after four tries", async () => {
  await using server = await startServer({ content, finally: { kind: "status", status: 500 } });
  await assert.rejects(fetchBytes(server.url, quick), failsWith("NetworkError", /answered 500/));
  assert.equal(server.requests.length, 4);
});

test("a redirect is followed; a circle of them is not", async () => {
  await using target = await startServer({ content });
  assertWhole((await fetched({ answers: [{ kind: "redirect", to: target.url }] })).bytes);
  await using circle = await startServer({ content, finally: { kind: "redirect", to: "/again" } });
  await assert.rejects(fetchBytes(circle.url, quick), failsWith("NetworkError", /redirect/));
});

test("a compressed answer is unpacked, its length not mistaken for the content's", async () => {
  assertWhole((await fetched({ finally: { kind: "gzip" } })).bytes);
});

test("a Content-Length that promises more than comes", async () => {
  const raw: Answer = {
    kind: "raw",
    head: "HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n",
    body: content.subarray(0, 900),
  };
  assertWhole((await fetched({ answers: [raw] })).bytes);
  await using server = await startServer({ content, finally: raw });
  await assert.rejects(fetchBytes(server.url, quick), failsWith("NetworkError", /tried \d+ times/));
});

for (const length of ["-1", "1e3", "0x10", "18446744073709551616", "9007199254740993"]) {
  test(`a Content-Length of ${length}: an error, and no memory taken for it`, async () => {
    const head = `HTTP/1.1 200 OK\r\ncontent-length: ${length}\r\nconnection: close\r\n\r\n`;
    await using server = await startServer({ content, finally: { kind: "raw", head, body: content } });
    await assert.rejects(fetchBytes(server.url, quick), (error) => {
      assert.ok(error instanceof MobileNetV2Error, String(error));
      return true;
    });
  });
}

test("over the limit: refused by the promised length, and while it streams", async () => {
  const limited = { ...quick, maxBytes: 100_000 };
  await using server = await startServer({ content });
  await assert.rejects(
    fetchBytes(server.url, limited),
    failsWith("LimitError", /200000 bytes or more.*limit of 100000/),
  );
  await using bomb = await startServer({ content: new Uint8Array(5_000_000), finally: { kind: "gzip" } });
  await assert.rejects(fetchBytes(bomb.url, limited), failsWith("LimitError", /limit of 100000/));
});

test("nobody listens: an error at once, without a second try", async () => {
  const server = await startServer({ content });
  await server[Symbol.asyncDispose]();
  await assert.rejects(fetchBytes(server.url), failsWith("NetworkError", /ECONNREFUSED/));
});

test("the signal stops it with its own reason, while it waits and between tries", async () => {
  const reason = new Error("enough");
  await using stalls = await startServer({ content, finally: { kind: "stall", after: 100 } });
  const first = new AbortController();
  setTimeout(() => first.abort(reason), 50);
  await assert.rejects(fetchBytes(stalls.url, { signal: first.signal }), reason);
  await using fails = await startServer({ content, finally: { kind: "status", status: 500 } });
  const second = new AbortController();
  setTimeout(() => second.abort(reason), 50);
  await assert.rejects(fetchBytes(fails.url, { signal: second.signal, retryDelay: 60_000 }), reason);
  await assert.rejects(fetchBytes(fails.url, { signal: AbortSignal.abort(reason) }), reason);
});

test("a password in the address goes into a header and into no message", async () => {
  await using server = await startServer({ content, answers: [{ kind: "whole" }, { kind: "status", status: 404 }] });
  const address = server.url.replace("//", "//someone:s%C3%A9cret@");
  assertWhole(await fetchBytes(address, quick));
  await assert.rejects(fetchBytes(address, quick), (error) => {
    assert.ok(error instanceof MobileNetV2Error);
    assert.doesNotMatch(error.message, /cret|someone/);
    return true;
  });
});

test("what is no address for fetch", async () => {
  await assert.rejects(fetchBytes("ftp://127.0.0.1/file"), failsWith("ValueError", /begins with http: or https:/));
  await assert.rejects(fetchBytes("not an address"), failsWith("ValueError", /Not an address/));
});

test("an error in onProgress is passed on, not tried again", async () => {
  await using server = await startServer({ content });
  const error = new Error("the bar broke");
  const onProgress = (): void => {
    throw error;
  };
  await assert.rejects(fetchBytes(server.url, { onProgress }), error);
  assert.equal(server.requests.length, 1);
});

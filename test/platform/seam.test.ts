/** Both sides of the seam against one contract, and the browser's side as far as it runs without a browser. */
import assert from "node:assert/strict";
import { test } from "node:test";

import type { BytesPlatform, ThreadPlatform } from "../../src/platform/contract.ts";
import * as browser from "../../src/platform/browser.ts";
import * as node from "../../src/platform/node.ts";
import { startServer } from "./server.ts";

// The compiler holds both against the contract.
const sides: Readonly<Record<string, BytesPlatform & ThreadPlatform>> = { node, browser };
const content = new TextEncoder().encode("some bytes");

test("node.ts and browser.ts export the same names", () => {
  assert.deepEqual(Object.keys(browser).toSorted(), Object.keys(node).toSorted());
});

for (const [name, side] of Object.entries(sides)) {
  test(`${name}: reads Blob, File, ArrayBuffer, Uint8Array, data: and http:`, async () => {
    await using server = await startServer({ content });
    const sources = [
      new Blob([content]),
      new File([content], "name"),
      content.buffer,
      content,
      "data:text/plain,some%20bytes",
      "data:text/plain;base64,c29tZSBieXRlcw==",
      server.url,
      new URL(server.url),
    ];
    for (const source of sources) {
      assert.deepEqual(Buffer.from(await side.readBytes(source)), Buffer.from(content));
    }
  });

  test(`${name}: a view is returned as it is, and refused over the limit`, async () => {
    const view = new Uint8Array([0, 1, 2, 3]).subarray(1, 3);
    assert.equal(await side.readBytes(view), view);
    for (const source of [view, new Blob([view]), new ArrayBuffer(2)]) {
      await assert.rejects(side.readBytes(source, { maxBytes: 1 }), { code: "LimitError" });
    }
  });

  test(`${name}: what is no source says what is`, async () => {
    for (const source of [undefined, null, 5, {}, [1, 2], () => 1]) {
      // @ts-expect-error: callers in JavaScript may pass anything
      await assert.rejects(side.readBytes(source), {
        code: "ValueError",
        message: /^Expected a path, an address, a Blob/,
      });
    }
  });

  test(`${name}: cores, terminal and environment have sensible values`, () => {
    assert.ok(Number.isInteger(side.defaultCores()) && side.defaultCores() >= 1);
    assert.equal(typeof side.isTerminal(), "boolean");
    assert.equal(side.environment("NO_VARIABLE_HAS_THIS_NAME"), undefined);
  });
}

test("node: an empty environment variable is none", () => {
  process.env["MOBILENETV2_TEST"] = "";
  assert.equal(node.environment("MOBILENETV2_TEST"), undefined);
  process.env["MOBILENETV2_TEST"] = "value";
  assert.equal(node.environment("MOBILENETV2_TEST"), "value");
  delete process.env["MOBILENETV2_TEST"];
});

test("browser: paths and file: cannot be read, nothing can be written; both say what to do", async () => {
  for (const source of ["/etc/hostname", "file:///etc/hostname", "ftp://host/file"]) {
    await assert.rejects(browser.readBytes(source), { code: "UnsupportedError", message: /Pass the File/ });
  }
  await assert.rejects(browser.writeBytes("file", content), { code: "UnsupportedError", message: /createObjectURL/ });
});

test("browser: without the Cache API every call downloads", async () => {
  await using server = await startServer({ content });
  const file = { url: server.url, folder: "models", name: "file" };
  assert.equal(await browser.findCached(file), undefined);
  for (const times of [1, 2]) {
    assert.deepEqual(Buffer.from(await browser.cachedDownload(file)), Buffer.from(content));
    assert.equal(server.requests.length, times);
  }
});

/** ImageNet weights: names, mirror and cache; with the real files where ../shared has them. */
import assert from "node:assert/strict";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { afterEach, test } from "node:test";

import { findImagenetWeights, imagenetFileName, imagenetWeights } from "../../src/applications/weights.ts";
import { TestFolder } from "../platform/folder.ts";
import { checkLetters, letters } from "../platform/letters.ts";
import { startServer } from "../platform/server.ts";
import { needsShared, sharedBytes } from "../support/shared.ts";

const kept = { KERAS_HOME: process.env["KERAS_HOME"], MOBILENETV2_WEIGHTS_URL: process.env["MOBILENETV2_WEIGHTS_URL"] };

afterEach(() => {
  for (const [name, value] of Object.entries(kept)) {
    if (value === undefined) delete process.env[name];
    else process.env[name] = value;
  }
});

test("the names of the files are Keras's", () => {
  const prefix = "mobilenet_v2_weights_tf_dim_ordering_tf_kernels_";
  for (const [alpha, rows, includeTop, rest] of [
    [1, 224, true, "1.0_224.h5"],
    [1, 224, false, "1.0_224_no_top.h5"],
    [0.35, 96, true, "0.35_96.h5"],
    [0.5, 128, false, "0.5_128_no_top.h5"],
    [0.75, 160, true, "0.75_160.h5"],
    [1.3, 224, true, "1.3_224.h5"],
    [1.4, 224, false, "1.4_224_no_top.h5"],
  ] as const) {
    assert.equal(imagenetFileName({ alpha, rows, includeTop }), prefix + rest);
  }
});

for (const slash of ["", "/"]) {
  test(`a mirror, its address written with "${slash}" at the end: asked once, then from the cache`, async () => {
    using folder = new TestFolder();
    await using server = await startServer({ content: letters(5_000) });
    process.env["KERAS_HOME"] = folder.path;
    process.env["MOBILENETV2_WEIGHTS_URL"] = new URL(`/mirror${slash}`, server.url).href;
    const file = { alpha: 0.35, rows: 96, includeTop: false, check: checkLetters };
    assert.equal(await findImagenetWeights(file), undefined);
    assert.equal((await imagenetWeights(file)).length, 5_000);
    assert.equal((await findImagenetWeights(file))?.length, 5_000);
    assert.equal((await imagenetWeights(file)).length, 5_000);
    assert.deepEqual(server.paths, [`/mirror/${imagenetFileName(file)}`]);
  });
}

test("bytes after the end that the file itself says are refused: from the cache and from the network", async () => {
  using folder = new TestFolder();
  const content = Buffer.alloc(120, 0);
  content.write("\u0089HDF\r\n\u001a\n", "latin1");
  content[13] = 8;
  content.writeBigUInt64LE(100n, 40);
  await using server = await startServer({ content });
  process.env["KERAS_HOME"] = folder.path;
  const file = { alpha: 1, rows: 96, includeTop: true, baseUrl: new URL("/", server.url).href, retryDelay: 1 };
  await assert.rejects(imagenetWeights(file), {
    code: "FormatError",
    message: /the content is not good: there are 20 bytes after the end of the file/,
  });
  mkdirSync(folder.file("models"), { recursive: true });
  writeFileSync(folder.file(`models/${imagenetFileName(file)}`), content);
  assert.equal(await findImagenetWeights(file), undefined);
  writeFileSync(folder.file(`models/${imagenetFileName(file)}`), content.subarray(0, 100));
  assert.equal((await findImagenetWeights(file))?.length, 100);
});

test("baseUrl comes before the environment", async () => {
  using folder = new TestFolder();
  await using server = await startServer({ content: letters(10) });
  process.env["KERAS_HOME"] = folder.path;
  process.env["MOBILENETV2_WEIGHTS_URL"] = "http://nobody.invalid/";
  const file = { alpha: 1, rows: 96, includeTop: true, baseUrl: new URL("/other/", server.url).href };
  assert.equal((await imagenetWeights(file)).length, 10);
});

test("neither cached nor reachable: two lines with the file, the address, the place, the mirror", async () => {
  using folder = new TestFolder();
  process.env["KERAS_HOME"] = folder.path;
  process.env["MOBILENETV2_WEIGHTS_URL"] = "http://nobody.invalid/weights";
  await assert.rejects(imagenetWeights({ alpha: 1, rows: 224, includeTop: true }), (error) => {
    assert.ok(error instanceof Error);
    const name = "mobilenet_v2_weights_tf_dim_ordering_tf_kernels_1.0_224.h5";
    const [first = "", second = "", ...more] = error.message.split("\n");
    assert.ok(first.startsWith(`Could not download ${name} from http://nobody.invalid/weights/${name}: `), first);
    assert.equal(
      second,
      `Without a network, put the file at ${folder.file(`models/${name}`)}. Or name a mirror in MOBILENETV2_WEIGHTS_URL.`,
    );
    assert.deepEqual(more, []);
    return true;
  });
});

test("a file over 64 MiB is no weights file", async () => {
  using folder = new TestFolder();
  process.env["KERAS_HOME"] = folder.path;
  const head = "HTTP/1.1 200 OK\r\ncontent-length: 70000000\r\n\r\n";
  await using server = await startServer({
    content: letters(1),
    finally: { kind: "raw", head, body: new Uint8Array(1) },
  });
  const file = { alpha: 1, rows: 224, includeTop: true, baseUrl: server.url };
  await assert.rejects(imagenetWeights(file), { code: "LimitError" });
});

test(
  "the real file over a connection that breaks, and a truncated one in the cache",
  { skip: needsShared },
  async () => {
    using folder = new TestFolder();
    const file = { alpha: 1, rows: 224, includeTop: false, retryDelay: 1 };
    const content = sharedBytes(`weights/${imagenetFileName(file)}`);
    const check = (bytes: Uint8Array): void => assert.equal(Buffer.compare(bytes, content), 0, "the real bytes");
    const path = folder.file(`models/${imagenetFileName(file)}`);
    mkdirSync(folder.file("models"));
    writeFileSync(path, content.subarray(0, 1_000_000));
    process.env["KERAS_HOME"] = folder.path;
    await using server = await startServer({ content, answers: [{ kind: "cut", after: 3_000_000 }] });
    process.env["MOBILENETV2_WEIGHTS_URL"] = server.url;
    check(await imagenetWeights({ ...file, check }));
    check(readFileSync(path));
    assert.deepEqual(server.requests, ["", "bytes=3000000-"]);
  },
);

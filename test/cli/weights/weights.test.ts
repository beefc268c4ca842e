/** The command weights, as a process with a cache of its own. */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { describe, test } from "node:test";
import { MobileNetV2 } from "../../../src/applications/mobilenet-v2.ts";
import { imagenetFileName } from "../../../src/applications/weights.ts";
import { TestFolder } from "../../platform/folder.ts";
import { closedAddress, runCli } from "../run-cli.ts";

const SMALL = { alpha: 0.35, rows: 96, includeTop: false };

async function weightsOf(file: typeof SMALL, path: string): Promise<Uint8Array> {
  const { alpha, rows, includeTop } = file;
  const model = await MobileNetV2({ alpha, weights: null, inputShape: [rows, rows, 3], includeTop });
  await model.saveWeights(path);
  return new Uint8Array(readFileSync(path));
}

interface Mirror extends Disposable {
  readonly address: string;
  /** Names and ranges, in the order in which they were asked for. */
  readonly requests: string[];
}

/** Serves files by name; the first answer for each breaks off after `cut` bytes. */
async function mirror(files: Readonly<Record<string, Uint8Array>>, cut?: number): Promise<Mirror> {
  const requests: string[] = [];
  const server = createServer((request, response) => {
    const name = (request.url ?? "").slice(1);
    const { range = "" } = request.headers;
    const isFirst = !requests.some((one) => one.startsWith(name));
    requests.push(`${name} ${range}`.trim());
    const bytes = files[name];
    if (bytes === undefined) {
      response.writeHead(404).end();
      return;
    }
    const from = Number(/^bytes=(\d+)-$/.exec(range)?.[1] ?? 0);
    response.writeHead(from > 0 ? 206 : 200, {
      etag: '"one"',
      "content-length": bytes.length - from,
      ...(from > 0 && { "content-range": `bytes ${from}-${bytes.length - 1}/${bytes.length}` }),
    });
    if (cut === undefined || !isFirst) response.end(bytes.subarray(from));
    else response.write(bytes.subarray(0, cut), () => response.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  return {
    address: `http://127.0.0.1:${typeof address === "object" ? address?.port : ""}`,
    requests,
    [Symbol.dispose]() {
      server.closeAllConnections();
      server.close();
    },
  };
}

describe("weights", { concurrency: 2 }, () => {
  test("list, verify and remove what a cache of its own has", async () => {
    using folder = new TestFolder();
    const name = imagenetFileName(SMALL);
    const broken = imagenetFileName({ alpha: 0.5, rows: 96, includeTop: true });
    mkdirSync(folder.file("models"));
    await weightsOf(SMALL, folder.file(`models/${name}`));
    writeFileSync(folder.file(`models/${broken}`), readFileSync(folder.file(`models/${name}`)).subarray(0, 1000));
    const env = { KERAS_HOME: folder.path };
    const listed = await runCli(["weights", "list", "--json"], { env });
    assert.deepEqual(
      (JSON.parse(listed.stdout) as { name: string }[]).map((file) => file.name).toSorted(),
      [name, broken].toSorted(),
    );
    const verified = await runCli(["weights", "verify"], { env });
    assert.equal(verified.code, 1);
    assert.match(verified.stdout, /^whole {3}.*0\.35_96_no_top\.h5, SHA-256 [0-9a-f]{16}…, recorded now, .*$/m);
    assert.match(verified.stdout, /^BROKEN {2}.*0\.5_96\.h5: The HDF5 file is/m);
    const removed = await runCli(["weights", "remove", "--alpha", "0.5", "--size", "96"], { env });
    assert.equal(removed.stdout, "removed mobilenetv2_0.50_96\n");
    const left = await runCli(["weights", "verify"], { env });
    assert.equal(left.code, 0);
    assert.match(left.stdout, /^whole {3}\S+, SHA-256 [0-9a-f]{16}…, as when it was downloaded\n$/);
  });

  test("a flipped bit in a value is found by the checksum, and not downloaded as it was either; remove forgets it", async () => {
    using folder = new TestFolder();
    const name = imagenetFileName(SMALL);
    const bytes = await weightsOf(SMALL, folder.file("w.h5"));
    using server = await mirror({ [name]: bytes });
    const env = { KERAS_HOME: folder.file("keras"), MOBILENETV2_WEIGHTS_URL: server.address };
    const run = (...args: readonly string[]) => runCli(["weights", ...args], { env });
    const which = ["mobilenetv2_0.35_96", "--no-top"];
    assert.equal((await run("fetch", ...which)).code, 0);
    const path = folder.file(`keras/models/${name}`);
    const line = `${createHash("sha256").update(bytes).digest("hex")}  ${name}\n`;
    assert.equal(readFileSync(`${path}.sha256`, "utf8"), line);
    // The lowest bit of a weight in the middle: still a number, and a plausible one.
    const flipped = bytes.slice();
    flipped[flipped.length >> 1] = (flipped[flipped.length >> 1] ?? 0) ^ 1;
    writeFileSync(path, flipped);
    const verified = await run("verify", "--json");
    const [verdict] = JSON.parse(verified.stdout) as { problem: string; isAsDownloaded: boolean }[];
    assert.deepEqual([verified.code, verdict?.isAsDownloaded], [1, false]);
    assert.match(verdict?.problem ?? "", /^its SHA-256 is [0-9a-f]{64}, but it was [0-9a-f]{64} when/);
    assert.ok(existsSync(`${path}.broken`) && !existsSync(path));
    using other = await mirror({ [name]: flipped });
    const otherEnv = { ...env, MOBILENETV2_WEIGHTS_URL: other.address };
    const refused = await runCli(["weights", "fetch", ...which], { env: otherEnv });
    assert.equal(refused.code, 1);
    assert.match(refused.stderr, /the content is not good: its SHA-256 is/);
    await run("remove", ...which);
    assert.ok(!existsSync(`${path}.sha256`));
    assert.equal((await runCli(["weights", "fetch", ...which], { env: otherEnv })).code, 0);
  });

  test("fetch: one file, resumed where it was cut; then from the cache", async () => {
    using folder = new TestFolder();
    const name = imagenetFileName(SMALL);
    const bytes = await weightsOf(SMALL, folder.file("w.h5"));
    using server = await mirror({ [name]: bytes }, 500_000);
    const env = { KERAS_HOME: folder.file("keras"), MOBILENETV2_WEIGHTS_URL: server.address };
    const fetch = ["weights", "fetch", "mobilenetv2_0.35_96", "--no-top"];
    for (let time = 0; time < 2; time++) {
      const { code, stdout, stderr } = await runCli(fetch, { env });
      assert.deepEqual([code, stderr], [0, ""]);
      assert.equal(
        stdout,
        `mobilenetv2_0.35_96 without the top is in the cache, ${(bytes.length / 1e6).toFixed(1)} MB\n`,
      );
    }
    assert.equal(server.requests.length, 2);
    assert.match(server.requests[1] ?? "", / bytes=\d+-$/);
    assert.deepEqual(new Uint8Array(readFileSync(folder.file(`keras/models/${name}`))), bytes);
    const listed = await runCli(["weights", "list"], { env });
    assert.match(listed.stdout, /\n 0\.35 {4}96 {2}no {3}\d\.\d MB {4}.*_no_top\.h5\n1 of 44 files, /);
  });

  test("fetch --all goes on after files that are not there, and says so at the end", async () => {
    using folder = new TestFolder();
    const name = imagenetFileName(SMALL);
    using server = await mirror({
      [name]: await weightsOf(SMALL, folder.file("w.h5")),
      [imagenetFileName({ ...SMALL, rows: 128 })]: new TextEncoder().encode("<!doctype html><title>Sign in</title>"),
    });
    const env = { KERAS_HOME: folder.file("keras"), MOBILENETV2_WEIGHTS_URL: server.address };
    const { code, stdout, stderr } = await runCli(["weights", "fetch", "--all", "--no-top"], { env });
    assert.equal(code, 1);
    const errors = stderr.trimEnd().split("\n");
    assert.equal(errors.length, 21);
    assert.match(stderr, /^error: 1 of 22: mobilenetv2_1\.40_224 without the top: http:.*: the server answered 404/);
    assert.match(stderr, /: mobilenetv2_0\.35_128 without the top: .*a web page came in its place/);
    assert.match(stdout, /^22 of 22: mobilenetv2_0\.35_96 .*\n1 of 22 are in the cache; 21 could not be had\.\n$/);
    assert.deepEqual(readdirSync(folder.file("keras/models")).toSorted(), [name, `${name}.sha256`]);
  });

  test("fetch --all ends at once where nobody answers", async () => {
    using folder = new TestFolder();
    const env = { KERAS_HOME: folder.path, MOBILENETV2_WEIGHTS_URL: await closedAddress() };
    const { code, stdout, stderr } = await runCli(["weights", "fetch", "--all"], { env });
    assert.deepEqual([code, stdout], [1, ""]);
    assert.equal(stderr.match(/ECONNREFUSED/g)?.length, 1);
  });

  test("remove takes nothing away that was not named, and nothing but published weights", async () => {
    using folder = new TestFolder();
    const env = { KERAS_HOME: folder.file("keras") };
    mkdirSync(folder.file("keras/models"), { recursive: true });
    const names = [imagenetFileName(SMALL), `${imagenetFileName(SMALL)}.broken`, "my-own.h5"];
    for (const name of names) writeFileSync(folder.file(`keras/models/${name}`), "");
    writeFileSync(folder.file("keras/mobilenetv2_0.35_96"), "");
    const cases: readonly (readonly [readonly string[], RegExp])[] = [
      [[], /^error: Name what to remove: a model such as mobilenetv2_0\.35_96, or --alpha and --size, or --all\.\n$/],
      [
        ["../mobilenetv2_0.35_96"],
        /^error: No published model is called \.\.\/mobilenetv2_0\.35_96: see `models`\.\n$/,
      ],
      [["my-own.h5"], /No published model is called my-own\.h5/],
      [["mobilenetv2_0.35_96", "--all"], /one of them/],
      [["--alpha", "0.36", "--size", "96"], /No weights were published for alpha 0\.36 and size 96/],
    ];
    for (const [args, message] of cases) {
      const { code, stdout, stderr } = await runCli(["weights", "remove", ...args], { env });
      assert.deepEqual([code, stdout], [1, ""]);
      assert.match(stderr, message);
    }
    assert.deepEqual(readdirSync(folder.file("keras/models")).toSorted(), names.toSorted());
    const { code, stdout } = await runCli(["weights", "remove", "--all"], { env });
    assert.deepEqual([code, stdout], [0, "removed mobilenetv2_0.35_96 without the top\n"]);
    assert.deepEqual(readdirSync(folder.file("keras/models")), ["my-own.h5"]);
  });
});

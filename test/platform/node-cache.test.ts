/** The download cache in Node: shared with Keras, between processes, and with processes that die. */
import assert from "node:assert/strict";
import { spawn, type ChildProcess } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import {
  accessSync,
  constants,
  chmodSync,
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { afterEach, mock, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";

import type { CachedFile } from "../../src/platform/contract.ts";
import { cachedDownload, findCached } from "../../src/platform/node/cache.ts";
import { takeDownloadLock } from "../../src/platform/node/download-lock.ts";
import { TestFolder } from "./folder.ts";
import { checkLetters, letters } from "./letters.ts";
import { startServer } from "./server.ts";

const posix = process.platform === "win32" ? "POSIX only" : false;
const content = letters(100_000);
const sum = createHash("sha256").update(content).digest("hex");
const program = fileURLToPath(new URL("download-program.ts", import.meta.url));
const keptHome = process.env["KERAS_HOME"];

afterEach(() => {
  if (keptHome === undefined) delete process.env["KERAS_HOME"];
  else process.env["KERAS_HOME"] = keptHome;
});

/** An empty Keras cache for one test. */
class Cache extends TestFolder {
  readonly models = this.file("models");
  readonly target = join(this.models, "letters.h5");

  constructor() {
    super();
    process.env["KERAS_HOME"] = this.path;
  }

  put(bytes: Uint8Array | string): void {
    mkdirSync(this.models, { recursive: true });
    writeFileSync(this.target, bytes);
  }

  /** The files of the cache but for their checksums, which have a test of their own. */
  names(): string[] {
    return readdirSync(this.models)
      .filter((name) => !name.endsWith(".sha256"))
      .toSorted();
  }
}

function file(url: string): CachedFile {
  return { url, folder: "models", name: "letters.h5", check: checkLetters, retryDelay: 1 };
}

function assertContent(bytes: Uint8Array | undefined): void {
  assert.ok(bytes !== undefined && Buffer.compare(bytes, content) === 0, "the content byte for byte");
}

test("downloads once into $KERAS_HOME/models, then reads from there", async () => {
  using cache = new Cache();
  await using server = await startServer({ content });
  assert.equal(await findCached(file(server.url)), undefined);
  for (let times = 0; times < 3; times++) {
    assertContent(await cachedDownload(file(server.url)));
  }
  assertContent(await findCached(file(server.url)));
  assert.equal(server.requests.length, 1);
  assert.deepEqual(cache.names(), ["letters.h5"]);
  assertContent(readFileSync(cache.target));
});

test("what Keras has downloaded is used, without a network", async () => {
  using cache = new Cache();
  cache.put(content);
  assertContent(await cachedDownload(file("http://nobody.invalid/letters.h5")));
});

test("~ in KERAS_HOME, and ~/.keras without it", { skip: posix }, async () => {
  using folder = new TestFolder();
  const home = process.env["HOME"];
  process.env["HOME"] = folder.path;
  await using server = await startServer({ content });
  try {
    for (const [value, path] of [
      ["~/own", "own/models/letters.h5"],
      ["", ".keras/models/letters.h5"],
    ] as const) {
      process.env["KERAS_HOME"] = value;
      await cachedDownload(file(server.url));
      assertContent(readFileSync(folder.file(path)));
    }
  } finally {
    process.env["HOME"] = home;
  }
});

for (const [what, bytes] of [
  ["truncated", content.subarray(0, 5_000)],
  ["empty", new Uint8Array(0)],
  ["a web page", "<html>404</html>"],
] as const) {
  test(`a cached file that is ${what} is set aside and fetched again once`, async () => {
    using cache = new Cache();
    cache.put(bytes);
    await using server = await startServer({ content });
    assertContent(await cachedDownload(file(server.url)));
    assertContent(await cachedDownload(file(server.url)));
    assert.equal(server.requests.length, 1);
    assert.deepEqual(cache.names(), ["letters.h5", "letters.h5.broken"]);
  });
}

test("broken again and again: one file is set aside, not many", async () => {
  using cache = new Cache();
  await using server = await startServer({ content });
  for (let times = 0; times < 3; times++) {
    cache.put("broken");
    assertContent(await cachedDownload(file(server.url)));
  }
  assert.deepEqual(cache.names(), ["letters.h5", "letters.h5.broken"]);
});

test("a broken cached file and no network: an error, and the broken file is never used", async () => {
  using cache = new Cache();
  cache.put("broken");
  await assert.rejects(cachedDownload(file("http://nobody.invalid/letters.h5")), { code: "NetworkError" });
  assert.deepEqual(cache.names(), ["letters.h5.broken"]);
});

test("a web page or other bytes in place of the file: asked for twice, refused, not kept", async () => {
  using cache = new Cache();
  for (const [answer, message] of [
    [{ kind: "page" }, /a web page came in its place/],
    [{ kind: "other", bytes: letters(50).fill(66) }, /not letters from A to Z/],
  ] as const) {
    await using server = await startServer({ content, finally: answer });
    await assert.rejects(cachedDownload(file(server.url)), { code: "FormatError", message });
    assert.equal(server.requests.length, 2);
    assert.deepEqual(cache.names(), []);
  }
  await using server = await startServer({ content, answers: [{ kind: "page" }] });
  assertContent(await cachedDownload(file(server.url)));
});

test("a failure says in two lines which file, from where, why, and where to put it", async () => {
  using cache = new Cache();
  await using server = await startServer({ content, finally: { kind: "status", status: 404 } });
  await assert.rejects(cachedDownload({ ...file(server.url), advice: "Or pray." }), {
    code: "NetworkError",
    message:
      `Could not download letters.h5 from ${server.url}: the server answered 404 Not Found\n` +
      `Without a network, put the file at ${cache.target}. Or pray.`,
  });
});

test("cut connections: only the whole file is kept", async () => {
  using cache = new Cache();
  await using server = await startServer({
    content,
    answers: [
      { kind: "cut", after: 10 },
      { kind: "cut", after: 99_999 },
    ],
  });
  assertContent(await cachedDownload(file(server.url)));
  assert.deepEqual(cache.names(), ["letters.h5"]);
  await using cuts = await startServer({ content, finally: { kind: "cut", after: 10 } });
  cache.put("broken");
  await assert.rejects(cachedDownload(file(cuts.url)), { code: "NetworkError" });
  assert.deepEqual(cache.names(), ["letters.h5.broken"]);
});

/** Another user of the machine may have made it: then it is theirs. */
const othersFolder = ["/tmp/.keras/models", "/tmp/.keras", "/tmp"].find(existsSync);
const skipOther = othersFolder !== undefined && isWritable(othersFolder) ? false : "Keras's other folder is not ours";

function isWritable(folder: string): boolean {
  try {
    accessSync(folder, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}

test("a folder that cannot be written: Keras's other folder, as Keras does", { skip: skipOther }, async () => {
  using folder = new TestFolder();
  writeFileSync(folder.file("occupied"), "");
  process.env["KERAS_HOME"] = folder.file("occupied");
  await using server = await startServer({ content });
  const own = { ...file(server.url), name: `mobilenet-v2-test-${process.pid}.h5` };
  const other = join("/tmp/.keras/models", own.name);
  try {
    assertContent(await cachedDownload(own));
    assertContent(await cachedDownload(own));
    assert.equal(server.requests.length, 1);
    assert.ok(existsSync(other));
  } finally {
    rmSync(other, { force: true });
  }
});

test("a file that cannot be kept anywhere is used all the same, with a warning", async (context) => {
  using cache = new Cache();
  mkdirSync(cache.target, { recursive: true });
  const warned = context.mock.method(console, "warn", () => undefined);
  await using server = await startServer({ content });
  assertContent(await cachedDownload(file(server.url)));
  assert.match(String(warned.mock.calls[0]?.arguments[0]), /not kept for the next time.*is a folder/);
});

test("names that would leave the cache are refused", async () => {
  for (const name of ["../x", "a/b", "a\\b", "..", "", "nul\0"]) {
    assert.throws(() => cachedDownload({ ...file("http://127.0.0.1:9/"), name }), { code: "ValueError" });
  }
});

test("what killed writers left is removed after an hour, not before", async () => {
  using cache = new Cache();
  mkdirSync(cache.models);
  const hours = Date.now() / 1000 - 2 * 3600;
  for (const name of [".letters.h5.1.aa.tmp", ".letters.h5.2.bb.tmp", ".other.h5.3.cc.tmp"]) {
    writeFileSync(join(cache.models, name), "");
  }
  utimesSync(join(cache.models, ".letters.h5.1.aa.tmp"), hours, hours);
  utimesSync(join(cache.models, ".other.h5.3.cc.tmp"), hours, hours);
  await using server = await startServer({ content });
  await cachedDownload(file(server.url));
  assert.deepEqual(cache.names(), [".letters.h5.2.bb.tmp", ".other.h5.3.cc.tmp", "letters.h5"]);
});

/** Nobody who lives has the lock: it is taken without waiting for renewals that do not come, and released. */
async function assertFree(lock: string): Promise<void> {
  const turn = await takeDownloadLock(lock, undefined, Infinity);
  assert.match(readFileSync(lock, "utf8"), new RegExp(` ${process.pid}$`));
  await turn.end();
}

test("the lock of a dead process is taken over at once", async () => {
  using cache = new Cache();
  mkdirSync(cache.models);
  const dead = spawn(process.execPath, ["-e", ""]);
  await once(dead, "exit");
  writeFileSync(`${cache.target}.lock`, `${hostname()} ${dead.pid}`);
  await using server = await startServer({ content });
  await assertFree(`${cache.target}.lock`);
  assertContent(await cachedDownload(file(server.url)));
  assert.deepEqual(cache.names(), ["letters.h5"]);
});

test("the lock of another host is waited for as long as it is renewed", async (t) => {
  using folder = new TestFolder();
  const lock = folder.file("lock");
  writeFileSync(lock, "another-host 1");
  // The clock goes with the renewals, however late the machine makes them.
  let now = Date.now();
  mock.method(Date, "now", () => now);
  t.after(() => mock.restoreAll());
  let beats = 0;
  const heart = setInterval(() => {
    now += 100;
    if (++beats <= 20) utimesSync(lock, beats, beats);
  }, 30);
  const turn = await takeDownloadLock(lock, undefined, 1000);
  clearInterval(heart);
  assert.ok(beats >= 30, `${beats} beats, of which 20 were renewals`);
  assert.match(readFileSync(lock, "utf8"), new RegExp(` ${process.pid}$`));
  await turn.end();
  assert.ok(!existsSync(lock));
});

test("a lock that cannot be removed is passed over at once, with a warning", async (context) => {
  const warned = context.mock.method(console, "warn", () => undefined);
  using folder = new TestFolder();
  // A folder in the lock's place, which `rm` does not remove, whoever runs this; it would be waited for for ever.
  mkdirSync(folder.file("lock"));
  const turn = await takeDownloadLock(folder.file("lock"), undefined, Infinity);
  await turn.end();
  assert.ok(existsSync(folder.file("lock")));
  assert.match(String(warned.mock.calls[0]?.arguments[0]), /^The lock .*lock cannot be removed; it is passed over\./);
  // In a folder where nobody but its owner removes a file, as /tmp; and in one that is read-only.
  mkdirSync(folder.file("sticky"));
  writeFileSync(folder.file("sticky/lock"), "another-host 1");
  const taking = `
    import { takeDownloadLock } from ${JSON.stringify(new URL("../../src/platform/node/download-lock.ts", import.meta.url).href)};
    process.setuid?.(12345);
    await (await takeDownloadLock(process.argv[1], undefined, Infinity)).end();
  `;
  if (process.getuid?.() !== 0) return;
  chmodSync(folder.path, 0o755);
  for (const mode of [0o1777, 0o755]) {
    chmodSync(folder.file("sticky"), mode);
    const args = ["--conditions=@mobilenet-v2/source", "--input-type=module-typescript", "-e", taking];
    const child = spawn(process.execPath, [...args, folder.file("sticky/lock")], {
      stdio: ["ignore", "inherit", "pipe"],
    });
    let said = "";
    child.stderr?.on("data", (text: Buffer) => (said += text.toString()));
    await once(child, "close");
    assert.match(said, /cannot be removed; it is passed over/);
  }
});

test("who waits for another's download can be stopped by the signal", async () => {
  using cache = new Cache();
  mkdirSync(cache.models);
  writeFileSync(`${cache.target}.lock`, "another-host 1");
  const signal = AbortSignal.timeout(100);
  await assert.rejects(cachedDownload({ ...file("http://127.0.0.1:9/"), signal }), { name: /AbortError|TimeoutError/ });
});

test("two downloads at once in one process ask the server once", async () => {
  using cache = new Cache();
  await using server = await startServer({ content });
  const both = await Promise.all([cachedDownload(file(server.url)), cachedDownload(file(server.url))]);
  both.forEach(assertContent);
  assert.equal(server.requests.length, 1);
  assert.deepEqual(cache.names(), ["letters.h5"]);
});

function run(url: string): ChildProcess {
  const condition = "--conditions=@mobilenet-v2/source";
  return spawn(process.execPath, [condition, program, url, "letters.h5"], { stdio: ["ignore", "pipe", "inherit"] });
}

async function outputOf(child: ChildProcess): Promise<string> {
  let text = "";
  child.stdout?.on("data", (chunk: Buffer) => (text += chunk.toString()));
  await once(child, "close");
  return text.trim();
}

test("16 processes at once: each gets the whole file, and the server is not asked 16 times", async () => {
  using cache = new Cache();
  await using server = await startServer({ content });
  const children = Array.from({ length: 16 }, () => run(server.url));
  const outputs = await Promise.all(children.map(outputOf));
  assert.deepEqual(new Set(outputs), new Set([sum]));
  assert.ok(server.requests.length < 4, `${server.requests.length} requests`);
  assert.deepEqual(cache.names(), ["letters.h5"]);
});

test("processes killed at random moments: never a bad file, and the next download works", async () => {
  using cache = new Cache();
  await using server = await startServer({ content: letters(3_000_000) });
  let killed = 0;
  for (let round = 0; round < 4; round++) {
    rmSync(cache.target, { force: true });
    const children = Array.from({ length: 4 }, () => run(server.url));
    await Promise.all(
      children.map(async (child) => {
        await sleep(60 + Math.random() * 250);
        if (child.kill("SIGKILL")) killed++;
        if (child.exitCode === null && child.signalCode === null) await once(child, "exit");
      }),
    );
    if (existsSync(cache.target)) checkLetters(readFileSync(cache.target));
  }
  assert.ok(killed > 0);
  mkdirSync(cache.models, { recursive: true });
  await assertFree(`${cache.target}.lock`);
  checkLetters(await cachedDownload({ ...file(server.url) }));
  assert.equal(statSync(cache.target).size, 3_000_000);
  assert.deepEqual(
    cache.names().filter((name) => name.endsWith(".lock")),
    [],
  );
});

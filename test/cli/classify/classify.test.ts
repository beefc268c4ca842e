import assert from "node:assert/strict";
import { existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { type Server, createServer } from "node:http";
import { after, before, describe, test } from "node:test";
import { isNsfwjsInstalled } from "../../../src/cli/files/nsfwjs.ts";
import { TestFolder } from "../../platform/folder.ts";
import { needsShared, sharedBytes, sharedPath } from "../../support/shared.ts";
import { IMAGENET_FILE, cacheWithWeights, closedAddress, command, runCli, runProcess } from "../run-cli.ts";

interface Report {
  readonly model: Readonly<Record<string, unknown>>;
  readonly pictures: readonly {
    readonly picture: string;
    readonly predictions?: readonly { readonly wnid: string; readonly label: string; readonly score: number }[];
    readonly error?: { readonly code: string; readonly message: string };
    readonly milliseconds?: Readonly<Record<string, number>>;
  }[];
  readonly milliseconds: Readonly<Record<string, number>>;
}

function reportOf(stdout: string): Report {
  return JSON.parse(stdout) as Report;
}

describe("classify with the ImageNet weights", { skip: needsShared, concurrency: 2 }, () => {
  let folder: TestFolder;
  let env: Record<string, string>;
  before(async () => {
    folder = new TestFolder();
    env = { KERAS_HOME: cacheWithWeights(folder.file("keras")), MOBILENETV2_WEIGHTS_URL: await closedAddress() };
  });
  after(() => folder[Symbol.dispose]());

  test("without a word: the sample photograph is a baboon (0.62 within 0.005), with bars, the model, the time", async () => {
    const { code, stdout, stderr } = await runCli([], { env });
    assert.deepEqual([code, stderr], [0, ""]);
    const lines = stdout.split("\n");
    const [, first = ""] = lines;
    const best = /^ {2} (\d\d\.\d) % {2}█+.? +baboon$/.exec(first);
    assert.ok(Math.abs(Number(best?.[1]) - 62) <= 0.5, first);
    assert.equal(lines.filter((line) => line.includes(" % ")).length, 5);
    assert.match(stdout, /decoded in \d+(\.\d+)? m?s, predicted in \d/);
    assert.match(stdout, /^mobilenetv2_1\.00_224, ImageNet weights, loaded in /m);
    assert.ok(!stdout.includes("\u001b"), "no colours in a pipe");
  });

  test("--json is one document; a broken picture is in it, on the error stream, and the exit code is 1", async () => {
    const broken = folder.file("broken.jpg");
    writeFileSync(broken, readFileSync(sharedPath("images/n02110958_pug.JPEG")).subarray(0, 2000));
    const pug = sharedPath("images/n02110958_pug.JPEG");
    const vault = sharedPath("images/n04523525_vault.JPEG");
    const { code, stdout, stderr } = await runCli(["classify", pug, broken, vault, "--json", "--top", "2"], { env });
    assert.equal(code, 1);
    assert.match(stderr, /^error: .*broken\.jpg: .*\n$/);
    const { model, pictures, milliseconds } = reportOf(stdout);
    assert.deepEqual(model, {
      name: "mobilenetv2_1.00_224",
      weights: "imagenet",
      alpha: 1,
      size: 224,
      pixels: { scale: 1 / 127.5, offset: -1, source: "published" },
      classes: 1000,
    });
    assert.deepEqual(
      pictures.map(({ picture }) => picture),
      [pug, broken, vault],
    );
    assert.equal(pictures[0]?.predictions?.length, 2);
    assert.equal(pictures[0]?.predictions?.[0]?.wnid, "n02110958");
    assert.equal(pictures[1]?.error?.code, "FormatError");
    assert.equal(pictures[2]?.predictions?.[0]?.label, "vault");
    assert.ok((pictures[2]?.milliseconds?.["predict"] ?? 0) > 0 && (milliseconds["load"] ?? 0) > 0);
  });

  test("a picture from standard input; labels as Keras writes its index", async () => {
    const labels = folder.file("labels.json");
    const names = Array.from({ length: 1000 }, (_, i) => [String(i), [`n${i}`, `label ${i}`]] as const);
    writeFileSync(labels, JSON.stringify(Object.fromEntries(names)));
    const input = sharedBytes("images/n02110958_pug.JPEG");
    // `classify` goes without saying.
    const { code, stdout } = await runCli(["-", "--json", "--labels", labels], { env, input });
    assert.equal(code, 0);
    const [picture] = reportOf(stdout).pictures;
    assert.equal(picture?.picture, "standard input");
    assert.deepEqual([picture?.predictions?.[0]?.wnid, picture?.predictions?.[0]?.label], ["n254", "label 254"]);
  });

  test("a file is classified without a command; where no picture can be, only errors are printed", async () => {
    const pug = await runCli([sharedPath("images/n02110958_pug.JPEG"), "--top", "1"], { env });
    assert.deepEqual([pug.code, pug.stderr], [0, ""]);
    assert.match(pug.stdout, /72\.8 % {2}█+. +pug\n/);
    mkdirSync(folder.file("empty"));
    const none = await runCli(["classify", folder.file("empty"), folder.file("none.jpg")], { env });
    assert.deepEqual([none.code, none.stdout], [1, ""]);
    assert.match(
      none.stderr,
      /^error: There are no pictures in .*empty.*\nerror: .*none\.jpg: there is no such file.*\n$/,
    );
  });

  test("weights of one's own: the file says how many classes, --labels names them, and must be as many", async () => {
    const labels = folder.file("flowers.txt");
    writeFileSync(labels, "daisy\ndandelion\nroses\nsunflowers\ntulips\n");
    const weights = ["--weights", sharedPath("weights/flowers_0.35_96.weights.h5"), "--alpha", "0.35", "--size", "96"];
    const { code, stdout } = await runCli(["classify", "--json", ...weights, "--labels", labels], { env });
    assert.equal(code, 0);
    const { model, pictures } = reportOf(stdout);
    assert.deepEqual([model["name"], model["classes"]], ["mobilenetv2_0.35_96", 5]);
    assert.equal(pictures[0]?.predictions?.length, 5);
    assert.equal(pictures[0]?.predictions?.[0]?.label, "tulips");

    writeFileSync(labels, "daisy\ndandelion\n");
    const wrong = await runCli(["classify", ...weights, "--labels", labels], { env });
    assert.deepEqual([wrong.code, wrong.stdout], [1, ""]);
    assert.match(wrong.stderr, /^error: .*: --labels names 2 classes, but the weights are for 5\.\n$/);
  });
});

describe("classify without the ImageNet weights", { concurrency: 2 }, () => {
  const skip = isNsfwjsInstalled() ? false : "needs the npm package nsfwjs, which is not installed";

  test("neither cached nor reachable: one line says so, and nsfwjs's weights answer", { skip }, async () => {
    using folder = new TestFolder();
    const env = { KERAS_HOME: folder.path, MOBILENETV2_WEIGHTS_URL: await closedAddress() };
    const { code, stdout, stderr } = await runCli(["--json"], { env });
    assert.equal(code, 0);
    assert.match(
      stderr,
      /^The ImageNet weights are neither cached nor reachable \(http:.*ECONNREFUSED.*\): .*nsfwjs\.\n$/,
    );
    const { model, pictures } = reportOf(stdout);
    assert.deepEqual([model["weights"], model["classes"]], ["nsfwjs", 5]);
    const [best] = pictures[0]?.predictions ?? [];
    assert.equal(best?.label, "Neutral");
    assert.ok((best?.score ?? 0) > 0.99);
  });

  test("asked for by name, they are an error of two lines", async () => {
    using folder = new TestFolder();
    const env = { KERAS_HOME: folder.path, MOBILENETV2_WEIGHTS_URL: await closedAddress() };
    const { code, stdout, stderr } = await runCli(["classify", "--weights", "imagenet"], { env });
    assert.deepEqual([code, stdout], [1, ""]);
    assert.match(stderr, new RegExp(`^error: Could not download ${IMAGENET_FILE} from http.*\n.*${folder.path}.*\n$`));
  });

  test("nsfwjs has one architecture, and files are named in errors", async () => {
    const other = await runCli(["--weights", "nsfwjs", "--alpha", "0.5"]);
    assert.deepEqual([other.code, other.stdout], [1, ""]);
    assert.match(other.stderr, /^error: The weights `nsfwjs` are of alpha 1 and size 224\. Received: alpha=0\.5/);
    using folder = new TestFolder();
    writeFileSync(folder.file("page.h5"), "<!doctype html><title>Sign in</title>");
    const page = await runCli(["--weights", folder.file("page.h5")]);
    assert.equal(page.code, 1);
    assert.match(page.stderr, /^error: .*page\.h5: This is a web page, not a weights file/);
  });

  test("Ctrl-C during a download: 130, and nothing is left behind", async () => {
    using folder = new TestFolder();
    const asked = Promise.withResolvers<void>();
    const server = await serve((send) => {
      send(new Uint8Array(100_000), 1_000_000);
      asked.resolve();
    });
    try {
      const env = { KERAS_HOME: folder.path, MOBILENETV2_WEIGHTS_URL: server.address };
      const ended = runCli(["classify", "--weights", "imagenet"], {
        env,
        onStart: (pid) => void asked.promise.then(() => setTimeout(() => process.kill(pid, "SIGINT"), 100)),
      });
      const { code, stdout, stderr } = await ended;
      assert.deepEqual([code, stdout, stderr], [130, "", "error: interrupted\n"]);
      assert.deepEqual(readdirSync(folder.file("models")), []);
    } finally {
      server.close();
    }
  });

  const script = existsSync("/usr/bin/script") ? false : "needs the program script, which gives a process a terminal";

  test("on a terminal a download has a bar, which is gone afterwards", { skip: needsShared || script }, async () => {
    using folder = new TestFolder();
    const bytes = sharedBytes(`weights/${IMAGENET_FILE}`);
    const drawn = Promise.withResolvers<void>();
    const server = await serve(async (send) => {
      send(bytes.subarray(0, 2_000_000), bytes.length);
      await drawn.promise;
      send(bytes.subarray(2_000_000), bytes.length);
    });
    try {
      mkdirSync(folder.file("keras"));
      const env = { KERAS_HOME: folder.file("keras"), MOBILENETV2_WEIGHTS_URL: server.address };
      const argv = ["/usr/bin/script", "-qec", command.join(" "), folder.file("typescript")];
      const onOutput = (text: string): void => (text.includes("2.0 MB of") ? drawn.resolve() : undefined);
      const { stdout } = await runProcess(argv, { env, onOutput });
      assert.match(stdout, /Downloading the weights {2}█+░+ {2}2\.0 MB of 14\.5 MB/);
      assert.ok(stdout.lastIndexOf("\u001b[?25h") > stdout.lastIndexOf("\u001b[?25l"), "the cursor is back");
      assert.match(stdout, /baboon/);
    } finally {
      server.close();
    }
  });
});

interface Serving {
  readonly address: string;
  close(): void;
}

/** Serves every request by `answer`, which sends pieces of a body with the whole's length. */
async function serve(answer: (send: (piece: Uint8Array, length: number) => void) => unknown): Promise<Serving> {
  const server: Server = createServer((_request, response) => {
    void answer((piece, length) => {
      if (!response.headersSent) response.writeHead(200, { "content-length": length });
      response.write(piece);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  return {
    address: `http://127.0.0.1:${typeof address === "object" ? address?.port : ""}`,
    close() {
      server.closeAllConnections();
      server.close();
    },
  };
}

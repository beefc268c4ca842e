import assert from "node:assert/strict";
import { mkdirSync, readFileSync, readdirSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { parquetReadObjects } from "hyparquet";
import { openFeatureIndex } from "../../../src/cli/vectors/feature-index.ts";
import { pictureBytes } from "../../image/pictures.ts";
import { TestFolder } from "../../platform/folder.ts";
import { assertWithin } from "../../support/compare.ts";
import { colourModel, colourPicture } from "../colour-model.ts";
import { type Ended, runCli } from "../run-cli.ts";

describe("features and similar", { concurrency: 2 }, () => {
  let folder: TestFolder;
  let model: string;
  let photos: string;
  /** The means of the channels, scaled as the model takes them. */
  const expected = [230, 20, 20, 20, 230, 20, 200, 230, 200].map((value) => value / 127.5 - 1);
  const names = ["a/red.png", "b/green.png", "pale.png"];

  before(async () => {
    folder = new TestFolder();
    model = folder.file("colours.keras");
    await colourModel().save(model);
    photos = folder.file("photos");
    await colourPicture(photos, "a/red.png", "red");
    await colourPicture(photos, "b/green.png", "green");
    await colourPicture(photos, "pale.png", "green", 200);
    writeFileSync(join(photos, "b/cut.jpg"), pictureBytes("plain.jpg").subarray(0, 400));
  });
  after(() => folder[Symbol.dispose]());

  const features = (output: string, ...args: readonly string[]): Promise<Ended> =>
    runCli(["features", photos, "-o", output, "--weights", model, ...args]);

  test(".npy: a matrix within 1e-5 of the channels' means, the names beside it; what cannot be read is left out", async () => {
    const path = folder.file("features.npy");
    const { code, stdout, stderr } = await features(path);
    assert.equal(code, 0, stderr);
    assert.match(stderr, /^1 of 4 pictures could not be read and are left out:\n.*cut\.jpg/);
    assert.match(
      stdout,
      /features\.npy \(0\.0 MB\), .*features\.json .*: 3 vectors of 3 numbers\npool of sequential\S*, weights .*colours\.keras; /,
    );
    const bytes = readFileSync(path);
    assert.equal(bytes.subarray(0, 8).toString("latin1"), "\u0093NUMPY\u0001\u0000");
    assert.deepEqual([bytes.readUInt16LE(8), bytes.length], [118, 128 + 9 * 4]);
    const header = bytes.subarray(10, 128).toString("latin1");
    assert.match(header, /^\{'descr': '<f4', 'fortran_order': False, 'shape': \(3, 3\), \} +\n$/);
    assertWithin(
      new Float32Array(bytes.buffer.slice(bytes.byteOffset + 128, bytes.byteOffset + bytes.length)),
      expected,
      1e-5,
    );
    const beside = JSON.parse(readFileSync(folder.file("features.json"), "utf8")) as Record<string, unknown>;
    assert.deepEqual([beside["files"], beside["length"], beside["layer"], beside["size"]], [names, 3, "pool", [8, 8]]);
  });

  test(".safetensors and .parquet say the same", async () => {
    const safetensors = folder.file("features.safetensors");
    assert.equal((await features(safetensors)).code, 0);
    const index = await openFeatureIndex(safetensors);
    assert.deepEqual([index.names, index.length, index.facts.get("pooling")], [names, 3, "none"]);
    for await (const { first, count, data } of index.vectors()) {
      assert.deepEqual([first, count], [0, 3]);
      assertWithin(data, expected, 1e-5);
    }
    await index.close();

    const parquet = folder.file("features.parquet");
    const { code, stdout } = await features(parquet, "--json");
    assert.equal(code, 0);
    const report = JSON.parse(stdout) as Record<string, unknown>;
    assert.deepEqual([report["vectors"], report["length"]], [3, 3]);
    const bytes = readFileSync(parquet);
    const rows = await parquetReadObjects({
      file: bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length),
    });
    assert.deepEqual(
      rows.map((row) => row["file"]),
      names,
    );
    assertWithin(
      rows.flatMap((row) => row["features"] as number[]),
      expected,
      1e-5,
    );
  });

  test("a layer of one's own: a map is pooled by its mean or its maxima, or taken whole", async () => {
    const lengths: readonly (readonly [readonly string[], number])[] = [
      [["--layer", "colours"], 3],
      [["--layer", "map", "--pooling", "max"], 3],
      [["--layer", "map", "--pooling", "none"], 192],
    ];
    for (const [args, length] of lengths) {
      const { code, stdout, stderr } = await features(folder.file("layer.npy"), "--json", ...args);
      assert.equal(code, 0, stderr);
      assert.equal((JSON.parse(stdout) as Record<string, unknown>)["length"], length, args.join(" "));
    }
  });

  test("nothing is left behind by a failure; wrong calls say what is wrong", async () => {
    // A folder of its own: other tests write at the same time.
    const place = folder.file("kept");
    mkdirSync(place);
    const kept = join(place, "kept.npy");
    writeFileSync(kept, "before");
    const strict = await features(kept, "--strict");
    assert.deepEqual([strict.code, strict.stdout], [1, ""]);
    assert.match(strict.stderr, /^error: .*cut\.jpg: /);
    assert.equal(readFileSync(kept, "utf8"), "before");
    assert.deepEqual(readdirSync(place), ["kept.npy"]);
    const cases: readonly (readonly [readonly string[], RegExp])[] = [
      [
        ["features", photos, "-o", "x.csv"],
        /^error: Vectors are written as \.npy, \.safetensors or \.parquet\. Received: x\.csv\n$/,
      ],
      [
        ["features", photos, "-o", folder.file("x.npy"), "--weights", model, "--layer", "dense"],
        /No such layer: dense\. Existing layers are: /,
      ],
      [["features", folder.file("none"), "-o", folder.file("x.npy")], /^error: Could not read the folder .*none/],
      [
        ["similar", join(photos, "pale.png"), photos, "--index", "x.parquet"],
        /^error: An index is a \.npy or a \.safetensors file\./,
      ],
      [["similar", join(photos, "gone.png"), photos, "--weights", model], /gone\.png: there is no such file/],
    ];
    for (const [args, message] of cases) {
      const { code, stdout, stderr } = await runCli(args);
      assert.deepEqual([code, stdout], [1, ""], args.join(" "));
      assert.match(stderr, message);
    }
  });

  test("similar: nearest first, without the picture itself; the index is written, taken, and made anew for other pictures", async () => {
    const index = folder.file("index.npy");
    const own = folder.file("own");
    await colourPicture(own, "red.png", "red");
    await colourPicture(own, "pale.png", "red", 100);
    await colourPicture(own, "green.png", "green");
    const args = ["similar", join(own, "red.png"), own, "--weights", model, "--index", index];
    const { code, stdout, stderr } = await runCli(args);
    assert.deepEqual([code, stderr], [0, ""]);
    assert.match(stdout, /^0\.\d{3} {2}█+.? +.*pale\.png\n-?0\.\d{3} .*green\.png\npixels .*assumed.*\n$/);
    const written = statSync(index).mtimeMs;
    const again = await runCli([...args, "--json", "--top", "1"]);
    const { results } = JSON.parse(again.stdout) as { results: { picture: string; similarity: number }[] };
    assert.deepEqual(
      results.map(({ picture }) => picture),
      [join(own, "pale.png")],
    );
    assertWithin([results[0]?.similarity ?? 0], [cosine([230, 20, 20], [230, 100, 100])], 1e-5);
    assert.equal(statSync(index).mtimeMs, written);

    const other = await runCli([...args, "--layer", "colours"]);
    assert.equal(other.code, 1);
    assert.match(other.stderr, /index\.npy was made otherwise: its layer is pool, not colours\./);
    await colourPicture(own, "blue.png", "blue");
    const anew = await runCli([...args, "--json"]);
    assert.deepEqual(
      [anew.code, anew.stderr],
      [0, `${index} is of other pictures than those of ${own}: it is made anew.\n`],
    );
    assert.equal((JSON.parse(anew.stdout) as { results: unknown[] }).results.length, 3);

    const without = await runCli(["similar", join(own, "red.png"), own, "--weights", model, "--json"]);
    assert.deepEqual(
      (JSON.parse(without.stdout) as { results: { picture: string }[] }).results.map(({ picture }) => picture),
      (JSON.parse(anew.stdout) as { results: { picture: string }[] }).results.map(({ picture }) => picture),
    );
  });

  test("similar: an index without the pictures that cannot be read is kept, until one can be", async () => {
    const index = folder.file("partly.npy");
    const own = folder.file("partly");
    await colourPicture(own, "red.png", "red");
    await colourPicture(own, "green.png", "green");
    writeFileSync(join(own, "broken.png"), "no picture");
    const args = ["similar", join(own, "red.png"), own, "--weights", model, "--index", index];
    assert.equal((await runCli(args)).code, 0);
    const written = statSync(index).mtimeMs;
    const { code, stdout, stderr } = await runCli(args);
    assert.equal(code, 0, stderr);
    assert.match(stdout, /green\.png\n/);
    assert.match(stderr, /^1 of 3 pictures could not be read and are left out: .*broken\.png: .*\n$/);
    assert.equal(statSync(index).mtimeMs, written);
    await colourPicture(own, "broken.png", "blue");
    assert.match((await runCli(args)).stderr, /is of other pictures than those of .*: it is made anew\.\n$/);
  });

  test("similar: a picture from standard input, which no picture of the folder is", async () => {
    const args = ["similar", "-", photos, "--weights", model, "--top", "1"];
    const { code, stdout } = await runCli([...args, "--json"], { input: readFileSync(join(photos, "a/red.png")) });
    assert.equal(code, 0);
    const { picture, results } = JSON.parse(stdout) as {
      picture: string;
      results: { picture: string; similarity: number }[];
    };
    assert.equal(picture, "standard input");
    assert.deepEqual(results, [{ picture: join(photos, "a/red.png"), similarity: 1 }]);
    const broken = await runCli(args, { input: new TextEncoder().encode("no picture") });
    assert.deepEqual([broken.code, broken.stdout], [1, ""]);
    assert.match(broken.stderr, /^error: standard input: /);
  });

  test("an index that is cut off, of another kind, or without its names is refused", async () => {
    const files: readonly (readonly [string, Uint8Array, string | undefined, RegExp])[] = [
      ["broken.npy", Buffer.from("no matrix at all"), undefined, /it is no \.npy file/],
      ["broken.npy", npy("'<f8'", "(1, 3)", 24), undefined, /no matrix of float32/],
      ["broken.npy", npy("'<f4'", "(1, 3)", 12), undefined, /the names of its pictures should be beside it/],
      ["broken.npy", npy("'<f4'", "(2, 3)", 24), '{"files":["a"]}', /it has 2 vectors, and the names of 1 pictures/],
      ["broken.npy", npy("'<f4'", "(1, 3)", 8), '{"files":["a"]}', /take \d+ bytes, but it has \d+/],
      ["broken.npy", npy("'<f4'", "(1, 3)", 12), "{", /its description is no JSON/],
      ["broken.safetensors", Buffer.alloc(8, 255), undefined, /cut off, or its header is too large/],
      [
        "broken.safetensors",
        Buffer.concat([Buffer.of(2, 0, 0, 0, 0, 0, 0, 0), Buffer.from("{}")]),
        undefined,
        /no matrix `features`/,
      ],
    ];
    for (const [name, bytes, beside, message] of files) {
      writeFileSync(folder.file(name), bytes);
      if (beside !== undefined) writeFileSync(folder.file("broken.json"), beside);
      await assert.rejects(openFeatureIndex(folder.file(name)), { code: "FormatError", message });
    }
    await assert.rejects(openFeatureIndex(folder.file("gone.npy")), { code: "IOError" });
  });
});

/** A .npy file of version 1 with so many bytes of data. */
function npy(type: string, shape: string, size: number): Uint8Array {
  const header = `{'descr': ${type}, 'fortran_order': False, 'shape': ${shape}, }`.padEnd(117) + "\n";
  const start = Buffer.from("\u0093NUMPY\u0001\u0000..", "latin1");
  start.writeUInt16LE(header.length, 8);
  return Buffer.concat([start, Buffer.from(header), Buffer.alloc(size)]);
}

function cosine(a: readonly number[], b: readonly number[]): number {
  const [x, y] = [a, b].map((values) => values.map((value) => value / 127.5 - 1));
  const dot = (p: readonly number[] = [], q: readonly number[] = []): number =>
    p.reduce((sum, value, i) => sum + value * (q[i] ?? 0), 0);
  return dot(x, y) / Math.sqrt(dot(x, x) * dot(y, y));
}

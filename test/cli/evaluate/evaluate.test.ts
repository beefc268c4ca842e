import assert from "node:assert/strict";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { loadImg } from "../../../src/index.ts";
import { pictureBytes } from "../../image/pictures.ts";
import { TestFolder } from "../../platform/folder.ts";
import { needsShared, sharedJson, sharedPath } from "../../support/shared.ts";
import { colourModel, colourPicture } from "../colour-model.ts";
import { cacheWithWeights, runCli } from "../run-cli.ts";

interface Report {
  readonly model: Readonly<Record<string, unknown>>;
  readonly data: {
    readonly pictures: number;
    readonly labels: string;
    readonly note?: string;
    readonly unreadable: readonly { readonly picture: string; readonly error: string }[];
  };
  readonly top1: number;
  readonly top5: number;
  readonly classes: readonly { readonly name: string; readonly pictures: number; readonly recall?: number }[];
  readonly confusion: readonly { readonly actual: string; readonly predicted: string; readonly pictures: number }[];
  readonly mistakes: readonly { readonly path: string; readonly actual: string; readonly predicted: string }[];
  readonly picturesPerSecond: number;
}

describe("evaluate", { concurrency: 2 }, () => {
  let folder: TestFolder;
  let model: string;
  let photos: string;
  before(async () => {
    folder = new TestFolder();
    model = folder.file("colours.keras");
    await colourModel().save(model);
    await colourModel(false).save(folder.file("numbers.keras"));
    photos = folder.file("photos");
    for (const [name, colour] of [
      ["Red/1.png", "red"],
      ["Red/2.jpg", "red"],
      ["Red/within/3.png", "blue"],
      ["green/1.png", "green"],
      ["blue/1.png", "blue"],
      ["blue/2.webp", "blue"],
    ] as const) {
      await colourPicture(photos, name, colour);
    }
    writeFileSync(join(photos, "green/cut.jpg"), pictureBytes("plain.jpg").subarray(0, 400));
    writeFileSync(join(photos, "green/notes.txt"), "no picture");
  });
  after(() => folder[Symbol.dispose]());

  test("a folder a class: accuracies, table and matrix; an unreadable picture is named and left out", async () => {
    const { code, stdout, stderr } = await runCli(["evaluate", photos, "--weights", model]);
    assert.equal(code, 0, stderr);
    assert.match(stderr, /^1 of 7 pictures could not be read and are left out:\n {2}.*cut\.jpg: .*ends early.*\n$/);
    const lines = stdout.split("\n");
    assert.match(lines[0] ?? "", /^top-1 {3}83\.3 % {2}█+/);
    assert.ok(!stdout.includes("top-5"), "of three classes");
    assert.match(stdout, /^red +3 +2 +66\.7 % +100\.0 % +80\.0 % +blue \(1\)$/m);
    assert.match(stdout, /^blue +2 +2 +100\.0 % +66\.7 % +80\.0 %$/m);
    assert.match(stdout, /^shown \\ taken for +a +b +c\nred +a +2 +· +1\ngreen +b +· +1 +·\nblue +c +· +· +2$/m);
    assert.match(stdout, /^6 pictures, [\d.]+ a second; classes by folders$/m);
  });

  test("--json, a page, and the confusion matrix as CSV and as a picture", async () => {
    const [page, csv, png] = ["new/page.html", "new/within/m.csv", "m.png"].map((name) => folder.file(name));
    const args = ["evaluate", photos, "--weights", model, "--json"];
    const { code, stdout } = await runCli([...args, "--report", page ?? "", "--confusion", csv ?? ""]);
    assert.equal(code, 0);
    const report = JSON.parse(stdout) as Report;
    assert.deepEqual([report.top1, report.top5, report.data.pictures], [5 / 6, 1, 6]);
    assert.deepEqual(report.model["size"], 8);
    assert.deepEqual(
      report.data.unreadable.map(({ picture }) => picture),
      [join(photos, "green/cut.jpg")],
    );
    assert.deepEqual(report.confusion, [
      { actual: "red", predicted: "red", pictures: 2 },
      { actual: "red", predicted: "blue", pictures: 1 },
      { actual: "green", predicted: "green", pictures: 1 },
      { actual: "blue", predicted: "blue", pictures: 2 },
    ]);
    assert.deepEqual(
      report.mistakes.map(({ path, actual, predicted }) => [path, actual, predicted]),
      [[join(photos, "Red/within/3.png"), "red", "blue"]],
    );
    assert.ok(report.picturesPerSecond > 0);
    assert.equal(readFileSync(csv ?? "", "utf8"), ",red,green,blue\nred,2,0,1\ngreen,0,1,0\nblue,0,0,2\n");
    const html = readFileSync(page ?? "", "utf8");
    assert.match(html, /^<!doctype html>[^]*<td>top-1<td>83\.3 %[^]*<td>red<td class="n">3[^]*cut\.jpg/);
    assert.ok(!/(?:src|href)=|@import|url\(/.test(html), "nothing from elsewhere");

    const again = await runCli([...args, "--confusion", png ?? ""]);
    assert.equal(again.code, 0);
    const { width, height, data } = await loadImg(png ?? "");
    assert.deepEqual([width, height, Array.from(data.slice(-3))], [144, 144, [8, 48, 107]]);
  });

  test("--strict stops at an unreadable picture; what cannot be written as wanted is refused at once", async () => {
    const strict = await runCli(["evaluate", photos, "--weights", model, "--strict"]);
    assert.deepEqual([strict.code, strict.stdout], [1, ""]);
    assert.match(strict.stderr, /^error: .*cut\.jpg: /);
    const pdf = await runCli(["evaluate", photos, "--weights", model, "--confusion", "matrix.pdf"]);
    assert.deepEqual([pdf.code, pdf.stdout], [1, ""]);
    assert.equal(pdf.stderr, "error: The confusion matrix is written as .csv or .png. Received: matrix.pdf\n");
    const picture = await runCli(["evaluate", photos, "--weights", model, "--report", "photo.jpg"]);
    assert.deepEqual(
      [picture.code, picture.stdout, picture.stderr],
      [1, "", "error: The page is written as .html. Received: photo.jpg\n"],
    );
    for (const [place, why] of [
      [photos, "it is a folder"],
      [join(model, "page.html"), "a part of the path is not a folder (ENOTDIR)"],
    ] as const) {
      const { code, stdout, stderr } = await runCli(["evaluate", photos, "--weights", model, "--report", place]);
      assert.deepEqual([code, stdout, stderr], [1, "", `error: Could not write ${place}: ${why}.\n`]);
    }
  });

  test("a file says it: CSV with header and quotes, a name and a number a line, a class a line, a list in place of the folder", async () => {
    const flat = folder.file("flat");
    for (const [name, colour] of [
      ["val_1.png", "red"],
      ["val_2.png", "green"],
      ["val,3.png", "blue"],
    ] as const) {
      await colourPicture(flat, name, colour);
    }
    const truths: readonly (readonly [string, number])[] = [
      ['file,label\nval_1.png,red\nval_2.png,"green"\n"val,3.png",blue\n', 1],
      ["val_1.png 0\nval_2.png 1\nelsewhere/val_2.png 2\n", 2 / 3],
      // In the order of names: a comma comes before a low line.
      ["blue\nred\nred\n", 2 / 3],
      ["2\n0\n1\n", 1],
    ];
    for (const [text, top1] of truths) {
      const truth = folder.file("truth.txt");
      writeFileSync(truth, text);
      const { code, stdout, stderr } = await runCli([
        "evaluate",
        flat,
        "--weights",
        model,
        "--json",
        "--ground-truth",
        truth,
      ]);
      assert.deepEqual([code, stderr], [0, ""]);
      const report = JSON.parse(stdout) as Report;
      assert.deepEqual([report.top1, report.data.labels], [top1, "file"], text);
    }
    const list = join(flat, "list.csv");
    writeFileSync(list, "val_1.png;red\nval_2.png;blue\n");
    const { stdout } = await runCli(["evaluate", list, "--weights", model, "--json"]);
    assert.equal((JSON.parse(stdout) as Report).top1, 0.5);
  });

  test("where the model's classes have no names, folders are numbered as Keras does it, and that is said", async () => {
    const sorted = folder.file("sorted");
    await colourPicture(sorted, "a/1.png", "red");
    await colourPicture(sorted, "b/1.png", "green");
    await colourPicture(sorted, "c/1.png", "red");
    const { code, stdout, stderr } = await runCli(["evaluate", sorted, "--weights", folder.file("numbers.keras")]);
    assert.deepEqual([code, stderr], [0, ""]);
    assert.match(stdout, /^top-1 {3}66\.7 %/);
    assert.match(stdout, /^The model's classes have no names: the folders are its classes in alphabetical order\.$/m);
  });

  test("what pictures show must be known", async () => {
    const odd = folder.file("odd");
    await colourPicture(odd, "red/1.png", "red");
    await colourPicture(odd, "purple/1.png", "red");
    await colourPicture(folder.file("loose"), "1.png", "red");
    mkdirSync(folder.file("empty"));
    writeFileSync(folder.file("short.txt"), "red\n");
    writeFileSync(folder.file("wrong.txt"), "1.png,purple\n");
    const cases: readonly (readonly [readonly string[], RegExp])[] = [
      [
        [odd],
        /^error: These folders of .*odd have no class of the model's: purple\. Its classes: red, green, blue\.\n$/,
      ],
      [
        [folder.file("loose")],
        /^error: It is not known what the pictures in .*loose show\. Put each class into a folder/,
      ],
      [[folder.file("empty")], /^error: There are no pictures in .*empty/],
      [[folder.file("none")], /^error: Could not read the folder .*none: there is no such file or folder/],
      [
        [photos, "--ground-truth", folder.file("short.txt")],
        /short\.txt has 1 lines for 7 pictures in .*photos: one is needed for each/,
      ],
      [
        [folder.file("loose"), "--ground-truth", folder.file("wrong.txt")],
        /"purple", of picture 1, is no class of the model\./,
      ],
      [[photos, "--recipe", "torchvision", "--crop", "9"], /The model takes pictures of 8 × 8\. Received: --crop 9/],
    ];
    for (const [args, message] of cases) {
      const { code, stdout, stderr } = await runCli(["evaluate", ...args, "--weights", model]);
      assert.deepEqual([code, stdout], [1, ""], args.join(" "));
      assert.match(stderr, message);
    }
  });

  test("the 100 sample photographs, squeezed: Keras's top-1 and top-5", { skip: needsShared }, async () => {
    const predictions = sharedJson<
      readonly {
        readonly file: string;
        readonly bilinear: { readonly top5: readonly (readonly [string, string, number])[] };
      }[]
    >("reference/predictions.json");
    const rankOf = ({ file, bilinear }: (typeof predictions)[number]): number =>
      bilinear.top5.findIndex(([id]) => file.startsWith(id));
    const env = { KERAS_HOME: cacheWithWeights(folder.file("keras")) };
    const { code, stdout, stderr } = await runCli(["evaluate", sharedPath("images"), "--json"], { env });
    assert.deepEqual([code, stderr], [0, ""]);
    const report = JSON.parse(stdout) as Report;
    assert.equal(report.data.labels, "WordNet ids in the names");
    assert.equal(report.top1, predictions.filter((one) => rankOf(one) === 0).length / 100);
    assert.equal(report.top5, predictions.filter((one) => rankOf(one) >= 0).length / 100);
  });
});

test("ImageNet's development kit: its numbers need the order of its classes", { skip: needsShared }, async () => {
  using folder = new TestFolder();
  const env = { KERAS_HOME: cacheWithWeights(folder.file("keras")) };
  await colourPicture(folder.file("val"), "ILSVRC2012_val_00000001.JPEG", "red");
  writeFileSync(folder.file("truth.txt"), "2\n");
  const args = ["evaluate", folder.file("val"), "--json", "--ground-truth", folder.file("truth.txt")];
  const without = await runCli(args, { env });
  assert.equal(without.code, 1);
  assert.match(without.stderr, /truth\.txt has numbers\. .*--synsets FILE\n$/);
  writeFileSync(folder.file("map.txt"), "n02119789 1 kit_fox\nn02110958 2 pug\n");
  const { code, stdout } = await runCli([...args, "--synsets", folder.file("map.txt")], { env });
  assert.equal(code, 0);
  const { classes } = JSON.parse(stdout) as Report;
  assert.deepEqual(
    classes.filter(({ pictures }) => pictures > 0).map(({ name }) => name),
    ["pug"],
  );
});

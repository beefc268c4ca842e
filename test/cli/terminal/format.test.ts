import assert from "node:assert/strict";
import { test } from "node:test";
import { alignedTable, bar, duration, percent, printable } from "../../../src/cli/terminal/format.ts";
import { modelsTable } from "../../../src/cli/models/report.ts";
import { answerText, modelText, reportJson } from "../../../src/cli/classify/report.ts";
import { styleFor } from "../../../src/cli/terminal/style.ts";

/** How the weights of these reports take pixels. */
const KERAS = { scale: 1 / 127.5, offset: -1, source: "published" } as const;

const plain = styleFor({ isTTY: false, hasColors: () => false });

test("a table has its numbers to the right, its texts to the left, and no spaces at the ends of lines", () => {
  const table = alignedTable([
    ["n", "what", "size"],
    [{ number: "7" }, "a", { number: "1.5 MB" }],
    [{ number: "100" }, "longer", { number: "12.5 MB" }],
  ]);
  assert.deepEqual(table, [
    "  n  what       size", //
    "  7  a        1.5 MB",
    "100  longer  12.5 MB",
  ]);
  assert.deepEqual(
    alignedTable([
      ["a", "text"],
      ["b", "t"],
    ]),
    ["a  text", "b  t"],
  );
});

test("a bar has eighths of a character and always the same width", () => {
  assert.equal(bar(1, 4), "████");
  assert.equal(bar(0.5, 4), "██  ");
  assert.equal(bar(1 / 32, 4), "▏   ");
  assert.equal(bar(31 / 32, 4), "███▉");
  for (const fraction of [0, -1, Number.NaN]) assert.equal(bar(fraction, 4), "    ");
  assert.equal(bar(7, 4), "████");
});

test("numbers read well", () => {
  assert.equal(percent(0.62345), " 62.3 %");
  assert.equal(percent(1), "100.0 %");
  assert.equal(duration(3.14), "3.1 ms");
  assert.equal(duration(314.15), "314 ms");
  assert.equal(duration(3141.5), "3.14 s");
});

test("text from outside cannot steer the terminal", () => {
  assert.equal(printable("a\u001b[31mb\r\nc\u009b2J\u202ed"), "a�[31mb��c�2J�d");
  assert.equal(printable("größer 🐒"), "größer 🐒");
});

test("colours are for terminals that have them", () => {
  const terminal = styleFor({ isTTY: true, hasColors: () => true });
  assert.equal(terminal.bold("x"), "\u001b[1mx\u001b[22m");
  assert.equal(styleFor({ isTTY: true, hasColors: () => false }).bold("x"), "x");
  assert.equal(styleFor({ isTTY: false, hasColors: () => true }).bold("x"), "x");
});

test("the table of models has the 22, with the paper's numbers", () => {
  const lines = modelsTable(String).split("\n");
  assert.equal(lines.length, 23);
  assert.equal(lines[0], "alpha  size  name                  MACs (M)  params (M)  top-1 %  top-5 %  download");
  assert.equal(lines[3], " 1.00   224  mobilenetv2_1.00_224     300.8        3.54     71.8     91.0   14.2 MB");
  assert.equal(lines[22], " 0.35    96  mobilenetv2_0.35_96       11.9        1.69     45.5     70.4    6.8 MB");
});

const predictions = [{ wnid: "n1", label: "ba\u001bboon", score: 0.75 }];
const facts = { name: "m", weights: "imagenet", alpha: 1, size: 224, pixels: KERAS, classes: 1000, load: 12.34 };

test("an answer for people: the picture, bars, times", () => {
  const text = answerText({ picture: "a\nb.jpg", predictions, decode: 12.34, predict: 5 }, plain);
  assert.equal(
    text,
    [
      "a�b.jpg", //
      `   75.0 %  ${"█".repeat(18)}${" ".repeat(6)}  ba�boon`,
      "  decoded in 12 ms, predicted in 5.0 ms",
      "",
    ].join("\n"),
  );
  assert.equal(modelText(facts, plain), "m, ImageNet weights, loaded in 12 ms");
  assert.equal(modelText({ ...facts, weights: "x\u0007.h5" }, plain), "m, weights of x�.h5, loaded in 12 ms");
});

test("an answer as JSON: model, pictures or their errors, milliseconds", () => {
  const failure = { picture: "c.jpg", error: { code: "IOError", message: "gone" } } as const;
  const json: unknown = JSON.parse(
    reportJson(facts, [{ picture: "a.jpg", predictions, decode: 1.26, predict: 2 }, failure], 99.99),
  );
  assert.deepEqual(json, {
    model: { name: "m", weights: "imagenet", alpha: 1, size: 224, pixels: KERAS, classes: 1000 },
    pictures: [{ picture: "a.jpg", predictions, milliseconds: { decode: 1.3, predict: 2 } }, failure],
    milliseconds: { load: 12.3, total: 100 },
  });
});

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { evaluationPage } from "../../../src/cli/evaluate/page.ts";
import type { Evaluation } from "../../../src/cli/evaluate/report.ts";
import { Tally } from "../../../src/tasks/tally.ts";
import { chart } from "../../../src/cli/train/chart.ts";
import { trainPage } from "../../../src/cli/train/page.ts";
import { augmentNames } from "../../../src/cli/train/settings.ts";
import { transferSchedule } from "../../../src/tasks/transfer/schedule.ts";
import {
  type Training,
  bestEpoch,
  caution,
  environmentFacts,
  expected,
  trainingText,
} from "../../../src/cli/train/report.ts";

/** How the weights of these reports take pixels. */
const KERAS = { scale: 1 / 127.5, offset: -1, source: "published" } as const;

const plain = { bold: String, dim: String, bar: String, bad: String };

/** A training of so many classes, of which the first picture of each is taken for the next class. */
function trainingOf(names: readonly string[]): Training {
  const tally = new Tally(names);
  for (const [actual] of names.entries()) {
    for (const predicted of [(actual + 1) % names.length, actual, actual]) {
      tally.add(
        `/photos/${actual}.png`,
        actual,
        Float32Array.from(names, (_, i) => (i === predicted ? 0.9 : 0.01)),
      );
    }
  }
  const counts = names.map(() => 12);
  const labels = counts.flatMap((count, label) => Array<number>(count).fill(label));
  const recipe = transferSchedule({}, { counts, labels, validates: true });
  return {
    target: { output: "x.keras", labels: "x.labels.txt", report: "x.html", folder: "x.keras.training" },
    folder: "photos",
    classNames: names,
    counts: { training: counts, validation: names.map(() => 3) },
    empty: [],
    unreadable: [],
    model: { name: "x", alpha: 1, size: 224, weights: "ImageNet", parameters: 2_000_000 },
    settings: {},
    recipe,
    phases: [
      {
        name: "head",
        kept: true,
        logged: {
          loss: [2, 1, 0.5],
          val_loss: [2, 0.9, 1.1],
          accuracy: [0.2, 0.5, 0.9],
          val_accuracy: [0.3, 0.6, 0.5],
        },
      },
      {
        name: "fine-tuning",
        kept: false,
        logged: { loss: [0.4], val_loss: [1.5], accuracy: [1], val_accuracy: [0.5] },
      },
    ],
    tally,
    isResumed: false,
    environment: environmentFacts(2),
    milliseconds: 1234,
  };
}

function evaluationOf(names: readonly string[], unreadable: Evaluation["unreadable"]): Evaluation {
  const { tally } = trainingOf(names);
  const model = { name: "x", weights: "x.keras", alpha: 1, size: 224, pixels: KERAS, classes: names.length, load: 1 };
  const recipe = { recipe: "keras" };
  return { model, place: "photos", labels: "folders", note: undefined, recipe, tally, unreadable, milliseconds: 9 };
}

describe("what train and evaluate report", () => {
  test("what a part of few pictures lets expect: Wilson's interval, to 0.001", () => {
    const cases = [
      [1, 12, 0.757, 1],
      [0.5, 12, 0.254, 0.746],
      [0.95, 1000, 0.935, 0.962],
      [0, 5, 0, 0.434],
    ] as const;
    for (const [top1, pictures, least, most] of cases) {
      const found = expected({ top1, pictures });
      assert.ok(Math.abs(found[0] - least) < 1e-3 && Math.abs(found[1] - most) < 1e-3, found.join());
    }
  });

  test("the best epoch is that whose weights were kept", () => {
    const { phases, recipe } = trainingOf(["a", "b"]);
    assert.deepEqual(
      phases.map((phase) => bestEpoch(phase, recipe)),
      [1, 0],
    );
    const scratch = transferSchedule(
      { fromScratch: true, epochs: 4 },
      { counts: [20, 20], labels: [], validates: true },
    );
    const losses = { loss: [1, 1, 1, 1], val_loss: [0.1, 0.2, 0.9, 0.8] };
    // The first half of a training from scratch does not count.
    assert.equal(bestEpoch({ name: "all layers", kept: true, logged: losses }, scratch), 3);
    assert.equal(bestEpoch({ name: "head", kept: true, logged: { loss: [3, 2, 1] } }, recipe), 2);
  });

  test("the table names what was learned and what was not kept; the caution is there where pictures were held out", () => {
    const training = trainingOf(["cat", "dog"]);
    const text = trainingText(training, plain);
    assert.match(
      text,
      /^learned +epochs +best +loss .*\nthe head +3 +2 +1\.0000 +50\.0 % +0\.9000 +60\.0 %\nfrom block_14 on +1 +1 .* not kept: no better than before/,
    );
    assert.match(text, /The 6 pictures that were held out\ntop-1 +66\.7 %/);
    assert.match(text, /lies between 29\.9 % and 90\.4 % \(19 times of 20\)\. They also chose the epoch/);
    assert.equal(caution({ ...training, counts: { training: [3, 3], validation: [0, 0] } }), undefined);
  });

  test("a page with names that are code shows them as they are", () => {
    const names = ["<script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "\u202Ekcab"];
    const mistake = {
      path: "/p",
      actual: names[0] ?? "",
      predicted: names[1] ?? "",
      score: 0.5,
      name: "</small><b>",
      uri: undefined,
    };
    for (const page of [trainPage(trainingOf(names), [mistake]), evaluationPage(evaluationOf(names, []))]) {
      assert.ok(!/<script|<img|<\/small><b>|\u202E/.test(page));
      assert.ok(page.includes("&lt;script&gt;alert(1)&lt;/script&gt;"));
      assert.match(page, /<meta http-equiv="Content-Security-Policy" content="default-src 'none'/);
    }
  });

  test("a thousand classes make a page of less than a megabyte: pairs in place of a matrix", () => {
    const names = Array.from({ length: 1000 }, (_, i) => `class ${i}`);
    for (const page of [trainPage(trainingOf(names), []), evaluationPage(evaluationOf(names, []))]) {
      assert.ok(page.length < 1e6, String(page.length));
      assert.ok(!page.includes('class="matrix"') && page.includes("<th>shows<th>taken for"));
    }
  });

  test("of thousands of pictures that cannot be read, a page names a hundred", () => {
    const unreadable = Array.from({ length: 3000 }, (_, i) => ({ picture: `${i}.jpg`, error: `${i}.jpg is broken` }));
    const page = evaluationPage(evaluationOf(["a", "b"], unreadable));
    assert.match(page, /3000 pictures could not be read[^]*99\.jpg is broken[^]*… and 2900 more/);
    assert.ok(!page.includes(">100.jpg is broken"));
  });

  test("only what may be wider than a page stands in boxes of its own", () => {
    for (const page of [trainPage(trainingOf(["a", "b"]), []), evaluationPage(evaluationOf(["a", "b"], []))]) {
      const tables = page.match(/.{18}<table[^>]*>/g) ?? [];
      assert.ok(tables.length >= 3);
      for (const table of tables) assert.match(table, /<div class="wide"><table|<table class="facts">/);
    }
  });

  test("curves: gaps, single points, equal values and none at all stay within the picture", () => {
    const curve = (values: readonly (number | undefined)[]): string =>
      chart({
        title: "t",
        parts: [{ epoch: 1, name: "p" }],
        format: String,
        curves: [{ name: "c", kind: "k", values }],
      });
    const gap = curve([1, 2, undefined, NaN, 3, 4]);
    assert.equal(/ d="([^"]*)"/.exec(gap)?.[1]?.match(/M/g)?.length, 2);
    assert.match(curve([0.5]), /<circle/);
    for (const drawn of [gap, curve([0.5]), curve([3, 3, 3]), curve([]), curve([0, 0]), curve([1e-9, 1e9])]) {
      assert.ok(!/NaN|Infinity/.test(drawn), drawn);
    }
  });
});

test("augmentations by name", () => {
  assert.deepEqual(augmentNames("flip, crop,flip"), ["flip", "crop"]);
  assert.deepEqual(augmentNames("none"), []);
  assert.throws(() => augmentNames("none,flip"), /There is no augmentation "none"\./);
  assert.throws(() => augmentNames(""), /There is no augmentation ""\./);
});

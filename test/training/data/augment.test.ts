/** Augmentations against Keras's layers (fixtures/training/data/make_augment.py), and what they draw. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, test } from "node:test";
import { uniform } from "../../../src/core/random.ts";
import { Tensor } from "../../../src/core/tensor.ts";
import type { FillOptions } from "../../../src/training/data/augmentation/affine.ts";
import { type Augmentation, type Picture, augmentBatch } from "../../../src/training/data/augmentation/augment.ts";
import { type Batch, sliceBatch } from "../../../src/training/data/batch.ts";
import { beta, mixUp, mixed } from "../../../src/training/data/augmentation/mix-up.ts";
import {
  brightened,
  contrasted,
  randomBrightness,
  randomContrast,
} from "../../../src/training/data/augmentation/random-color.ts";
import { randomCrop, randomResizedCrop } from "../../../src/training/data/augmentation/random-crop.ts";
import {
  flipped,
  randomFlip,
  randomRotation,
  randomTranslation,
  randomZoom,
  rotated,
  translated,
  zoomed,
} from "../../../src/training/data/augmentation/random-geometry.ts";
import { assertWithin } from "../../support/compare.ts";

interface Given extends FillOptions {
  readonly kind: string;
  readonly size: readonly [number, number];
  readonly turn: number;
  readonly height: number;
  readonly width: number;
  readonly down: number;
  readonly right: number;
  readonly horizontally: boolean;
  readonly vertically: boolean;
  readonly delta: number;
  readonly factor: number;
  readonly partners: readonly number[];
  readonly parts: readonly number[];
  readonly values: readonly number[];
}

const fixture = JSON.parse(
  readFileSync(new URL("../../fixtures/training/data/augment.json", import.meta.url), "utf8"),
) as { readonly cases: readonly Given[] };

function seeded(rows: number, columns: number): Picture {
  return { rows, columns, channels: 3, data: uniform(`augment/${rows}x${columns}`, rows * columns * 3, 0, 255) };
}

function batchOf(...pictures: readonly Picture[]): Batch {
  const { rows, columns, channels } = pictures[0] ?? seeded(1, 1);
  const data = Float32Array.from(pictures.flatMap((picture) => [...picture.data]));
  return {
    x: new Tensor([pictures.length, rows, columns, channels], data),
    indices: Int32Array.from(pictures.keys()),
  };
}

const FULL = [0, 255] as const;

/** What each of our functions makes of a case. */
const changes: Readonly<Record<string, (picture: Picture, given: Given) => ArrayLike<number>>> = {
  rotated: (picture, given) => rotated(picture, given.turn, given).data,
  zoomed: (picture, given) => zoomed(picture, given.height, given.width, given).data,
  translated: (picture, given) => translated(picture, given.down, given.right, given).data,
  flipped: (picture, given) => flipped(picture, given.horizontally, given.vertically).data,
  brightened: (picture, given) => brightened(picture, given.delta, FULL).data,
  contrasted: (picture, given) => contrasted(picture, given.factor, FULL).data,
  cropped: (picture, { height, width }) => {
    const augmentations = [randomCrop(height, width)];
    return augmentBatch(batchOf(picture), augmentations, { seed: 0, epoch: 0 }).x.data;
  },
  mixed: (_, { partners, parts }) =>
    mixed({ x: new Tensor([3, 2, 2, 3], uniform("augment/mix", 36, 0, 255)) }, partners, parts).x.data,
  "mixed labels": (_, { partners, parts }) => {
    const y = new Tensor([3, 3], Float32Array.of(1, 0, 0, 0, 1, 0, 0, 0, 1));
    return mixed({ x: new Tensor([3, 1], new Float32Array(3)), y }, partners, parts).y?.data ?? [];
  },
};

for (const kind of Object.keys(changes)) {
  test(`${kind}: within 0.01 of Keras's, of values of 0 to 255`, () => {
    const cases = fixture.cases.filter((one) => one.kind === kind);
    assert.ok(cases.length > 0);
    for (const given of cases) {
      const { values, ...what } = given;
      const changed = changes[kind]?.(seeded(...given.size), given) ?? [];
      assertWithin(changed, values, 0.01, JSON.stringify(what));
    }
  });
}

const all: readonly Augmentation[] = [
  randomFlip(),
  randomTranslation(0.2, [-0.1, 0.3]),
  randomRotation(0.1),
  randomZoom(0.2),
  randomZoom([-0.3, -0.1], 0.2, { fillMode: "constant" }),
  randomBrightness(0.2),
  randomContrast(0.3),
  randomResizedCrop(6, 6),
  randomCrop(5, 4),
];

describe("what is drawn", () => {
  const batch = batchOf(seeded(8, 8), seeded(8, 8), seeded(8, 8));

  test("the same seed, epoch and picture give the same, whatever batch the picture is in", () => {
    for (const augmentation of all) {
      const moment = { seed: 3, epoch: 2 };
      const whole = augmentBatch(batch, [augmentation], moment);
      assert.deepEqual(augmentBatch(batch, [augmentation], moment), whole);
      for (let i = 0; i < 3; i++) {
        const alone = augmentBatch(sliceBatch(batch, i, i + 1), [augmentation], moment);
        assert.deepEqual(alone, sliceBatch(whole, i, i + 1), augmentation.name);
      }
    }
  });

  test("another seed, epoch, picture or place in the list gives another", () => {
    const color = [randomBrightness(0.5)];
    const moments = Array.from({ length: 4 }, (_, i) => ({ seed: i % 2, epoch: i >> 1 }));
    const changed = moments.map((moment) => augmentBatch(batch, color, moment).x.data.join());
    assert.equal(new Set(changed).size, 4);
    const { x } = augmentBatch(batch, color, { seed: 0, epoch: 0 });
    assert.notDeepEqual(x.data.subarray(0, 192), x.data.subarray(192, 384));
    const twice = augmentBatch(batch, [...color, ...color], { seed: 0, epoch: 0 });
    const again = augmentBatch({ ...batch, x }, color, { seed: 0, epoch: 0 });
    assert.notDeepEqual(twice.x.data, again.x.data);
  });

  test("the batch that is given stays as it is; labels, weights and indices go along", () => {
    const before = batch.x.data.slice();
    const y = new Tensor([3], Int32Array.of(1, 2, 0));
    const changed = augmentBatch({ ...batch, y }, all, { seed: 1, epoch: 1 });
    assert.deepEqual(batch.x.data, before);
    assert.deepEqual([changed.y, changed.indices, changed.x.shape], [y, batch.indices, [3, 5, 4, 3]]);
    assert.deepEqual(augmentBatch(batch, [], { seed: 1, epoch: 1 }), batch);
  });

  const many = (augmentation: Augmentation, picture: Picture): readonly Float32Array[] =>
    Array.from({ length: 400 }, (_, epoch) => {
      const { x } = augmentBatch(batchOf(picture), [augmentation], { seed: 9, epoch });
      return x.toFloat32().data;
    });

  test("flips: each direction for half of the pictures, on its own", () => {
    const corners: Picture = { rows: 2, columns: 2, channels: 1, data: Float32Array.of(0, 1, 2, 3) };
    const counts = (mode?: Parameters<typeof randomFlip>[0]): Record<string, number> => {
      const found: Record<string, number> = {};
      for (const data of many(randomFlip(mode), corners)) found[data.join("")] = (found[data.join("")] ?? 0) + 1;
      return found;
    };
    const both = counts();
    assert.deepEqual(Object.keys(both).toSorted(), ["0123", "1032", "2301", "3210"]);
    for (const count of Object.values(both)) assert.ok(count > 70 && count < 130, JSON.stringify(both));
    assert.deepEqual(Object.keys(counts("horizontal")).toSorted(), ["0123", "1032"]);
    assert.deepEqual(Object.keys(counts("vertical")).toSorted(), ["0123", "2301"]);
  });

  test("brightness and contrast reach their ends and no further", () => {
    const gray: Picture = { rows: 1, columns: 2, channels: 1, data: Float32Array.of(100, 120) };
    const deltas = many(randomBrightness([-0.2, 0.1]), gray).map((data) => (data[0] ?? 0) - 100);
    assert.ok(Math.min(...deltas) >= -51 && Math.min(...deltas) < -50 && Math.max(...deltas) <= 25.5);
    assert.ok(Math.max(...deltas) > 25);
    const spreads = many(randomContrast(0.5), gray).map((data) => ((data[1] ?? 0) - (data[0] ?? 0)) / 20);
    assert.ok(Math.min(...spreads) >= 0.5 && Math.min(...spreads) < 0.51);
    assert.ok(Math.max(...spreads) <= 1.5 && Math.max(...spreads) > 1.49);
  });

  test("crops: every place is found, and nothing but parts of the picture", () => {
    const line: Picture = { rows: 2, columns: 6, channels: 1, data: Float32Array.from({ length: 12 }, (_, i) => i) };
    const cuts = new Set(many(randomCrop(1, 4), line).map((data) => data.join(" ")));
    assert.deepEqual([...cuts].toSorted(), ["0 1 2 3", "1 2 3 4", "2 3 4 5", "6 7 8 9", "7 8 9 10", "8 9 10 11"]);
    const whole = many(randomResizedCrop(2, 6, { scale: [1, 1], ratio: [3, 3] }), line);
    assert.deepEqual(new Set(whole.map(String)), new Set([String(line.data)]));
    for (const data of many(randomResizedCrop(2, 2), line))
      assert.ok(Math.min(...data) >= 0 && Math.max(...data) <= 11);
  });

  test("mixUp: sums of labels stay 1, class numbers are refused, Beta(0.2, 0.2) and Beta(2, 2) have their variances within 10 %", () => {
    const y = new Tensor([3, 3], Float32Array.of(1, 0, 0, 0, 1, 0, 0, 0, 1));
    const mixture = augmentBatch({ ...batch, y }, [mixUp()], { seed: 1, epoch: 0 });
    for (let i = 0; i < 3; i++) {
      const row = mixture.y?.toFloat32().data.subarray(i * 3, i * 3 + 3);
      assertWithin([row?.reduce((a, b) => a + b, 0) ?? 0], [1], 1e-6);
    }
    assert.throws(
      () => augmentBatch({ ...batch, y: new Tensor([3], Int32Array.of(0, 1, 2)) }, [mixUp()], { seed: 1, epoch: 0 }),
      { code: "ValueError", message: /class numbers cannot be mixed/ },
    );
    for (const alpha of [0.2, 2]) {
      const draws = uniform(`beta/${alpha}`, 400_000, 0, 1);
      const sample = Array.from({ length: 4000 }, (_, i) =>
        beta(alpha, (k) => draws[(i * 97 + k) % draws.length] ?? 0),
      );
      const mean = sample.reduce((a, b) => a + b, 0) / sample.length;
      const variance = sample.reduce((a, b) => a + (b - mean) ** 2, 0) / sample.length;
      assertWithin([mean, variance * 4 * (2 * alpha + 1)], [0.5, 1], 0.1, `alpha ${alpha}`);
    }
  });
});

test("what cannot be is refused in Keras's words", () => {
  const refused = (make: () => unknown, message: RegExp): void => assert.throws(make, { code: "ValueError", message });
  refused(
    () => randomRotation(2),
    /^The `factor` argument should be a number \(or a list of two numbers\) in the range \[-1, 1\]\. Received: factor=2$/,
  );
  // @ts-expect-error: three numbers
  refused(() => randomRotation([0, 0, 0]), /Received: factor=\(0, 0, 0\)$/);
  refused(() => randomTranslation(0.1, -1.5), /in the range \[-1\.0, 1\.0\]\. Received: widthFactor=-1\.5$/);
  refused(
    () => randomZoom(-1),
    /^The `heightFactor` and `widthFactor` arguments should be .* \(-1\.0, 1\.0\]\. Received: heightFactor=-1$/,
  );
  refused(() => randomZoom(Number.NaN), /Received: heightFactor=NaN$/);
  refused(() => randomContrast(-0.1), /in the range \[0, 1\]\. Received: factor=-0\.1$/);
  refused(
    // @ts-expect-error: no mode of Keras's
    () => randomZoom(0.1, null, { fillMode: "mirror" }),
    /^Unknown `fillMode` mirror\. Expected of one \('reflect', 'wrap', 'constant', 'nearest'\)\.$/,
  );
  refused(
    // @ts-expect-error: one number
    () => randomBrightness(0.1, { valueRange: [1] }),
    /^The `valueRange` argument should be a list of two numbers\. Received: valueRange=\(1,\)$/,
  );
  // @ts-expect-error: no mode of Keras's
  refused(() => randomFlip("diagonal"), /mode=diagonal\. Expected one of/);
  refused(() => randomCrop(0, 2), /^`height` must be a whole number of 1 or more/);
  refused(
    () => randomResizedCrop(2, 2, { scale: [0.5, 2] }),
    /^`scale` must be two numbers above 0, the smaller first, of 1 at most/,
  );
  refused(() => mixUp(0), /^`alpha` must be a number above 0/);
  const flat = { x: new Tensor([2, 3], new Float32Array(6)) };
  refused(
    () => augmentBatch(flat, [randomFlip()], { seed: 0, epoch: 0 }),
    /^randomFlip changes pictures .* shape=\(2, 3\)$/,
  );
});

/** Tensors of a file as views of our values: which shapes are the same values without a layer, which need one, which none can give. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { GraphBuilder } from "../../../src/saving/graphs/graph-builder.ts";
import { BATCH, type Size, isSame, product, times } from "../../../src/saving/graphs/sizes.ts";
import {
  type View,
  channelsFirst,
  formatView,
  lastAxis,
  outputValue,
  plainValue,
  reshapedView,
  sizesOf,
  transposedView,
  viewOf,
} from "../../../src/saving/graphs/view.ts";

const builder = new GraphBuilder();
const picture = viewOf(builder.input("x", [null, 8, 6, 4]));

function reshaped(x: View, target: readonly Size[], batch?: number): View {
  const view = reshapedView(builder, x, target, batch, "reshaped");
  assert.ok(view !== undefined, `${formatView(x)} to ${JSON.stringify(target)}`);
  return view;
}

describe("sizes", () => {
  test("are numbers, or multiples of the batch; a product of two batches is not known", () => {
    assert.deepEqual(product([BATCH, 8, 6]), { batches: 48 });
    assert.deepEqual(times(2, 3), 6);
    assert.deepEqual(times(BATCH, BATCH), NaN);
  });

  test("of a file for one picture at a time are the same with and without the batch", () => {
    assert.equal(isSame({ batches: 48 }, 48, 1), true);
    assert.equal(isSame({ batches: 48 }, 48, undefined), false);
    assert.equal(isSame({ batches: 48 }, 96, 2), true);
  });
});

describe("reshaping", () => {
  for (const [name, batch, lists] of [
    ["of one picture at a time", 1, [48, 4]],
    ["of any number of pictures", undefined, [{ batches: 48 }, 4]],
    ["by -1", undefined, [-1, 4]],
    ["of two pictures at a time", 2, [96, 4]],
  ] as const) {
    test(`rows and columns to the batch and back takes no layer: ${name}`, () => {
      const folded = reshaped(picture, lists, batch);
      assert.deepEqual(folded.axes, [[0, 1, 2], [3]]);
      assert.equal(plainValue(builder, folded), undefined);
      const back = reshaped(folded, [BATCH, 8, 6, 4], batch);
      assert.equal(plainValue(builder, back), picture.value);
    });
  }

  test("to a list for each picture is a Flatten, made once", () => {
    const flat = reshaped(picture, [-1, 192]);
    const value = plainValue(builder, flat);
    assert.equal(value?.className, "Flatten");
    assert.equal(plainValue(builder, flat), value);
  });

  test("that splits an axis is a layer, folded or not", () => {
    assert.deepEqual(reshaped(picture, [BATCH, 8, 12, 2]).value.config["targetShape"], [8, 12, 2]);
    const folded = reshaped(picture, [{ batches: 96 }, 2]);
    assert.deepEqual(folded.value.config["targetShape"], [96, 2]);
    assert.deepEqual(folded.axes, [[0, 1], [2]]);
  });

  test("axes of length 1 come and go", () => {
    const vector = viewOf(builder.input("v", [null, 1, 1, 4]));
    assert.equal(lastAxis(reshaped(vector, [4], 1), 1), 3);
    assert.equal(lastAxis(reshaped(vector, [4], 1), undefined), undefined);
    assert.deepEqual(sizesOf(reshaped(vector, [1, 1, 4], 1)), [BATCH, 1, 4]);
  });

  test("to more or fewer values, or to lengths that are not whole, is none", () => {
    for (const target of [
      [BATCH, 191],
      [-1, 5],
      [-1, -1],
      [BATCH, 0, -1],
      [7, 4],
      [BATCH, BATCH],
    ]) {
      assert.equal(reshapedView(builder, picture, target, 1, "none"), undefined, JSON.stringify(target));
    }
  });

  test("of a picture whose size is not known is a Flatten or nothing", () => {
    const any = viewOf(builder.input("any", [null, null, null, 4]));
    assert.equal(reshaped(any, [BATCH, -1]).value.className, "Flatten");
    assert.equal(reshapedView(builder, any, [-1, 4], undefined, "none"), undefined);
  });
});

describe("the order of axes", () => {
  const first = channelsFirst(picture.value);

  test("channels first are no other value", () => {
    assert.deepEqual(sizesOf(first), [BATCH, 4, 8, 6]);
    assert.equal(plainValue(builder, first), undefined);
    assert.equal(plainValue(builder, transposedView(first, [0, 2, 3, 1], "back")), picture.value);
  });

  test("a model gives channels last, and the batch as an axis of its own", () => {
    assert.equal(outputValue(builder, first), picture.value);
    assert.deepEqual(outputValue(builder, reshaped(picture, [-1, 4]))?.shape, [null, 48, 4]);
    assert.deepEqual(outputValue(builder, reshaped(picture, [192], 1))?.shape, [null, 192]);
  });

  test("channels first in one list are no layer's", () => {
    assert.equal(reshapedView(builder, first, [BATCH, 2, 96], undefined, "none"), undefined);
    const flat = reshaped(first, [BATCH, 192]);
    assert.equal(plainValue(builder, flat), undefined);
    assert.equal(outputValue(builder, flat), undefined);
    assert.equal(outputValue(builder, transposedView(picture, [0, 2, 1, 3], "turned")), undefined);
  });
});

/** Float32 to float16, against the reading of all 65,536 of its numbers. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { float16Of } from "../../../src/saving/bytes/float16.ts";
import { float32Of } from "../../../src/saving/bytes/numbers.ts";

function read(bits: Uint16Array<ArrayBuffer>): Float32Array {
  return float32Of({ bytes: new Uint8Array(bits.buffer), dtype: "float16", littleEndian: true });
}

const all = Uint16Array.from({ length: 2 ** 16 }, (_, i) => i);

test("every number of float16 comes back as it is; NaN as NaN", () => {
  const values = read(all);
  const again = read(float16Of("w", values));
  assert.deepEqual(again, values);
});

test("between two neighbours: the nearer one, of two equally near ones the even one", () => {
  const positive = all.slice(0, 0x7c00);
  const values = read(positive);
  const between = (share: number): Float32Array =>
    values.slice(0, -1).map((value, i) => value + ((values[i + 1] ?? 0) - value) * share);
  const low = positive.slice(0, -1);
  assert.deepEqual(float16Of("w", between(0.49)), low);
  assert.deepEqual(
    float16Of("w", between(0.51)),
    low.map((bits) => bits + 1),
  );
  assert.deepEqual(
    float16Of("w", between(0.5)),
    low.map((bits) => bits + (bits % 2)),
  );
});

test("what is beyond 65504, and rounds to infinity, is refused by its name; infinity itself is not", () => {
  assert.deepEqual([...float16Of("w", Float32Array.of(65519, -65504, Infinity))], [0x7bff, 0xfbff, 0x7c00]);
  assert.throws(() => float16Of("a/kernel", Float32Array.of(1, -65520)), {
    code: "ValueError",
    message: /'a\/kernel' has the value -65520, but float16 ends at 65504/,
  });
});

/** safetensors: what is written is read bit for bit, and broken or hostile headers are errors of ours. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { MobileNetV2Error } from "../../../src/core/errors.ts";
import { isSafetensors } from "../../../src/saving/safetensors/sniff.ts";
import { float32ToWrite, readSafetensors, writeSafetensors } from "../../../src/saving/safetensors/safetensors.ts";
import { needsShared, sharedBytes } from "../../support/shared.ts";

/** A file with this header, as it stands, before `data`. */
function fileWith(header: string, data: Uint8Array = new Uint8Array(), length?: bigint): Uint8Array {
  const json = new TextEncoder().encode(header);
  const file = new Uint8Array(8 + json.length + data.length);
  new DataView(file.buffer).setBigUint64(0, length ?? BigInt(json.length), true);
  file.set(json, 8);
  file.set(data, 8 + json.length);
  return file;
}

function entry(shape: readonly unknown[], offsets: readonly unknown[], dtype = "F32"): string {
  return JSON.stringify({ dtype, shape, data_offsets: offsets });
}

function small(): Uint8Array {
  return writeSafetensors(
    [
      { name: "bytes", shape: [3], dtype: "uint8", bytes: Uint8Array.of(1, 2, 255) },
      float32ToWrite("a/b", [2, 2], Float32Array.of(1, -0, 1e-45, 3.4e38)),
      float32ToWrite("scalar", [], Float32Array.of(7)),
      float32ToWrite("empty", [0, 5], new Float32Array()),
      { name: "__proto__", shape: [1], dtype: "int64", bytes: new Uint8Array(BigInt64Array.of(5n).buffer) },
    ],
    new Map([["note", "ä"]]),
  );
}

test("what is written is read: names, shapes, types, metadata, and float32 values bit for bit", () => {
  const file = small();
  assert.ok(isSafetensors(file));
  const { tensors, metadata } = readSafetensors(file);
  assert.deepEqual([...metadata], [["note", "ä"]]);
  assert.deepEqual(
    [...tensors.values()].map(({ name, shape, dtype }) => `${name} ${shape.join("x")} ${dtype}`).toSorted(),
    ["__proto__ 1 int64", "a/b 2x2 float32", "bytes 3 uint8", "empty 0x5 float32", "scalar  float32"],
  );
  const values = tensors.get("a/b")?.read() ?? [];
  assert.deepEqual([...values], [...Float32Array.of(1, -0, 1e-45, 3.4e38)]);
  assert.ok(Object.is(values[1], -0));
  assert.deepEqual([...(tensors.get("__proto__")?.read() ?? [])], [5]);
  assert.deepEqual([...(tensors.get("bytes")?.read() ?? [])], [1, 2, 255]);
});

test("every tensor that is written lies on a multiple of its element", () => {
  const file = small();
  for (const tensor of readSafetensors(file).tensors.values()) {
    const size = { float32: 4, int64: 8 }[tensor.dtype] ?? 1;
    assert.equal(tensor.bytes.byteOffset % size, 0, tensor.name);
  }
});

test("tensors of one name, or with bytes that do not fit, are not written", () => {
  const one = float32ToWrite("x", [1], Float32Array.of(1));
  assert.throws(() => writeSafetensors([one, one]), /Two tensors are to be written as 'x'/);
  assert.throws(() => writeSafetensors([{ ...one, shape: [2] }]), /cannot have 4 bytes/);
  assert.throws(() => writeSafetensors([{ ...one, dtype: "complex64" }]), /complex64/);
});

const FOUR = new Uint8Array(4);

const one = `{"a":${entry([1], [0, 4])}}`;
const LEGAL: readonly [what: string, header: string, data: Uint8Array, names: string][] = [
  ["white space before the brace", ` \t\r\n${one}`, FOUR, "a"],
  ["white space after the header", `${one}   \n`, FOUR, "a"],
  ["no tensors", "{}", new Uint8Array(), ""],
  ["metadata that is null", `{"__metadata__":null}`, new Uint8Array(), ""],
  ["a scalar", `{"a":${entry([], [0, 4])}}`, FOUR, "a"],
  [
    "tensors without values, wherever they say that they lie",
    `{"a":${entry([1], [0, 4])},"b":${entry([0, 3], [4, 4])},"c":${entry([2, 0], [0, 0])}}`,
    FOUR,
    "a b c",
  ],
  [
    "tensors in another order than their bytes",
    `{"b":${entry([1], [4, 8])},"a":${entry([1], [0, 4])}}`,
    new Uint8Array(8),
    "b a",
  ],
  ["entries with more keys", `{"a":{"x":1,"dtype":"F32","shape":[1],"data_offsets":[0,4]}}`, FOUR, "a"],
  ["truth values", `{"a":${entry([4], [0, 4], "BOOL")}}`, Uint8Array.of(1, 0, 1, 1), "a"],
  ["bfloat16", `{"a":${entry([2], [0, 4], "BF16")}}`, FOUR, "a"],
];
for (const [what, header, data, names] of LEGAL) {
  test(`${what}: opened, as safetensors of Python does`, () => {
    const file = fileWith(header, data);
    assert.ok(isSafetensors(file));
    const { tensors } = readSafetensors(file);
    assert.equal([...tensors.keys()].join(" "), names);
    for (const { shape, read } of tensors.values())
      assert.equal(
        read().length,
        shape.reduce((a, b) => a * b, 1),
      );
  });
}

for (const dtype of ["F8_E4M3", "F8_E5M2", "F8_E8M0", "F4", "F6_E2M3", "C64"]) {
  test(`${dtype} is named as what is not read`, () => {
    const size = dtype === "C64" ? 8 : 1;
    const file = fileWith(`{"a":${entry([1], [0, size], dtype)}}`, new Uint8Array(size));
    assert.throws(() => readSafetensors(file), { code: "UnsupportedError", message: new RegExp(`dtype ${dtype},`) });
  });
}

const HOSTILE: readonly [string, () => Uint8Array, RegExp][] = [
  ["an empty file", () => new Uint8Array(), /truncated/],
  ["a header of 2^64 - 1 bytes", () => fileWith("{}", FOUR, 2n ** 64n - 1n), /claims a header of 18446744073709551615/],
  ["a header of 2^53 + 1 bytes", () => fileWith("{}", FOUR, 2n ** 53n + 1n), /claims a header/],
  ["a header longer than the file", () => fileWith("{}", FOUR, 100n), /header ends after the file/],
  ["a header that is a list", () => fileWith("[]"), /does not begin with a brace/],
  ["zeros after the header", () => fileWith(`${one}\0\0`, FOUR), /JSON/],
  ["a byte-order mark", () => fileWith(`\uFEFF${one}`, FOUR), /does not begin with a brace/],
  [
    "a type twice",
    () => fileWith(`{"a":{"dtype":"F32","dtype":"F32","shape":[1],"data_offsets":[0,4]}}`, FOUR),
    /twice/,
  ],
  ["a header that is cut", () => fileWith("{"), /JSON/],
  ["two tensors of one name", () => fileWith(`{"a":${entry([1], [0, 4])},"a":${entry([1], [0, 4])}}`, FOUR), /twice/],
  ["metadata that is no text", () => fileWith(`{"__metadata__":{"a":1}}`), /should be a text/],
  ["metadata that is a list", () => fileWith(`{"__metadata__":[]}`), /no object/],
  ["a tensor that is null", () => fileWith(`{"a":null}`), /dtype of tensor 'a' should be a text/],
  ["an unknown type", () => fileWith(`{"a":${entry([1], [0, 4], "F4")}}`, FOUR), /F4/],
  ["a negative axis", () => fileWith(`{"a":${entry([-1], [0, 4])}}`, FOUR), /whole numbers/],
  ["a fractional axis", () => fileWith(`{"a":${entry([0.5], [0, 4])}}`, FOUR), /whole numbers/],
  ["an axis that is a text", () => fileWith(`{"a":${entry(["1"], [0, 4])}}`, FOUR), /whole numbers/],
  ["an axis of 2^64", () => fileWith(`{"a":${entry([2 ** 64], [0, 4])}}`, FOUR), /whole numbers/],
  ["a product that overflows", () => fileWith(`{"a":${entry([2 ** 40, 2 ** 40], [0, 4])}}`, FOUR), /takes/],
  ["a shape of 33 axes", () => fileWith(`{"a":${entry(Array(33).fill(1), [0, 4])}}`, FOUR), /33 numbers/],
  ["an end before the begin", () => fileWith(`{"a":${entry([1], [4, 0])}}`, FOUR), /a begin and an end/],
  ["one offset", () => fileWith(`{"a":${entry([1], [0])}}`, FOUR), /a begin and an end/],
  ["a shape too small for its bytes", () => fileWith(`{"a":${entry([], [0, 8])}}`, new Uint8Array(8)), /takes 4 bytes/],
  [
    "overlapping tensors",
    () => fileWith(`{"a":${entry([1], [0, 4])},"b":${entry([1], [2, 6])}}`, new Uint8Array(6)),
    /overlaps/,
  ],
  ["the same bytes twice", () => fileWith(`{"a":${entry([1], [0, 4])},"b":${entry([1], [0, 4])}}`, FOUR), /overlaps/],
  ["a hole", () => fileWith(`{"a":${entry([1], [4, 8])}}`, new Uint8Array(8)), /4 bytes before it/],
  ["trailing bytes", () => fileWith(`{"a":${entry([1], [0, 4])}}`, new Uint8Array(5)), /1 bytes after/],
  ["a tensor that is cut", () => fileWith(`{"a":${entry([2], [0, 8])}}`, FOUR), /truncated/],
  ["250,000 levels", () => fileWith(`{"a":${"[".repeat(250_000)}`), /levels deep/],
  [
    "25,000 tensors",
    () => fileWith(`{${Array.from({ length: 25_000 }, (_, i) => `"${i}":0`).join()}}`),
    /tensors; at most/,
  ],
];
for (const [what, make, message] of HOSTILE) {
  test(`${what}: an error of ours`, () => {
    assert.throws(
      () => readSafetensors(make()),
      (error) => error instanceof MobileNetV2Error && message.test(error.message),
    );
  });
}

test("cut anywhere, or with any bit of the header flipped: an error of ours, or a file all the same", () => {
  const file = small();
  for (let length = 0; length < file.length; length++) {
    assert.throws(() => readSafetensors(file.subarray(0, length)), MobileNetV2Error, `cut at ${length}`);
  }
  let refused = 0;
  const header = 8 + Number(new DataView(file.buffer).getBigUint64(0, true));
  for (let bit = 0; bit < header * 8; bit++) {
    const mutant = file.slice();
    mutant[bit >> 3] = (mutant[bit >> 3] ?? 0) ^ (1 << (bit & 7));
    try {
      readSafetensors(mutant);
    } catch (error) {
      assert.ok(error instanceof MobileNetV2Error, `bit ${bit}: ${String(error)}`);
      refused++;
    }
  }
  assert.ok(refused > header * 4, `${refused} of ${header * 8} mutants refused`);
});

test("a file of Python's library: read", { skip: needsShared }, () => {
  const { tensors } = readSafetensors(sharedBytes("reference/forward.safetensors"));
  assert.ok(tensors.size > 30);
  for (const { read } of tensors.values()) assert.ok(read().length > 0);
});

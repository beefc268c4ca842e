/** The HDF5 reader on files of h5py: every kind of dataset, attribute and link. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { MobileNetV2Error } from "../../../src/core/errors.ts";
import { further } from "../../../src/saving/hdf5/further.ts";
import { openHdf5 } from "../../../src/saving/hdf5/hdf5.ts";
import { FurtherNeeded } from "../../../src/saving/hdf5/file.ts";
import { loadKerasWeights } from "../../../src/saving/keras/load-weights.ts";
import { fixture, tinyLayers } from "../tiny.ts";

const kinds = openHdf5(fixture("kinds.h5"), further);
const latest = openHdf5(fixture("kinds-latest.h5"), further);

describe("HDF5 datasets", () => {
  const types = ["<f4", ">f4", "<f8", "<f2", "<i1", "<u1", "<i2", ">i2", "<i4", "<u4", "<i8", "<u8"];
  for (const name of types) {
    test(`numpy's ${name} is read as float32, exactly`, () => {
      const dataset = kinds.dataset(name);
      assert.deepEqual(dataset.shape, [2, 3]);
      assert.deepEqual([...dataset.read()], [0, 1, 2, 3, 100, 7]);
    });
  }

  test("float16 with its smallest, largest and special values", () => {
    const dataset = kinds.dataset("half");
    assert.equal(dataset.dtype, "float16");
    assert.deepEqual([...dataset.read()], [1.5, -2, 65504, 2 ** -24, Infinity, -Infinity, NaN, -0]);
  });

  test("bfloat16 as Keras stores it, in opaque bytes", () => {
    const dataset = kinds.dataset("bfloat16");
    assert.equal(dataset.dtype, "bfloat16");
    assert.deepEqual([...dataset.read()], [1.5, -2, Math.fround(1.765625 * 2 ** 127), Infinity]);
  });

  test("compact, scalar, empty and null", () => {
    assert.deepEqual([...kinds.dataset("compact").read()], [1, 2, 3]);
    assert.deepEqual([kinds.dataset("scalar").shape, ...kinds.dataset("scalar").read()], [[], 42]);
    assert.deepEqual([kinds.dataset("empty").shape, ...kinds.dataset("empty").read()], [[0, 5]]);
    assert.deepEqual([kinds.dataset("void").shape, ...kinds.dataset("void").read()], [[0]]);
  });

  test("in chunks that are compressed, and never written: zeros", () => {
    assert.deepEqual([...kinds.dataset("chunked").read()], Array(16).fill(1));
    const never = kinds.dataset("never");
    assert.deepEqual([never.shape, never.read().length], [[1000, 1000], 1_000_000]);
    assert.ok(never.read().every((value) => value === 0));
  });

  test("what plain files do not have is refused by the reader of plain files, with the way that reads it", () => {
    const plain = openHdf5(fixture("kinds.h5"));
    assert.deepEqual([...plain.dataset("<f4").read()], [0, 1, 2, 3, 100, 7]);
    assert.throws(() => plain.dataset("chunked"), FurtherNeeded);
    assert.throws(() => loadKerasWeights(tinyLayers(), fixture("hdf5/chunks-old.h5")), {
      code: "UnsupportedError",
      message: /await model\.loadWeights\(source\)` reads it/,
    });
  });

  test("float32 is a view where it is aligned, a copy where it is not", () => {
    const bytes = fixture("kinds.h5");
    assert.equal(openHdf5(bytes).dataset("<f4").read().buffer, bytes.buffer);
    const shifted = new Uint8Array(bytes.length + 1);
    shifted.set(bytes, 1);
    const values = openHdf5(shifted.subarray(1)).dataset("<f4").read();
    assert.notEqual(values.buffer, shifted.buffer);
    assert.deepEqual([...values], [0, 1, 2, 3, 100, 7]);
  });

  const refused: readonly (readonly [string, string, RegExp])[] = [
    ["complex", "UnsupportedError", /holds compound/],
    ["opaque", "UnsupportedError", /holds opaque/],
    ["text", "UnsupportedError", /holds string/],
    ["outside", "UnsupportedError", /Not allowed: H5 file with external Dataset/],
    ["virtual", "UnsupportedError", /Not allowed: H5 file with virtual Dataset/],
    ["soft", "UnsupportedError", /Not allowed: H5 file with SoftLink/],
    ["links/external", "UnsupportedError", /Not allowed: H5 file with ExternalLink/],
    ["missing", "FormatError", /has no 'missing' in group '\/'/],
    ["a", "FormatError", /expected Dataset, received a Group/],
    ["a//b", "FormatError", /Invalid path in H5 file: a\/\/b/],
    ["scalar/x", "FormatError", /expected Group but received a Dataset/],
  ];
  for (const [name, code, message] of refused) {
    test(`'${name}' is refused: ${message.source}`, () => {
      assert.throws(() => kinds.dataset(name), { name: "MobileNetV2Error", code, message });
    });
  }
});

function strings(name: string): string[] | undefined {
  return kinds.group("a").attribute(name)?.strings();
}

describe("HDF5 groups and attributes", () => {
  test("members by name, and the same object by a hard link in a cycle", () => {
    assert.ok(kinds.keys().includes("a"));
    assert.deepEqual(kinds.group("a").keys(), ["b"]);
    assert.equal(kinds.group("a/b/loop/a/b/loop"), kinds.group("a/b").group("loop"));
    assert.equal(kinds.get("nowhere"), undefined);
  });

  test("strings of fixed and of variable length, a single one, and none", () => {
    assert.deepEqual(strings("texts"), ["eins", "zwei", "drü"]);
    assert.deepEqual(strings("bytes"), ["one", "three"]);
    assert.deepEqual(strings("text"), ["alone"]);
    assert.deepEqual(strings("none"), []);
    assert.equal(strings("missing"), undefined);
    assert.throws(() => strings("numbers"), { code: "FormatError", message: /should hold text\. It holds: int64/ });
  });

  test("the newest structures: superblock 3, object header 2, link messages", () => {
    assert.deepEqual(latest.keys(), ["few", "many"]);
    assert.deepEqual([...latest.dataset("few/x").read()], [1, 2, 3]);
    assert.throws(() => latest.get("few/soft"), { message: /SoftLink/ });
    assert.throws(() => latest.get("few/external"), { message: /ExternalLink/ });
    // With many members or attributes, they lie in a heap.
    assert.equal(latest.group("many").keys().length, 20);
    assert.deepEqual([...latest.dataset("many/13").read()], [13]);
    assert.deepEqual(latest.group("few").attribute("texts")?.strings(), ["one", "two"]);
  });

  test("other bytes are no HDF5 file", () => {
    assert.throws(() => openHdf5(new Uint8Array(0)), MobileNetV2Error);
    assert.throws(() => openHdf5(new Uint8Array(4096)), { code: "FormatError", message: /signature/ });
  });
});

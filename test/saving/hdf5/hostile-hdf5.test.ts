/** Broken and hostile HDF5 files and archives: a typed error or a whole result, soon, and never a part of the weights. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { MobileNetV2Error } from "../../../src/core/errors.ts";
import { unitAt } from "../../../src/core/random.ts";
import type { Layer } from "../../../src/layers/layer.ts";
import { further } from "../../../src/saving/hdf5/further.ts";
import { openHdf5 } from "../../../src/saving/hdf5/hdf5.ts";
import { loadKerasWeights } from "../../../src/saving/keras/load-weights.ts";
import { fixture, tinyLayers, versions } from "../tiny.ts";
import { work } from "../../support/work.ts";

const layers = tinyLayers();

/** Loads a mutant: either every weight is set once, or none and the error is one of ours. Gives the error's code. */
function load(bytes: Uint8Array, into: readonly Layer[] = layers): string {
  const before = versions(into);
  try {
    loadKerasWeights(into, bytes);
  } catch (error) {
    assert.ok(error instanceof MobileNetV2Error, `not our error: ${String(error)}`);
    assert.ok(["FormatError", "UnsupportedError", "ValueError", "LimitError"].includes(error.code), error.code);
    assert.equal(versions(into), before, "no weight is set");
    return error.code;
  }
  assert.equal(versions(into), before + 7, "all weights are set");
  return "";
}

/** Overwrites with a little-endian number of `size` bytes. */
function patched(bytes: Uint8Array, at: number, value: bigint, size = 8): Uint8Array {
  const copy = bytes.slice();
  for (let i = 0; i < size && at + i < copy.length; i++) copy[at + i] = Number((value >> BigInt(8 * i)) & 255n);
  return copy;
}

/** Where four letters first stand in a file. */
function find(bytes: Uint8Array, letters: string, from = 0): number {
  const at = Buffer.from(bytes).indexOf(letters, from, "latin1");
  assert.ok(at >= 0, `${letters} is in the fixture`);
  return at;
}

const files = ["tiny.h5", "tiny-2018.h5", "tiny.weights.h5", "tiny.keras"];

describe("mutants of small files", () => {
  for (const file of files) {
    const original = fixture(file);

    test(`${file}: truncated at every byte of the first 600, and at 200 others`, () => {
      for (let i = 0; i < 800; i++) {
        const length = i < 600 ? i : Math.floor(unitAt(1, i) * original.length);
        assert.notEqual(load(original.subarray(0, length)), "", `${length} bytes`);
      }
    });

    test(`${file}: 1500 seeded mutants: bits flipped, bytes set, words replaced by evil ones`, () => {
      const evil = [
        0n,
        1n,
        0x7fn,
        0xffn,
        0xffffn,
        2n ** 31n,
        2n ** 32n - 1n,
        2n ** 53n + 1n,
        2n ** 63n,
        2n ** 64n - 1n,
      ];
      for (let i = 0; i < 1500; i++) {
        const random = (n: number): number => Math.floor(unitAt(i, n) * 2 ** 32);
        const at = random(0) % original.length;
        const kind = random(1) % 4;
        if (kind === 0) load(patched(original, at, BigInt((original[at] ?? 0) ^ (1 << (random(2) % 8))), 1));
        else if (kind === 1) load(patched(original, at, BigInt(random(2) % 256), 1));
        else if (kind === 2) load(patched(original, at - (at % 8), evil[random(2) % evil.length] ?? 0n));
        // An address of the same file: cycles and overlaps.
        else load(patched(original, at - (at % 8), BigInt(random(2) % original.length)));
      }
    });
  }

  test("tiny.h5: every single bit of the first 2 kB flipped", () => {
    const original = fixture("tiny.h5");
    for (let bit = 0; bit < 2048 * 8; bit++) {
      const at = bit >> 3;
      load(patched(original, at, BigInt((original[at] ?? 0) ^ (1 << (bit & 7))), 1));
    }
  });
});

describe("constructed cases", () => {
  const tiny = fixture("tiny.h5");

  test("a B-tree that is its own child", () => {
    const tree = find(tiny, "TREE");
    const looped = patched(patched(tiny, tree + 5, 1n, 1), tree + 32, BigInt(tree));
    assert.throws(() => openHdf5(looped).keys(), { code: "FormatError", message: /tree of a group/ });
  });

  test("a continuation block that points at itself", () => {
    const latest = fixture("kinds-latest.h5");
    const block = find(latest, "OCHK");
    // The first message of the block becomes a continuation to the block.
    let looped = patched(patched(latest, block + 4, 0x10n, 1), block + 5, 16n, 2);
    looped = patched(patched(looped, block + 8, BigInt(block)), block + 16, 200n);
    const root = openHdf5(looped);
    assert.throws(() => root.group("few").keys(), { code: "FormatError", message: /continues in itself/ });
  });

  test("a shape of 2^40 values in a file of 20 kB", () => {
    // Every dataspace message of rank 2 in the file gets an axis of 2^40.
    let evil = tiny;
    for (let at = 0; at + 24 < tiny.length; at += 8) {
      if (tiny[at] === 1 && tiny[at + 1] === 2 && tiny[at + 8] === 2 && tiny[at + 16] === 3) {
        evil = patched(evil, at + 8, 2n ** 40n);
      }
    }
    assert.notEqual(evil, tiny);
    assert.equal(load(evil), "FormatError");
  });

  test("a dataset of 2^40 zeros that were never written, and of compressed ones, are refused before they are made", () => {
    const kinds = fixture("kinds.h5");
    // The shapes of `never`, (1000, 1000), and of `chunked`, (4, 4).
    for (const [name, axis] of [
      ["never", 1000n],
      ["chunked", 4n],
    ] as const) {
      let evil = kinds;
      for (let at = 0; at + 16 < kinds.length; at += 8) {
        const view = new DataView(kinds.buffer, kinds.byteOffset + at, 16);
        if (view.getBigUint64(0, true) !== axis || view.getBigUint64(8, true) !== axis) continue;
        evil = patched(patched(evil, at, 2n ** 20n), at + 8, 2n ** 20n);
      }
      const dataset = openHdf5(evil, further).dataset(name);
      assert.deepEqual(dataset.shape, [2 ** 20, 2 ** 20]);
      assert.throws(() => dataset.read(), { code: "LimitError", message: /unpacks to more than/ });
    }
  });

  test("a chunk that has another's place, and one that unpacks to more than its shape", () => {
    const kinds = fixture("kinds.h5");
    // Keys of the tree: the size that is stored, the filters left out, and the places (0, 0), (0, 2), (2, 0), (2, 2).
    const key = Buffer.from(kinds).indexOf(Buffer.from("0000000000000000020000000000000000000000", "hex"));
    assert.ok(key > 0);
    const twice = patched(kinds, key + 8, 0n);
    assert.throws(() => openHdf5(twice, further).dataset("chunked").read(), {
      code: "FormatError",
      message: /a chunk twice/,
    });
    const plain = patched(kinds, key - 4, 1n, 4);
    assert.throws(() => openHdf5(plain, further).dataset("chunked").read(), {
      code: "FormatError",
      message: /its shape takes 16/,
    });
  });

  test("a path of a million steps through a cycle of hard links ends in an error, with little work", () => {
    const root = openHdf5(fixture("kinds.h5"));
    let path = "a/b/loop";
    for (let i = 0; i < 15; i++) path = `${path}/${path}`;
    const start = work();
    // Hard links may form cycles: a path of 100,000 steps is followed, but not without end.
    assert.doesNotThrow(() => root.group(path));
    for (let i = 0; i < 10; i++) {
      try {
        root.group(path);
      } catch (error) {
        assert.ok(error instanceof MobileNetV2Error);
        assert.match(error.message, /too many structures/);
        const yardsticks = work() - start;
        assert.ok(yardsticks < 40, `took ${yardsticks} yardsticks`);
        return;
      }
    }
    assert.fail("the budget ends");
  });

  test("trailing bytes change nothing; missing ones are said to be missing", () => {
    const longer = new Uint8Array(tiny.length + 1000).fill(7);
    longer.set(tiny);
    assert.equal(load(longer), "");
    assert.throws(() => loadKerasWeights(layers, tiny.subarray(0, -1)), {
      code: "FormatError",
      message: `The HDF5 file is truncated: it has ${tiny.length - 1} of ${tiny.length} bytes. Download or copy it again.`,
    });
  });

  test("an archive with two weights, encrypted, compressed, or without weights", () => {
    const archive = fixture("tiny.keras");
    const entry = find(archive, "PK\u0001\u0002");
    const weights = find(archive, "model.weights.h5", entry) - 46;
    const cases: readonly (readonly [Uint8Array, string, RegExp])[] = [
      [patched(archive, weights + 8, 1n, 2), "UnsupportedError", /encrypted/],
      [patched(archive, weights + 10, 8n, 2), "UnsupportedError", /compressed/],
      [patched(archive, weights + 24, 2n ** 32n - 1n, 4), "UnsupportedError", /larger than 4 GiB/],
      [patched(archive, weights + 42, 7n, 4), "FormatError", /does not lie where/],
      [patched(archive, weights + 46, 0x78n, 1), "UnsupportedError", /has no 'model\.weights\.h5'/],
      [archive.subarray(0, -30), "FormatError", /truncated/],
    ];
    for (const [bytes, code, message] of cases) {
      assert.throws(() => loadKerasWeights(layers, bytes), { name: "MobileNetV2Error", code, message });
    }
  });
});

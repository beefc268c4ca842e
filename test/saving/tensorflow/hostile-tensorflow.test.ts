/** TensorFlow's files, cut off and with bits flipped, and tables whose checksums are right while what is in them is not: errors of ours. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, test } from "node:test";
import { MobileNetV2Error } from "../../../src/core/errors.ts";
import { MessageWriter } from "../../../src/saving/bytes/protobuf.ts";
import type { WrittenFile } from "../../../src/saving/checkpoint.ts";
import { openCheckpoint } from "../../../src/saving/formats.ts";
import { refuseUnread } from "../../../src/saving/unread.ts";
import { sourceOf } from "../files.ts";
import { bundle, entry, header, table } from "./bundle-writer.ts";

function fixture(name: string): Uint8Array {
  return new Uint8Array(readFileSync(new URL(`../../fixtures/saving/tensorflow/${name}`, import.meta.url)));
}

async function open(...files: readonly WrittenFile[]): Promise<void> {
  const checkpoint = await openCheckpoint(sourceOf(files));
  refuseUnread(checkpoint);
  for (const tensor of checkpoint.tensors) tensor.read();
}

async function outcome(...files: readonly WrittenFile[]): Promise<string> {
  try {
    await open(...files);
    return "opened";
  } catch (error) {
    assert.ok(error instanceof MobileNetV2Error, String(error));
    assert.notEqual(error.code, "IOError");
    return error.code;
  }
}

const VALUES = "ckpt.data-00000-of-00001";
const small = bundle(
  "ckpt",
  new Map(
    ["layer_with_weights-0/kernel", "layer_with_weights-0/bias"].map((name) => [
      `${name}/.ATTRIBUTES/VARIABLE_VALUE`,
      { shape: [2], values: Float32Array.of(1, 2) },
    ]),
  ),
);

describe("the index of a checkpoint", () => {
  const [index, values] = small;
  assert.ok(index !== undefined && values !== undefined);

  test("as it is, it opens; cut off anywhere, it does not", async () => {
    assert.equal(await outcome(...small), "opened");
    for (let length = 0; length < index.bytes.length; length++) {
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      assert.equal(await outcome({ ...index, bytes: index.bytes.subarray(0, length) }, values), "FormatError");
    }
  });

  test("with any bit flipped, it opens only if the bit says nothing", async () => {
    let opened = 0;
    for (let bit = 0; bit < 8 * index.bytes.length; bit++) {
      const bytes = index.bytes.slice();
      bytes[bit >> 3] = (bytes[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      if ((await outcome({ ...index, bytes }, values)) === "opened") opened++;
    }
    // The block of statistics, which is not read, its handle, and the padding of the footer.
    assert.ok(opened < 8 * 60, `${opened}`);
  });

  const first = entry([2], 0, 8).toBytes();
  const cases: readonly (readonly [what: string, bytes: Uint8Array, code: string, says: RegExp])[] = [
    ["compressed", table([["", header()]], 1), "UnsupportedError", /compressed \(snappy\)/],
    [
      "of TensorFlow's first format",
      table([["", new MessageWriter().text(1, "x").toBytes()]]),
      "UnsupportedError",
      /\(V1\)/,
    ],
    [
      "with big-endian values",
      table([["", new MessageWriter().integer(1, 1).integer(2, 1).toBytes()]]),
      "UnsupportedError",
      /big-endian/,
    ],
    ["without a header", table([["a", first]]), "FormatError", /no header/],
    ["of too many files", table([["", header(100_000)]]), "FormatError", /says that it has 100000 files/],
    [
      "of a file that there is not",
      table([
        ["", header(0)],
        ["a", first],
      ]),
      "FormatError",
      /has 0 files, but names #0/,
    ],
    [
      "of slices",
      table([
        ["", header()],
        ["a", entry([2], 0, 8).message(7, new MessageWriter()).toBytes()],
      ]),
      "UnsupportedError",
      /cut into slices/,
    ],
    [
      "of a size that does not fit",
      table([
        ["", header()],
        ["a", entry([3], 0, 8).toBytes()],
      ]),
      "FormatError",
      /has 8 bytes/,
    ],
    [
      "beyond the values",
      table([
        ["", header()],
        ["a", entry([2], 2 ** 40, 8).toBytes()],
      ]),
      "FormatError",
      /is truncated/,
    ],
    [
      "of a negative place",
      table([
        ["", header()],
        ["a", entry([2], -8, 8).toBytes()],
      ]),
      "FormatError",
      /lies nowhere/,
    ],
    [
      "of a shape that is too large",
      table([
        ["", header()],
        ["a", entry([2 ** 40, 2 ** 40], 0, 8).toBytes()],
      ]),
      "FormatError",
      /has the shape/,
    ],
    [
      "of a negative shape",
      table([
        ["", header()],
        ["a", entry([-2], 0, 8).toBytes()],
      ]),
      "FormatError",
      /has the shape/,
    ],
    [
      "with a name twice",
      table([
        ["", header()],
        ["a", first],
        ["a", first],
      ]),
      "FormatError",
      /two entries 'a'/,
    ],
  ];
  for (const [what, bytes, code, says] of cases) {
    test(`${what}: ${code}`, async () => {
      await assert.rejects(open({ name: "ckpt.index", bytes }, { name: VALUES, bytes: new Uint8Array(8) }), {
        code,
        message: says,
      });
    });
  }
});

describe("graphs, cut off and with bits flipped at samples: opened, or refused by an error of ours", () => {
  const folders = ["keras3", "keras2", "tf1"].map((name): readonly WrittenFile[] =>
    ["saved_model.pb", "variables/variables.index", "variables/variables.data-00000-of-00001"].map((file) => ({
      name: file,
      bytes: fixture(`${name}/${file}`),
    })),
  );
  for (const [i, files] of [...folders, [{ name: "frozen.pb", bytes: fixture("frozen.pb") }]].entries()) {
    const [main, ...others] = files;
    test(["keras3", "keras2", "tf1", "frozen.pb"][i] ?? "", async () => {
      assert.ok(main !== undefined);
      assert.equal(await outcome(main, ...others), "opened");
      const { bytes } = main;
      for (let at = 0; at < bytes.length; at += Math.ceil(bytes.length / 60)) {
        const flipped = bytes.slice();
        flipped[at] = (flipped[at] ?? 0) ^ (1 << (at % 8));
        // oxlint-disable-next-line no-await-in-loop -- one after the other
        await outcome({ ...main, bytes: flipped }, ...others);
        // oxlint-disable-next-line no-await-in-loop -- one after the other
        assert.notEqual(await outcome({ ...main, bytes: bytes.subarray(0, at) }, ...others), "opened", `${at} bytes`);
      }
    });
  }
});

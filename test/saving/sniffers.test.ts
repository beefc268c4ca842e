/** The first bytes of every format are known to exactly one reader, those of other files to none; and what is said of these. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { formats } from "../../src/saving/formats.ts";
import { describeUnknown } from "../../src/saving/unknown-bytes.ts";
import { writeZip } from "../../src/saving/zip/write.ts";
import { hex, utf8 } from "./hex.ts";

function readersOf(bytes: Uint8Array): readonly string[] {
  const source = { name: "", bytes, sibling: async () => undefined };
  return formats.filter(({ matches }) => matches(source)).map(({ id }) => id);
}

const EMPTY = new Uint8Array();

/** A zip archive of empty members. */
function archive(...names: readonly string[]): Uint8Array {
  return writeZip(names.map((name) => ({ name, bytes: EMPTY })));
}

/** A safetensors file whose header has this many bytes. */
function safetensors(length: number, before = ""): Uint8Array {
  const header = utf8(`${before}{"__metadata__":{"a":"${"x".repeat(length - 25 - before.length)}"}}`);
  const bytes = new Uint8Array(8 + header.length);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(header.length), true);
  bytes.set(header, 8);
  return bytes;
}

const KNOWN: readonly (readonly [what: string, bytes: Uint8Array, id: string])[] = [
  ["an archive of Keras 3", archive("metadata.json", "config.json", "model.weights.h5"), "keras"],
  ["HDF5", hex("894844460d0a1a0a 00"), "h5"],
  ["a model.json of layers", utf8('{"format":"layers-model","modelTopology":{}}'), "tfjs"],
  ["a model.json of a graph, with a byte-order mark", utf8('\uFEFF {"format": "graph-model"}'), "tfjs"],
  ["a script of nsfwjs", utf8("!function(e){module.exports={modelTopology:{}}}()"), "nsfwjs"],
  ["safetensors", safetensors(64), "safetensors"],
  // Its first byte is that of ONNX's version field.
  ["safetensors with a header of 1,800 bytes", safetensors(0x708), "safetensors"],
  ["safetensors with white space before the brace", safetensors(64, "\n  "), "safetensors"],
  ["torch.save since 1.6", archive("flowers/data.pkl", "flowers/version", "flowers/data/0"), "pth"],
  ["torch.save before 1.6", hex("80028a0a6cfc9c46f9206aa85019 2e"), "pth"],
  ["ONNX of PyTorch", hex("0807 1207 7079746f726368 1a05"), "onnx"],
  ["ONNX of ours", hex("0808 120c 6d6f62696c656e65742d7632 3a"), "onnx"],
  ["TFLite", hex("1c000000 54464c33 14002000"), "tflite"],
  ["an archive of a checkpoint's files", archive("keras_model.h5", "labels.txt"), "zip"],
  ["an archive of a folder with a .keras in it", archive("export/", "export/flowers.keras"), "zip"],
];

describe("known by one reader", () => {
  for (const [what, bytes, id] of KNOWN) test(`${what}: ${id}`, () => assert.deepEqual(readersOf(bytes), [id]));

  test("safetensors whose length is as ONNX begins, with white space before the brace", () => {
    assert.deepEqual(readersOf(safetensors(0x12_07_08, " ")), ["safetensors"]);
  });

  test("every reader has bytes here", () => {
    assert.deepEqual(new Set(KNOWN.map(([, , id]) => id)), new Set(formats.map(({ id }) => id)));
  });

  test("a part of any length of these is known by one reader at most, and none throws", () => {
    for (const [what, bytes] of KNOWN) {
      for (let length = 0; length < bytes.length; length++) {
        assert.ok(readersOf(bytes.subarray(0, length)).length <= 1, `${what}, ${length} bytes`);
      }
    }
  });
});

const READ =
  "Read are Keras's .keras, .h5 and .weights.h5, TF.js's model.json, safetensors, PyTorch's .pth, ONNX and TFLite.";

describe("known by none, and why", () => {
  const unknown: readonly (readonly [what: string, bytes: Uint8Array, code: string, message: string])[] = [
    ["nothing", EMPTY, "FormatError", "The weights file is empty."],
    [
      "a web page",
      utf8("\n <!DOCTYPE html><html>"),
      "FormatError",
      "This is a web page, not a weights file: the server answered with HTML. Check the address, or download the file by hand.",
    ],
    [
      "a pointer of Git LFS",
      utf8("version https://git-lfs.github.com/spec/v1\noid sha256:0"),
      "FormatError",
      "This is a Git LFS pointer, not the weights file itself. Run `git lfs pull` to get the file.",
    ],
    [
      "other JSON",
      utf8('{"model_type": "mobilenet_v2"}'),
      "UnsupportedError",
      `This is JSON: a model's description, not its weights. ${READ}`,
    ],
    [
      "an archive of something else",
      archive("a.txt", "b.txt", "c.txt", "d.txt", "e.txt", "f.txt"),
      "FormatError",
      "There is no checkpoint in the zip archive, at its top: a.txt, b.txt, c.txt, d.txt, e.txt, …",
    ],
    [
      "a PNG",
      hex("89504e470d0a1a0a 0000"),
      "FormatError",
      `Not a weights file: it begins with the bytes 89 50 4e 47 0d 0a 1a 0a. ${READ}`,
    ],
    ["a JPEG", hex("ffd8ffe0"), "FormatError", `Not a weights file: it begins with the bytes ff d8 ff e0. ${READ}`],
    [
      "a version of ONNX of 64",
      hex("0840 1207 61"),
      "FormatError",
      `Not a weights file: it begins with the bytes 08 40 12 07 61. ${READ}`,
    ],
  ];
  for (const [what, bytes, code, message] of unknown) {
    test(what, () => {
      assert.deepEqual(readersOf(bytes), []);
      const refuse = (): never => {
        throw describeUnknown(bytes);
      };
      assert.throws(refuse, { code, message });
    });
  }
});

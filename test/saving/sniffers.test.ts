/** The first bytes of every format are known to exactly one reader, those of other files to none; and what is said of these. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { formats } from "../../src/saving/formats.ts";
import { describeUnknown } from "../../src/saving/unknown-bytes.ts";
import { writeZip } from "../../src/saving/zip/write.ts";
import { hex, utf8 } from "./hex.ts";

/** The bytes, and zeros behind them. */
function padded(start: string, length = 600): Uint8Array {
  const bytes = new Uint8Array(length);
  bytes.set(hex(start));
  return bytes;
}

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
  ["a SavedModel", hex("0801 12d48902 0a90 0112"), "saved-model"],
  [
    "a graph that begins with a placeholder",
    hex("0a1a 0a05696e707574 120b506c616365686f6c646572 2a00"),
    "frozen-graph",
  ],
  ["the index of a checkpoint", hex("0000 57fb808b247547db"), "tf-checkpoint"],
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
  "Read are Keras's .keras, .h5 and .weights.h5, TensorFlow's saved_model.pb, frozen .pb and .index, TF.js's model.json, safetensors, PyTorch's .pth, ONNX and TFLite.";

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

describe("files of other tools are named, with the way on", () => {
  const ascii = (text: string): string => Buffer.from(text, "latin1").toString("hex");
  const array = (start: string): Uint8Array =>
    utf8(`/* Copyright */\n#include "model.h"\n\n${start} = {\n  0x1c, 0x00, 0x00, 0x00, 0x54, 0x46, 0x4c, 0x33,\n};`);
  const foreign: readonly (readonly [bytes: Uint8Array, message: RegExp])[] = [
    [utf8("7767517\n75 83\nInput data 0 1 data"), /ncnn network \(\.param\).*ONNX or TFLite/],
    [padded("dd857600"), /ncnn network \(\.param\.bin\)/],
    [padded("476b3001 12345678"), /weights of an ncnn network/],
    [padded(ascii("EDL2")), /ESP-DL model/],
    [padded(ascii("EDL1")), /ESP-DL model/],
    [padded(ascii("RKNN\0\0\0\0")), /RKNN model for Rockchip/],
    [padded(`18000000${ascii("RKNN")}`), /RKNN model for Rockchip/],
    [padded(ascii("CYPTRKNN")), /RKNN model for Rockchip/],
    [padded(ascii("ptrt")), /TensorRT engine/],
    [padded(`10000000${ascii('{"a": 1, "b": 2}ftrt')}`), /TensorRT engine/],
    [padded(ascii("GGUF")), /GGUF or GGML/],
    [padded(ascii("lmgg")), /GGUF or GGML/],
    [padded(`24000000${ascii("ORTM")}`), /ONNX Runtime alone \(\.ort\).*\.onnx file that it was converted from/],
    [padded(`30000000${ascii("ET12")}`), /ExecuTorch program \(\.pte\)/],
    [padded(`18000000${ascii("MSL2")}`), /MindSpore Lite/],
    [padded(ascii("LDMK")), /kmodel/],
    [padded(`01${ascii("HEF")}`), /Hailo/],
    [Uint8Array.of(...padded("20000000"), ...hex("03000000 4d4e4e00")), /MNN model/],
    [padded("0804 128a02 0a1c0a05"), /Core ML model \(\.mlmodel\)/],
    // Short enough to look like ONNX.
    [padded("0804 121c 0a0c0a05"), /Core ML model \(\.mlmodel\)/],
    [utf8('<?xml version="1.0"?>\n<net name="mobilenet" version="10">'), /network of OpenVINO/],
    [padded("0a9adb01 0800 10ffffffffffffffffff01"), /PaddlePaddle \(\.pdmodel\).*paddle2onnx/],
    [padded(`${"00".repeat(16)} 0a000000 0805 1020 1003`), /parameters of a PaddlePaddle/],
    [padded(`0a09${ascii("MobileNet")}a20640`), /Caffe network \(\.caffemodel\)/],
    [utf8('name: "MOBILENET_V2"\nlayer {\n  name: "conv1"\n  type: "Convolution"'), /Caffe network \(\.prototxt\)/],
    [utf8("# a comment\n[net]\nbatch=1"), /Darknet network \(\.cfg\)/],
    [padded("00000000 02000000 05000000 40420f00"), /weights of a Darknet network/],
    [padded("1201000000000000 0000"), /MXNet network \(\.params\)/],
    [padded(`8004 95${"00".repeat(8)}8c${ascii("\x18sklearn.ensemble._forest")}`), /pickled model of scikit-learn/],
    [padded("80049500"), /pickle, which is a program.*nothing in it is run.*state_dict/],
    [padded(`93${ascii("NUMPY")}0100`), /array of NumPy/],
    [utf8("MATLAB 5.0 MAT-file, Platform: GLNXA64"), /file of MATLAB/],
    [padded(`82a6${ascii("params")}82a8${ascii("features")}81`), /msgpack, as Flax and JAX/],
    [array("const unsigned char g_model[] DATA_ALIGN_ATTRIBUTE"), /TFLite model as an array in C.*xxd -r -p/],
    [array("alignas(16) const uint8_t model_tflite[123]"), /TFLite model as an array in C/],
    [padded("1f8b0800"), /archive of gzip.*tar -xzf/],
    [padded(`${"61".repeat(257)}${ascii("ustar")}`), /tar archive.*Unpack it/],
    [padded("377abcaf271c"), /packed archive/],
    [padded("89504e470d0a1a0a"), /picture.*file of the model/],
    [padded("ffd8ffe0"), /picture/],
    [padded(`${ascii("RIFF")}00000000${ascii("WEBP")}`), /picture/],
    [padded(`00000020${ascii("ftypavif")}`), /picture/],
    [padded(`00000020${ascii("ftypisom")}`), /film/],
    [utf8("%PDF-1.7"), /PDF/],
    [padded("4d5a9000"), /a program, which/],
    [utf8("#!/usr/bin/env python\n# a comment\nimport tensorflow as tf\n"), /program in Python.*model\.save/],
    [utf8('{"cells": [], "nbformat": 4}'), /notebook/],
    [utf8('{"nodes": [{"op": "null", "name": "data"}], "arg_nodes": [0]}'), /MXNet network/],
    [utf8('{"fileFormatVersion": "1.0.0", "itemInfoEntries": {}}'), /Core ML package/],
    [utf8('{"class_name": "Functional", "config": {}}'), /architecture without its weights/],
    [archive("m/data/0", "m/code/__torch__.py", "m/data.pkl", "m/constants.pkl"), /TorchScript.*state_dict\(\)/],
    [
      archive("edge-impulse-sdk/README.md", "tflite-model/trained_model_compiled.cpp"),
      /Edge Impulse.*TensorFlow Lite file/,
    ],
    [archive("a.mlpackage/Manifest.json", "a.mlpackage/Data/com.apple.CoreML/model.mlmodel"), /Core ML package/],
    [archive("a.npy", "b/c.npy"), /arrays of NumPy \(\.npz\)/],
    [archive("[Content_Types].xml", "word/document.xml"), /document of an office program/],
    [archive("MAR-INF/MANIFEST.json", "model.py"), /TorchServe/],
  ];
  for (const [bytes, message] of foreign) {
    test(String(message), () => {
      assert.deepEqual(readersOf(bytes), []);
      const error = describeUnknown(bytes);
      assert.match(error.message, message);
      assert.match(error.message, /^This is .+, which is not read\. [A-Z].+/);
    });
  }

  test("a model in a folder of an archive, weights of TF.js and zeros alone", () => {
    assert.match(
      describeUnknown(archive("a/b/c.tflite", "readme.md")).message,
      /Unpack it, and open 'a\/b\/c\.tflite'/,
    );
    assert.match(
      describeUnknown(padded("3f800000"), "group1-shard1of4.bin").message,
      /Open its model\.json or its folder/,
    );
    assert.match(describeUnknown(new Uint8Array(99)).message, /nothing but zeros.*Download or copy it again/);
  });

  test("hostile texts take time in proportion to their length", () => {
    const texts = ["#!\n", "layer {", "char ", "0x00, ", "a.npy", "code/", "<net ", "# \n", "{ "];
    for (const text of texts) {
      const took = [1, 8].map((times) => {
        const bytes = utf8(text.repeat((times * 2000) / text.length));
        const start = performance.now();
        for (let i = 0; i < 5; i++) describeUnknown(bytes);
        return performance.now() - start;
      });
      assert.ok((took[1] ?? 0) < 64 * (took[0] ?? 0) + 50, `${text}: ${took.join(", ")} ms`);
    }
  });
});

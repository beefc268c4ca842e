/** Which format a name's ending means, and what is said where it means none. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { writerNamed, writerOf } from "../../src/saving/writer-of.ts";

test("the longest ending counts, in any case; a format that is named comes first", () => {
  const cases: readonly (readonly [string, string | undefined, string])[] = [
    ["a.keras", undefined, "keras"],
    ["a.h5", undefined, "h5"],
    ["a.HDF5", undefined, "h5"],
    ["a.weights.h5", undefined, "weights.h5"],
    ["web/model.json", undefined, "tfjs-layers"],
    ["a.safetensors", undefined, "safetensors"],
    ["a.onnx", undefined, "onnx"],
    ["a.safetensors", "timm", "timm"],
    ["folder", "teachable-machine", "teachable-machine"],
  ];
  for (const [path, format, id] of cases) assert.equal(writerOf(path, format).id, id, path);
});

test("an ending and a format that there is not are refused, with those that there are", () => {
  assert.throws(() => writerOf("a.xyz", undefined), {
    code: "ValueError",
    message:
      "Invalid filepath extension for saving. Please add either a `.keras` extension for the native Keras format " +
      "(recommended) or another of `.keras`, `.weights.h5`, `.h5`, `.hdf5`, `.json`, `.safetensors`, `.onnx`, `.tflite`, or name a format. " +
      "Received: filepath=a.xyz",
  });
  assert.throws(() => writerNamed("pickle"), {
    code: "ValueError",
    message:
      "Unknown format: pickle. Written are: keras, weights.h5, h5, legacy-weights, tfjs-layers, teachable-machine, " +
      "safetensors, torchvision, timm, huggingface, onnx, tflite.",
  });
});

/** Which file of a folder is the checkpoint. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { mainNameIn } from "../../src/saving/formats.ts";
import { mainFile } from "../../src/saving/main-file.ts";
import { mainNamesOf } from "../../src/saving/main-name.ts";
import { utf8 } from "./hex.ts";

/** From the most telling to the least: each is chosen from a folder with all that follow. */
const ORDER = [
  "model.json",
  "model.min.js",
  "flowers.keras",
  "model.safetensors",
  "flowers.safetensors",
  "flowers.onnx",
  "flowers.tflite",
  "flowers.h5",
  "pytorch_model.bin",
  "flowers.zip",
];

test("the most telling name is chosen, in whatever order the folder lists them", () => {
  for (const [i, name] of ORDER.entries()) {
    assert.equal(mainNameIn(["README.md", ...ORDER.slice(i)]), name);
    assert.equal(mainNameIn(ORDER.slice(i).toReversed()), name);
  }
});

test("a new format's names take their place by how much they tell", () => {
  const first = { own: [/\.a$/], shared: [/\.bin$/] };
  const second = { whole: [/^main$/], own: [/\.b$/] };
  assert.deepEqual(mainNamesOf([first, second]).map(String), ["/^main$/", "/\\.a$/", "/\\.b$/", "/\\.bin$/"]);
});

test("two of a kind, and none, are refused", () => {
  assert.throws(() => mainNameIn(["a.pt", "b.pth", "labels.txt"]), {
    code: "FormatError",
    message: "The folder has several checkpoints: a.pt, b.pth. Name one of them.",
  });
  assert.throws(() => mainNameIn(["labels.txt", "h5"]), {
    code: "FormatError",
    message: "The folder has no checkpoint in it: none of its files has a name that is known.",
  });
});

test("mainFile: the file that was named, or the one that tells; its neighbours are read by name", async () => {
  const files = new Map([
    ["a.onnx", utf8("a")],
    ["labels.txt", utf8("l")],
  ]);
  const set = (main: string | undefined) => ({
    main,
    names: async () => [...files.keys()],
    read: async (name: string) => files.get(name),
  });
  const found = await mainFile(set(undefined));
  assert.deepEqual([found.name, found.bytes, await found.sibling("labels.txt")], ["a.onnx", utf8("a"), utf8("l")]);
  assert.equal((await mainFile(set("labels.txt"))).name, "labels.txt");
  await assert.rejects(mainFile(set("b.onnx")), { code: "FormatError", message: "There is no file 'b.onnx'." });
});

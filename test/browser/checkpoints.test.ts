/** Checkpoints in a page: opened from files, bytes and addresses they answer as in Node, and are written again. */
import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { MobileNetV2 } from "../../src/applications/mobilenet-v2.ts";
import type { WrittenFile } from "../../src/saving/checkpoint.ts";
import { graphModelFiles, savingFixture } from "../saving/files.ts";
import { assertWithin } from "../support/compare.ts";
import { seedWeights } from "../support/seeded.ts";
import { closeBrowser, runInPage, withoutChromium } from "./harness.ts";
import { type Answer, type Checkpoints, run } from "./pages/checkpoints.ts";

const page = fileURLToPath(new URL("pages/checkpoints.ts", import.meta.url));

function fixture(path: string): readonly WrittenFile[] {
  return [{ name: path.slice(path.lastIndexOf("/") + 1).replace(/\.gz$/, ""), bytes: savingFixture(path) }];
}

async function checkpoints(): Promise<Readonly<Record<string, readonly WrittenFile[]>>> {
  const model = await MobileNetV2({ alpha: 0.35, inputShape: [32, 32, 3], weights: null, classes: 3 });
  seedWeights(model, "checkpoints");
  model.classNames = ["rose", "Löwenzahn", "向日葵"];
  return {
    keras: fixture("keras/keras-tutorial.keras"),
    "keras 2": fixture("keras/tf_keras-tutorial.h5"),
    weights: await model.toFiles("weights.h5", "new.weights.h5"),
    safetensors: await model.toFiles("safetensors", "model.safetensors"),
    torchvision: fixture("torch/tiny.safetensors.gz"),
    pth: fixture("torch/tiny.pth.gz"),
    onnx: fixture("graphs/tiny.onnx"),
    tflite: fixture("graphs/tiny.tflite"),
    "layers model": await model.toFiles("tfjs-layers", "model.json"),
    "graph model": graphModelFiles("graphs/tfjs-graph.json"),
    "teachable machine": ["model.json", "weights.bin", "metadata.json"].flatMap((name) =>
      fixture(`teachable-machine/${name}`),
    ),
  };
}

describe("checkpoints in a page", { skip: withoutChromium }, () => {
  const folder = mkdtempSync(join(tmpdir(), "checkpoints-"));
  let [inNode, inPage]: Readonly<Record<string, Answer>>[] = [];
  before(async () => {
    const given: Record<string, Checkpoints[string]> = {};
    for (const [name, files] of Object.entries(await checkpoints())) {
      mkdirSync(join(folder, name));
      for (const file of files) writeFileSync(join(folder, name, file.name), file.bytes);
      given[name] = files.map((file) => ({ name: file.name, base64: Buffer.from(file.bytes).toString("base64") }));
    }
    inNode = await run({ checkpoints: given });
    const request = { checkpoints: given, address: "/checkpoints/" };
    inPage = (await runInPage(page, request, { folders: { checkpoints: folder } })) as typeof inNode;
  });
  after(async () => {
    rmSync(folder, { recursive: true });
    await closeBrowser();
  });

  for (const name of [
    "keras",
    "keras 2",
    "weights",
    "safetensors",
    "torchvision",
    "pth",
    "onnx",
    "tflite",
    "layers model",
    "graph model",
    "teachable machine",
  ]) {
    it(`${name}: from files, bytes and an address within 1e-6 of the largest in Node; the same when written again`, () => {
      const [ours, theirs] = [inNode?.[name], inPage?.[name]];
      assert.ok(ours !== undefined && theirs !== undefined);
      const tolerance = 1e-6 * Math.max(1, ...ours.fromFiles.map(Math.abs));
      assertWithin(theirs.fromFiles, ours.fromFiles, tolerance);
      assert.deepEqual(theirs.classNames, ours.classNames);
      assert.equal(theirs.others.length, ours.others.length + 1);
      for (const other of theirs.others) assert.deepEqual(other, theirs.fromFiles);
      assert.deepEqual(Object.keys(theirs.written), ["keras", "h5", "safetensors", "onnx", "tfjs-layers"]);
      for (const [format, { names, answer }] of Object.entries(theirs.written)) {
        assert.deepEqual(names, ours.written[format]?.names, format);
        assertWithin(answer, ours.fromFiles, tolerance, format);
      }
    });
  }
});

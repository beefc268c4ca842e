/** The command inspect, as a process. */
import assert from "node:assert/strict";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { fileURLToPath } from "node:url";
import { describe, test } from "node:test";
import { Dense, Flatten, Input, Sequential, quantize, zeros } from "../../../src/index.ts";
import { writeZip } from "../../../src/saving/zip/write.ts";
import { TestFolder } from "../../platform/folder.ts";
import { runCli } from "../run-cli.ts";

const tutorial = fixture("keras/keras-tutorial.keras");

function fixture(name: string): string {
  return fileURLToPath(new URL(`../../fixtures/saving/${name}`, import.meta.url));
}

describe("inspect", { concurrency: 2 }, () => {
  test("inspect says what a file is, in words and as JSON", async () => {
    const [words, json] = await Promise.all([
      runCli(["inspect", tutorial, "--tensors"]),
      runCli(["inspect", tutorial, "--json"]),
    ]);
    assert.equal(words.code, 0, words.stderr);
    assert.match(words.stdout, /^format {3}Keras 3 model \(\.keras\), of keras\n/);
    assert.match(words.stdout, /\nmodel {4}tutorial: not a MobileNetV2, or a part of one\n/);
    assert.match(words.stdout, /\n {2}layers\/dense\/vars\/0 {2}float32 \(4, 2\)\n/);
    const facts = JSON.parse(json.stdout) as Record<string, unknown>;
    assert.deepEqual(facts["input"], [8, 8, 3]);
    assert.equal(facts["tensors"], 9);
  });

  test("every format by its content: PyTorch, ONNX, TFLite, an archive, integers", async () => {
    using folder = new TestFolder();
    const model = new Sequential([Input({ shape: [4, 4, 3] }), new Flatten(), new Dense({ units: 2 })]);
    await model.save(folder.file("web"), { format: "tfjs-layers" });
    const files = ["model.json", "weights.bin"].map((name) => ({
      name,
      bytes: readFileSync(folder.file(`web/${name}`)),
    }));
    const labels = { name: "labels.txt", bytes: new TextEncoder().encode("0 cat\n1 dog\n") };
    writeFileSync(folder.file("web.zip"), writeZip([...files, labels]));
    await (await quantize(model, zeros([1, 4, 4, 3]))).save(folder.file("int8.safetensors"));
    const topology = readFileSync(folder.file("web/model.json"), "utf8").replace('"Flatten"', '"Teleport"');
    writeFileSync(folder.file("other.json"), topology.replaceAll("weights.bin", "web/weights.bin"));
    const cases: readonly (readonly [string, RegExp])[] = [
      [fixture("torch/kinds.pth"), /^error: .*kinds\.pth: /],
      [fixture("graphs/torch.onnx"), /^format {3}ONNX.*, of onnx\n/],
      [fixture("graphs/tiny-int8.tflite"), /^format {3}TFLite.*, of tflite\n[^]*int8/],
      [folder.file("web"), /^format {3}TensorFlow\.js layers model, of tfjs\n[^]*\ninput {4}4 × 4 × 3\n/],
      [folder.file("web.zip"), /^format {3}TensorFlow\.js layers model, of tfjs\n[^]*\nclasses {2}cat, dog\n/],
      [
        folder.file("other.json"),
        /^format {3}TensorFlow\.js.*\nnot read Layer 'flatten\w*' is of class Teleport, .*\ninput {4}4 × 4 × 3\noutput/,
      ],
      [folder.file("int8.safetensors"), /^format {3}safetensors, quantized, of mobilenet-v2\n[^]*int8/],
    ];
    for (const [file, said] of cases) {
      const { stdout, stderr } = await runCli(["inspect", file]);
      assert.match(stdout + stderr, said, file);
    }
  });

  test("an address, with the files beside it", async () => {
    const files = new Map<string | undefined, Uint8Array>([["/m/t.keras", readFileSync(tutorial)]]);
    const server = createServer((request, response) => {
      const body = files.get(request.url);
      response.writeHead(body === undefined ? 404 : 200).end(body);
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const address = server.address();
    const base = `http://127.0.0.1:${typeof address === "object" ? address?.port : ""}/m/`;
    try {
      const there = await runCli(["inspect", `${base}t.keras`]);
      assert.deepEqual([there.code, there.stderr], [0, ""]);
      assert.match(there.stdout, /^format {3}Keras 3 model/);
      const missing = await runCli(["inspect", `${base}u.keras`]);
      assert.equal(missing.code, 1);
      assert.match(missing.stderr, /u\.keras.*404/);
    } finally {
      server.close();
    }
  });

  test("what is no checkpoint, or half of one, is an error of one line that names it", async () => {
    using folder = new TestFolder();
    const archive = readFileSync(tutorial);
    writeFileSync(folder.file("half.keras"), archive.subarray(0, archive.length >> 1));
    writeFileSync(folder.file("half.h5"), readFileSync(fixture("tiny.h5")).subarray(0, 900));
    writeFileSync(folder.file("empty"), "");
    writeFileSync(folder.file("page.h5"), "<!DOCTYPE html><title>Sign in</title>");
    writeFileSync(folder.file("other.zip"), writeZip([{ name: "a.txt", bytes: new Uint8Array(1) }]));
    for (const name of ["none", "two"]) mkdirSync(folder.file(name));
    for (const name of ["a", "b"]) writeFileSync(folder.file(`two/${name}.keras`), archive);
    const cases: readonly (readonly [string, RegExp])[] = [
      ["none.keras", /none\.keras: there is no such file/],
      ["half.keras", /half\.keras: The zip archive is truncated/],
      ["half.h5", /half\.h5: The HDF5 file is truncated/],
      ["empty", /empty: The weights file is empty/],
      ["page.h5", /page\.h5: This is a web page/],
      ["other.zip", /other\.zip: There is no checkpoint in the zip archive, at its top: a\.txt/],
      ["two", /two: The folder has several checkpoints: a\.keras, b\.keras\. Name one of them/],
      ["none", /none: The folder has no checkpoint in it/],
    ];
    await Promise.all(
      cases.map(async ([name, message]) => {
        const { code, stdout, stderr } = await runCli(["inspect", folder.file(name)]);
        assert.deepEqual([code, stdout], [1, ""], name);
        assert.match(stderr, message);
        assert.match(stderr, /^error: [^\n]*\n$/);
      }),
    );
  });
});

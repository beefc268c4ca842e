/** What torch.save writes: real files of it, new and old, and pickles that want more than tensors. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { MobileNetV2Error } from "../../../src/core/errors.ts";
import type { Checkpoint } from "../../../src/saving/checkpoint.ts";
import { openCheckpoint } from "../../../src/saving/formats.ts";
import type { StoredTensor } from "../../../src/saving/stored-tensor.ts";
import { writeZip } from "../../../src/saving/zip/write.ts";
import { zipMembers } from "../../../src/saving/zip/zip.ts";
import { readTorchFile } from "../../../src/saving/torch/pth.ts";
import { seeded, torchFixture } from "./answers.ts";
import { PickleWriter, legacyFile } from "./pickles.ts";

const KINDS = ["kinds.pth", "kinds-legacy.pth"];

function values(tensors: ReadonlyMap<string, StoredTensor>, name: string): number[] {
  return [...(tensors.get(name)?.read() ?? [])];
}

for (const file of KINDS) {
  test(`${file}: tensors of every type, cut and turned, bit for bit`, () => {
    const tensors = readTorchFile(torchFixture(file));
    const dtypes = ["float64", "float32", "float16", "bfloat16", "int64", "int32", "int16", "int8", "uint8", "bool"];
    for (const dtype of dtypes) {
      assert.deepEqual(values(tensors, dtype), [0, 1, 1, 0], dtype);
      assert.equal(tensors.get(dtype)?.dtype, dtype === "bool" ? "uint8" : dtype);
    }
    const base = Array.from({ length: 24 }, (_, i) => i);
    assert.deepEqual(values(tensors, "whole"), base);
    assert.deepEqual(tensors.get("turned")?.shape, [4, 2, 3]);
    assert.deepEqual(
      values(tensors, "turned"),
      base.map((_, i) => Math.floor(i / 6) + 4 * (i % 6)),
    );
    assert.deepEqual(values(tensors, "cut"), [4, 6, 8, 10, 16, 18, 20, 22]);
    assert.deepEqual(values(tensors, "row"), [20, 21, 22, 23]);
    assert.deepEqual(values(tensors, "channels_last"), base.slice(0, 16));
    assert.deepEqual([tensors.get("scalar")?.shape, values(tensors, "scalar")], [[], [2.5]]);
    assert.deepEqual([tensors.get("empty")?.shape, values(tensors, "empty")], [[0, 3], []]);
    assert.deepEqual(values(tensors, "parameter"), [-1, 0.5]);
  });
}

function open(bytes: Uint8Array): Promise<Checkpoint> {
  return openCheckpoint({ name: "model.pth", bytes, sibling: async () => undefined });
}

for (const file of ["tiny.pth.gz", "tiny-legacy.pth.gz", "tiny.safetensors.gz"]) {
  test(`${file}: torchvision's network, bit for bit as it was seeded`, async () => {
    const checkpoint = await open(torchFixture(file));
    assert.equal(checkpoint.origin, "torchvision");
    assert.equal(checkpoint.model?.layers.at(-1)?.config.units, 1);
    assert.equal(checkpoint.tensors.length, 314);
    for (const { name, shape, read } of checkpoint.tensors) {
      if (name.endsWith("num_batches_tracked")) continue;
      const expected = seeded("tiny", name.replace(/^module\./, ""), shape);
      assert.deepEqual(
        read(),
        expected.map((value) => Math.floor(value * 16) / 16),
        name,
      );
    }
    assert.deepEqual(checkpoint.weights.get("block_1_depthwise/kernel")?.shape.length, 4);
  });
}

/** The storage of four floats that the hostile pickles share. */
const DATA = new Uint8Array(Float32Array.of(1, 2, 3, 4).buffer);

/** A file with one tensor `a`: with what is given it in place of what would be right. */
function oneTensor({
  offset = 0,
  shape = [4],
  strides = [1],
  length = 4,
  key = "0",
}: {
  offset?: number;
  shape?: readonly number[];
  strides?: readonly number[];
  length?: number;
  key?: string;
} = {}): Uint8Array {
  const pickle = new PickleWriter().dict({ a: { offset, shape, strides, length, key } });
  return legacyFile(pickle, [["0", DATA]]);
}

test("a pickle written by hand is read: what the hostile ones differ from is whole", () => {
  assert.deepEqual(values(readTorchFile(oneTensor()), "a"), [1, 2, 3, 4]);
});

const raw = (...opcodes: readonly (string | number)[]): Uint8Array =>
  legacyFile(new PickleWriter().raw(...opcodes), []);

const HOSTILE: readonly [string, () => Uint8Array, RegExp][] = [
  ["os.system", () => raw("cos\nsystem\n", "X", 2, 0, 0, 0, "ls", 0x85, "R"), /names 'os.system', which is code/],
  ["builtins.eval by STACK_GLOBAL", () => raw(0x8c, 8, "builtins", 0x8c, 4, "eval", 0x93), /names 'builtins.eval'/],
  ["a module of torch that is code", () => raw("ctorch.hub\nload\n"), /names 'torch.hub.load'/],
  ["a whole model", () => raw("ctorchvision.models.mobilenetv2\nMobileNetV2\n"), /Save the state dict alone/],
  [
    "a quantised tensor",
    () => raw("ctorch._utils\n_rebuild_qtensor\n"),
    /quantised network of PyTorch.*before it is converted/,
  ],
  ["a name with a dot", () => raw("ctorch\n_utils._rebuild_tensor\n"), /holds no state dict|broken/],
  ["a name without an end", () => raw("c", "x".repeat(2000)), /broken/],
  ["INST", () => raw("(ios\nsystem\n"), /opcode "i"/],
  ["OBJ", () => raw("(o"), /opcode "o"/],
  ["NEWOBJ of nothing", () => raw(")", 0x81), /broken/],
  ["NEWOBJ of a text", () => raw("X", 1, 0, 0, 0, "a", ")", 0x81), /broken/],
  ["EXT1", () => raw(0x82, 1), /opcode/],
  ["PERSID as a line", () => raw("P0\n"), /opcode "P"/],
  ["a call of a type", () => raw("ctorch\nFloatStorage\n", ")R"), /broken/],
  ["a call of a text", () => raw("X", 1, 0, 0, 0, "a", ")R"), /broken/],
  ["BUILD on a list", () => raw("]}b"), /broken/],
  ["a pop of nothing", () => raw("0"), /opcode/],
  ["a tuple of nothing", () => raw(0x87), /broken/],
  ["items without a mark", () => raw("}u"), /broken/],
  ["an odd number of items", () => raw("}(K", 1, "u"), /broken/],
  ["a memo that is not there", () => raw("h", 9), /broken/],
  ["a text of 4 GB", () => raw("X", 255, 255, 255, 255), /truncated/],
  ["a key twice", () => raw("}(X", 1, 0, 0, 0, "a", "NX", 1, 0, 0, 0, "a", "Nu"), /key twice in one dict: 'a'/],
  ["a list in itself", () => raw("]q", 0, "h", 0, "a"), /holds no state dict/],
  ["a dict in itself", () => raw("}q", 0, "X", 5, 0, 0, 0, "model", "h", 0, "s"), /holds no state dict/],
  ["a million marks", () => raw("(".repeat(1_000_000)), /broken/],
  ["doubling lists as a key", () => raw(`]q\0${"h\0h\0\x86q\0".repeat(60)}}h\0h\0s`), /holds no state dict/],
  ["a tensor of a text", () => raw("ctorch._utils\n_rebuild_tensor_v2\n(X", 1, 0, 0, 0, "aK", 0, "))tR"), /broken/],
  ["an offset outside", () => oneTensor({ offset: 1 }), /does not lie within its storage/],
  ["an offset of 2^53", () => oneTensor({ offset: 2 ** 53 }), /broken/],
  ["a negative axis", () => oneTensor({ shape: [-4] }), /broken/],
  ["strides outside", () => oneTensor({ strides: [2] }), /does not lie within its storage/],
  ["strides of 0 that make much of little", () => oneTensor({ shape: [2 ** 40], strides: [0] }), /overlap/],
  ["as many strides as there are no axes", () => oneTensor({ strides: [1, 1] }), /broken/],
  ["axes whose product overflows", () => oneTensor({ shape: [2 ** 50, 2 ** 50], strides: [0, 0] }), /overlap/],
  ["a storage that is not there", () => oneTensor({ key: "1" }), /missing|truncated/],
  ["a storage of another length", () => oneTensor({ length: 5 }), /should have 20 bytes; it has 16/],
  [
    "a storage of 2^64 - 1 numbers",
    () => legacyFile(new PickleWriter().dict({ a: {} }), [["0", DATA]], 2n ** 64n - 1n),
    /truncated/,
  ],
  [
    "tensors that share their bytes a thousand times",
    () => {
      const all = { length: 1000, shape: [1000] };
      const tensors = Object.fromEntries(Array.from({ length: 1000 }, (_, i) => [`t${i}`, all]));
      return legacyFile(new PickleWriter().dict(tensors), [["0", new Uint8Array(4000)]]);
    },
    /overlap/,
  ],
];
for (const [what, make, message] of HOSTILE) {
  test(`${what}: an error of ours`, () => {
    assert.throws(
      () => readTorchFile(make()),
      (error) => error instanceof MobileNetV2Error && message.test(error.message),
    );
  });
}

test("a state dict of another network: the error names what does not fit", async () => {
  const members = [...zipMembers(torchFixture("tiny.pth.gz"))].map(([name, read]) => ({ name, bytes: read() }));
  // The same length, so that nothing else moves.
  const renamed = members.map(({ name, bytes }) => {
    const text = Buffer.from(bytes).toString("latin1");
    return { name, bytes: new Uint8Array(Buffer.from(text.replaceAll("features.3.", "features_3_"), "latin1")) };
  });
  await assert.rejects(open(writeZip(renamed)), /no tensor 'features\.3\.conv\.0\.0\.weight'/);
  await assert.rejects(open(torchFixture("kinds.pth")), /begins with 'float64': it is not named as the MobileNetV2/);
});

test("arguments, numbers of NumPy, paths and devices beside the tensors are passed over", () => {
  const pickle = new PickleWriter()
    .raw("}(")
    .text("args")
    .raw("cargparse\nNamespace\n)", 0x81, "}(")
    .text("lr")
    .raw("K", 1, "ub");
  pickle
    .text("best")
    .raw("cnumpy.core.multiarray\nscalar\n(cnumpy\ndtype\n(")
    .text("f8")
    .raw("K", 0, "K", 1, "tR(K", 3);
  pickle.text("<").raw("NNNtb", "c_codecs\nencode\n(").text("12345678").text("latin1").raw("tRtR");
  pickle
    .text("where")
    .raw("cpathlib\nPosixPath\n(")
    .text("/")
    .raw("tR")
    .text("on")
    .raw("ctorch\ndevice\n(")
    .text("cpu")
    .raw("tR");
  pickle.text("state_dict").dict({ a: {} });
  assert.deepEqual(values(readTorchFile(legacyFile(pickle.raw("u"), [["0", DATA]])), "a"), [1, 2, 3, 4]);
});

test("in a training checkpoint the network's dict is found by its tensors, wherever it lies and whatever it is called", () => {
  const names = ["features.0.0.weight", "features.1.conv.0.0.weight"];
  const dict = (pickle: PickleWriter): PickleWriter => pickle.dict(Object.fromEntries(names.map((name) => [name, {}])));
  for (const key of ["student", "net", "ema", "weights"]) {
    const pickle = new PickleWriter().raw("}(").text("optimizer").dict({ exp_avg: {} }).text(key);
    const tensors = readTorchFile(legacyFile(dict(pickle).raw("u"), [["0", DATA]]));
    assert.deepEqual([...tensors.keys()], names, key);
  }
});

for (const file of ["kinds.pth", "kinds-legacy.pth"]) {
  test(`${file} cut anywhere or with a bit flipped: an error of ours, or tensors all the same`, () => {
    const bytes = torchFixture(file);
    const check = (mutant: Uint8Array, what: string): void => {
      try {
        for (const tensor of readTorchFile(mutant).values()) tensor.read();
      } catch (error) {
        assert.ok(error instanceof MobileNetV2Error, `${what}: ${String(error)}`);
      }
    };
    for (let length = 0; length < bytes.length; length += 3) check(bytes.subarray(0, length), `cut at ${length}`);
    for (let bit = 0; bit < bytes.length * 8; bit += 7) {
      const mutant = bytes.slice();
      mutant[bit >> 3] = (mutant[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      check(mutant, `bit ${bit}`);
    }
  });
}

/** ONNX, TFLite and graph models that mean harm or are broken: refused soon, by errors that say what and where. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { loadAnyModel } from "../../../src/models/files/load-model.ts";
import type { WrittenFile } from "../../../src/saving/checkpoint.ts";
import { MessageWriter } from "../../../src/saving/bytes/protobuf.ts";
import { chosen, savingFixture } from "../files.ts";
import { work } from "../../support/work.ts";

type Fields = readonly (readonly [number, number | string | Uint8Array | MessageWriter])[];

function message(...fields: Fields): MessageWriter {
  const writer = new MessageWriter();
  for (const [number, value] of fields) {
    if (typeof value === "number") writer.integer(number, value);
    else if (typeof value === "string") writer.text(number, value);
    else if (value instanceof MessageWriter) writer.message(number, value);
    else writer.bytes(number, value);
  }
  return writer;
}

function shaped(name: string, ...dims: readonly number[]): MessageWriter {
  const shape = message(...dims.map((dim) => [1, message([1, dim])] as const));
  return message([1, name], [2, message([1, message([1, 1], [2, shape])])]);
}

function floats(name: string, dims: readonly number[], count: number): MessageWriter {
  return message(...dims.map((dim) => [1, dim] as const), [2, 1], [8, name], [9, new Uint8Array(4 * count)]);
}

function ints(name: string, ...values: readonly number[]): MessageWriter {
  const raw = new Uint8Array(BigInt64Array.from(values, BigInt).buffer);
  return message([1, values.length], [2, 7], [8, name], [9, raw]);
}

function node(operator: string, inputs: readonly string[], output: string, ...more: Fields): MessageWriter {
  return message(...inputs.map((input) => [1, input] as const), [2, output], [4, operator], ...more);
}

function list(name: string, ...values: readonly number[]): readonly [5, MessageWriter] {
  return [5, message([1, name], ...values.map((value) => [8, value] as const))];
}

/** A graph from x (batch, 3, 8, 8) to y. */
function onnx(...fields: Fields): Uint8Array {
  const graph = message(...fields, [11, shaped("x", 1, 3, 8, 8)], [12, shaped("y")]);
  return message([1, 8], [2, "test"], [7, graph], [8, message([2, 17])]).toBytes();
}

const conv = (name: string, from: string, to: string): readonly [1, MessageWriter] => [
  1,
  node("Conv", [from, name], to),
];
const kernel = (name: string): readonly [5, MessageWriter] => [5, floats(name, [3, 3, 1, 1], 9)];

async function refused(files: Uint8Array | readonly WrittenFile[], code: string, says: RegExp): Promise<void> {
  const start = work();
  const source = files instanceof Uint8Array ? [{ name: "model.onnx", bytes: files }] : files;
  await assert.rejects(loadAnyModel(chosen(source)), { name: "MobileNetV2Error", code, message: says });
  const yardsticks = work() - start;
  assert.ok(yardsticks < 40, `took ${yardsticks} yardsticks`);
}

test("the graph that the cases are made of is read", async () => {
  const model = await loadAnyModel(onnx(kernel("w"), conv("w", "x", "y")));
  assert.deepEqual(model.output.shape, [null, 8, 8, 3]);
});

test("nodes of an ONNX graph may come in any order, as onnxruntime's converter to float16 writes them", async () => {
  const model = await loadAnyModel(onnx(kernel("w"), conv("w", "b", "y"), conv("w", "a", "b"), conv("w", "x", "a")));
  assert.deepEqual(
    model.layers.map(({ name }) => name),
    ["x", "a", "b", "y"],
  );
});

describe("ONNX", () => {
  const cases: readonly (readonly [string, Uint8Array, string, RegExp])[] = [
    [
      "an operator that no layer computes",
      onnx([1, node("LpPool", ["x"], "y", list("kernel_shape", 2, 2), [3, "first"])]),
      "UnsupportedError",
      /not a MobileNetV2 that is read here: 'first' is a LpPool\. Read are: Add, /,
    ],
    [
      "an operator of somebody's own",
      onnx([1, node("Conv", ["x"], "y", [7, "com.evil"])]),
      "UnsupportedError",
      /'y' is a com\.evil\.Conv/,
    ],
    [
      "nodes that take one another's results",
      onnx(kernel("w"), conv("w", "b", "y"), conv("w", "y", "b")),
      "FormatError",
      /Conv 'y' takes 'b', which nothing before it makes/,
    ],
    [
      "a result that is made twice",
      onnx(kernel("w"), conv("w", "x", "y"), conv("w", "x", "y")),
      "FormatError",
      /twice/,
    ],
    ["a tensor twice", onnx(kernel("w"), kernel("w"), conv("w", "x", "y")), "FormatError", /two initializers .* 'w'/],
    [
      "an output that nothing makes",
      onnx(kernel("w"), conv("w", "x", "z")),
      "FormatError",
      /output 'y' is made by noth/,
    ],
    [
      "a shape of more values than there are",
      onnx([5, floats("w", [2 ** 31, 2 ** 31], 9)], conv("w", "x", "y")),
      "FormatError",
      /Tensor 'w' of shape \(2147483648, 2147483648\) .* takes 18446744073709552000 bytes, but the ONNX file has 36/,
    ],
    [
      "a negative axis",
      onnx([5, floats("w", [-3, -3, 1, 1], 9)], conv("w", "x", "y")),
      "FormatError",
      /Tensor 'w' .* has the shape \(-3, -3, 1, 1\)/,
    ],
    [
      "more axes than any tensor has",
      onnx(
        [
          5,
          floats(
            "w",
            Array.from({ length: 17 }, () => 1),
            1,
          ),
        ],
        conv("w", "x", "y"),
      ),
      "FormatError",
      /more than 16 axes/,
    ],
    [
      "a tensor of texts",
      onnx([5, message([1, 1], [2, 8], [8, "w"])], conv("w", "x", "y")),
      "UnsupportedError",
      /Tensors of type type 8 are not read/,
    ],
    [
      "a kernel for other channels",
      onnx([5, floats("w", [3, 4, 1, 1], 12)], conv("w", "x", "y")),
      "FormatError",
      /kernel of shape \(1, 1, 4, 3\) .* does not fit its input of shape \(None, 8, 8, 3\)/,
    ],
    [
      "pads of billions",
      onnx(kernel("w"), [1, node("Conv", ["x", "w"], "y", list("pads", 0, 0, 2 ** 40, 0))]),
      "UnsupportedError",
      /has pads=\[0, 0, 1099511627776, 0\]/,
    ],
    [
      "a shape of numbers that grows without end",
      onnx([5, ints("n", 2 ** 40)], [1, node("ConstantOfShape", ["n"], "s")], [1, node("Reshape", ["x", "s"], "y")]),
      "UnsupportedError",
      /ConstantOfShape 's' makes 1099511627776 numbers/,
    ],
    [
      "the batch moved",
      onnx([1, node("Transpose", ["x"], "y", list("perm", 1, 0, 2, 3))]),
      "UnsupportedError",
      /moves the batch/,
    ],
    [
      "weights made of weights, over and over",
      onnx(
        kernel("w0"),
        ...Array.from({ length: 9 }, (_, i) => [1, node("Transpose", [`w${i}`], `w${i + 1}`)] as const),
        conv("w9", "x", "y"),
      ),
      "UnsupportedError",
      /more than 8 operators that make a weight/,
    ],
    ["no graph", message([1, 8], [2, "test"]).toBytes(), "FormatError", /has no graph/],
    ["a group, which no writer makes", new Uint8Array([8, 8, 18, 0, 11, 12]), "FormatError", /wire type 3/],
    [
      "a length of 2⁶³",
      new Uint8Array([8, 8, 18, 0, 58, ...Array.from({ length: 8 }, () => 255), 127]),
      "FormatError",
      /longer than what is left/,
    ],
    [
      "a number without an end",
      new Uint8Array([8, 8, 18, 0, 40, ...Array.from({ length: 20 }, () => 255)]),
      "FormatError",
      /more than 64 bits/,
    ],
  ];
  for (const [what, bytes, code, says] of cases) test(what, () => refused(bytes, code, says));

  test("NaN in weights is refused, or taken by an option", async () => {
    const values = new Uint8Array(new Float32Array([0, 1, 2, 3, NaN, 5, 6, 7, 8]).buffer);
    const tensor = message([1, 3], [1, 3], [1, 1], [1, 1], [2, 1], [8, "w"], [9, values]);
    const bytes = onnx([5, tensor], conv("w", "x", "y"));
    await refused(bytes, "FormatError", /Tensor 'w' has NaN or infinity in it: NaN at index 4/);
    const model = await loadAnyModel(bytes, { allowNonFinite: true });
    assert.ok(Number.isNaN(model.weights[0]?.values[4]));
  });

  test("one large tensor as the weights of very many layers", async () => {
    const large = 512;
    const first: Fields = [[5, floats("w", [large, 3, 1, 1], 3 * large)], conv("w", "x", "v0")];
    const square = [5, floats("s", [large, large, 1, 1], large * large)] as const;
    const many = Array.from({ length: 200 }, (_, i) => conv("s", `v${i}`, i === 199 ? "y" : `v${i + 1}`));
    await refused(onnx(...first, square, ...many), "LimitError", /the file has only \d+ bytes/);
  });

  test("a channel's numbers multiplied ten thousand times", async () => {
    const factor = [5, floats("f", [3, 1, 1], 3)] as const;
    const many = Array.from(
      { length: 10_000 },
      (_, i) => [1, node("Mul", [`v${i}`, "f"], i === 9999 ? "y" : `v${i + 1}`)] as const,
    );
    const start = work();
    const model = await loadAnyModel(onnx(kernel("w"), factor, conv("w", "x", "v0"), ...many));
    const yardsticks = work() - start;
    assert.ok(yardsticks < 150, `took ${yardsticks} yardsticks`);
    assert.deepEqual(model.output.shape, [null, 8, 8, 3]);
  });

  test("a million nodes", async () => {
    const nodes = new Uint8Array(2_000_000).map((_, i) => (i % 2 === 0 ? 10 : 0));
    const bytes = message([1, 8], [2, "test"], [7, nodes]).toBytes();
    await refused(bytes, "LimitError", /more than 20000 nodes/);
  });

  const external = (location: string, ...more: Fields): Uint8Array => {
    const entries = [[13, message([1, "location"], [2, location])] as const, ...more];
    const tensor = message([1, 3], [1, 3], [1, 1], [1, 1], [2, 1], [8, "w"], [14, 1], ...entries);
    return onnx([5, tensor], conv("w", "x", "y"));
  };

  for (const location of [
    "../weights.bin",
    "/etc/passwd",
    "..\\weights.bin",
    "a/b.bin",
    "file:///etc/passwd",
    "http://example.org/w",
    "C:\\w.bin",
    "%2e%2e/w",
    "w\0.bin",
    "..",
    ".hidden",
    "",
  ]) {
    test(`weights in another file: ${JSON.stringify(location)} is refused`, () =>
      refused(external(location), "FormatError", /Only files beside the model's are read/));
  }

  test("weights in a file beside the model", async () => {
    const beside = { name: "w.bin", bytes: new Uint8Array(Float32Array.from({ length: 9 }, (_, i) => i).buffer) };
    const model = await loadAnyModel(chosen([{ name: "model.onnx", bytes: external("w.bin") }, beside]));
    assert.deepEqual(model.weights[0]?.values, new Float32Array([0, 3, 6, 1, 4, 7, 2, 5, 8]));
  });

  test("weights in a file that is missing, too short, or named with numbers that are none", async () => {
    await refused(external("w.bin"), "FormatError", /lies in the file 'w\.bin', which is missing/);
    const short = { name: "w.bin", bytes: new Uint8Array(8) };
    await refused(
      [{ name: "model.onnx", bytes: external("w.bin") }, short],
      "FormatError",
      /takes 36 bytes, but .* has 8/,
    );
    const far: Fields = [[13, message([1, "offset"], [2, "9007199254740993"])]];
    await refused(
      [{ name: "m.onnx", bytes: external("w.bin", ...far) }, short],
      "FormatError",
      /at offset "900719925474/,
    );
  });

  test("weights that are the double of the double of others, again and again", async () => {
    const doubles = Array.from({ length: 30 }, (_, i) => [1, node("Add", [`w${i}`, `w${i}`], `w${i + 1}`)] as const);
    const bytes = onnx(kernel("w0"), ...doubles, conv("w30", "x", "y"));
    await refused(bytes, "UnsupportedError", /more than 8 operators that make a weight/);
  });

  test("a graph of a thousand inputs", async () => {
    const inputs = Array.from({ length: 1000 }, (_, i) => [11, shaped(`x${i}`, 1, 3)] as const);
    await refused(onnx(...inputs, [1, node("Relu", ["x"], "y")]), "UnsupportedError", /has 1001 inputs/);
  });

  test("a file cut at any place of its first kilobyte, and at samples", async () => {
    const bytes = savingFixture("graphs/tiny.onnx");
    for (let length = 8; length < bytes.length; length += length < 1000 ? 1 : 97) {
      await assert.rejects(loadAnyModel(bytes.slice(0, length)), { name: "MobileNetV2Error" }, `${length} bytes`);
    }
  });
});

describe("TFLite", () => {
  const whole = savingFixture("graphs/tiny.tflite");

  /** The bytes with a number changed. */
  const changed = (at: number, value: number): Uint8Array => {
    const bytes = whole.slice();
    new DataView(bytes.buffer).setUint32(at, value, true);
    return bytes;
  };

  test("a file cut at samples", async () => {
    for (let length = 8; length < whole.length - 64; length += 61) {
      await assert.rejects(loadAnyModel(whole.slice(0, length)), { name: "MobileNetV2Error" }, `${length} bytes`);
    }
  });

  test("a root table outside, and one whose fields lie outside", async () => {
    await refused(changed(0, 0x7fffffff), "FormatError", /refers to byte \d+ of \d+/);
    await refused(changed(new DataView(whole.buffer).getUint32(0, true), 0x80000000), "FormatError", /refers to byte/);
  });

  test("any single byte changed: opened or refused, with little work", async () => {
    let opened = 0;
    let refusals = 0;
    for (let at = 8; at < 2500; at += 7) {
      const bytes = whole.slice();
      bytes[at] = (bytes[at] ?? 0) ^ 0xff;
      const start = work();
      try {
        await loadAnyModel(bytes);
        opened++;
      } catch (error) {
        assert.equal(error instanceof Error && error.name, "MobileNetV2Error", `byte ${at}`);
        refusals++;
      }
      const yardsticks = work() - start;
      assert.ok(yardsticks < 40, `byte ${at}: took ${yardsticks} yardsticks`);
    }
    assert.ok(opened > 10 && refusals > 10, `${opened} were opened, ${refusals} refused`);
  });
});

describe("TF.js graph models", () => {
  const fixture: { model: Record<string, unknown>; shards: Record<string, string> } = JSON.parse(
    new TextDecoder().decode(savingFixture("graphs/tfjs-graph.json")),
  );

  interface Node {
    name: string;
    op: string;
    input?: string[];
    attr?: Record<string, unknown>;
  }

  const files = (change: (nodes: Node[]) => void): readonly WrittenFile[] => {
    const model = structuredClone(fixture.model) as { modelTopology: { node: Node[] } };
    change(model.modelTopology.node);
    return [
      { name: "model.json", bytes: new TextEncoder().encode(JSON.stringify(model)) },
      ...Object.entries(fixture.shards).map(([name, base64]) => ({ name, bytes: Buffer.from(base64, "base64") })),
    ];
  };
  const find = (nodes: readonly Node[], op: string): Node => {
    const found = nodes.find((one) => one.op === op);
    assert.ok(found !== undefined);
    return found;
  };
  const cases: readonly (readonly [string, (nodes: Node[]) => void, string, RegExp])[] = [
    [
      "an operator that is not read",
      (nodes) => (find(nodes, "Relu6").op = "Unique"),
      "UnsupportedError",
      /is a Unique/,
    ],
    [
      "nodes in a circle",
      (nodes) => (find(nodes, "Relu6").input = [find(nodes, "Softmax").name]),
      "FormatError",
      /goes in a circle/,
    ],
    ["a node that is nowhere", (nodes) => (find(nodes, "Relu6").input = ["nowhere"]), "FormatError", /'nowhere'/],
    ["a name twice", (nodes) => nodes.push(find(nodes, "Relu6")), "FormatError", /two nodes with the name/],
    ["a constant without values", (nodes) => (find(nodes, "Const").name = "w"), "FormatError", /nowhere in it/],
    ["no input", (nodes) => (find(nodes, "Placeholder").op = "Const"), "FormatError", /has no input/],
    [
      "channels first",
      (nodes) => (find(nodes, "_FusedConv2D").attr = { data_format: { s: btoa("NCHW") } }),
      "UnsupportedError",
      /data_format=NCHW/,
    ],
  ];
  for (const [what, change, code, says] of cases) test(what, () => refused(files(change), code, says));
});

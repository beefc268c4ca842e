/** Graphs of TensorFlow that are made to exhaust or to confuse: refused soon, by errors of ours that say what is wrong. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { MessageWriter } from "../../../src/saving/bytes/protobuf.ts";
import { openCheckpoint } from "../../../src/saving/formats.ts";
import { refuseUnread } from "../../../src/saving/unread.ts";
import { sourceOf } from "../files.ts";

const message = (): MessageWriter => new MessageWriter();

type Attributes = Readonly<Record<string, MessageWriter>>;

function node(
  name: string,
  operator: string,
  inputs: readonly string[] = [],
  attributes: Attributes = {},
): MessageWriter {
  const written = message().text(1, name).text(2, operator);
  for (const input of inputs) written.text(3, input);
  for (const [key, value] of Object.entries(attributes)) written.message(5, message().text(1, key).message(2, value));
  return written;
}

function shape(sizes: readonly number[]): MessageWriter {
  const written = message();
  for (const size of sizes) written.message(2, message().integer(1, size));
  return written;
}

/** A picture of 4 × 4 × 3, or what else is said of it. */
function placeholder(sizes: readonly number[] = [-1, 4, 4, 3], type = 1): MessageWriter {
  return node("x", "Placeholder", [], { shape: message().message(7, shape(sizes)), dtype: message().integer(6, type) });
}

/** A constant whose every value is 1. */
function ones(name: string, sizes: readonly number[]): MessageWriter {
  const tensor = message().integer(1, 1).message(2, shape(sizes)).float(5, 1);
  return node(name, "Const", [], { value: message().message(8, tensor) });
}

function call(name: string, called: string, inputs: readonly string[]): MessageWriter {
  return node(name, "PartitionedCall", inputs, { f: message().message(10, message().text(1, called)) });
}

/** A function of one argument, `a`, and one result. */
function definition(name: string, result: string, nodes: readonly MessageWriter[]): MessageWriter {
  const signature = message().text(1, name).message(2, message().text(1, "a")).message(3, message().text(1, "r"));
  const written = message().message(1, signature);
  for (const one of nodes) written.message(3, one);
  return written.message(4, message().text(1, "r").text(2, result));
}

function graph(nodes: readonly MessageWriter[], functions: readonly MessageWriter[] = []): Uint8Array {
  const written = message();
  for (const one of nodes) written.message(1, one);
  const library = message();
  for (const one of functions) library.message(1, one);
  return written.message(2, library).toBytes();
}

async function open(bytes: Uint8Array): Promise<void> {
  const checkpoint = await openCheckpoint(sourceOf([{ name: "graph.pb", bytes }]));
  refuseUnread(checkpoint);
}

const relu = (name: string, input: string): MessageWriter => node(name, "Relu", [input]);
const convolution = (kernel: readonly number[]): readonly MessageWriter[] => [
  placeholder(),
  ones("k", kernel),
  node("y", "Conv2D", ["x", "k"], { padding: message().text(2, "SAME") }),
];
/** Each function calls the next one twice. */
const doubling = Array.from({ length: 40 }, (_, i) =>
  definition(`f${i}`, `two:r:0`, [call("one", `f${i + 1}`, ["a"]), call("two", `f${i + 1}`, ["one:r:0"])]),
);

const cases: readonly (readonly [what: string, bytes: Uint8Array, code: string, says: RegExp])[] = [
  [
    "a function that calls itself",
    graph([placeholder(), call("y", "f", ["x"])], [definition("f", "c:r:0", [call("c", "f", ["a"])])]),
    "LimitError",
    /calls functions more than/,
  ],
  [
    "functions that double",
    graph([placeholder(), call("y", "f0", ["x"])], [...doubling, definition("f40", "r:r:0", [relu("r", "a")])]),
    "LimitError",
    /calls functions more than/,
  ],
  ["a function that is nowhere", graph([placeholder(), call("y", "g", ["x"])]), "FormatError", /calls a function 'g'/],
  [
    "a function of which another result is taken",
    graph([placeholder(), call("c", "f", ["x"]), relu("y", "c:1")], [definition("f", "r:r:0", [relu("r", "a")])]),
    "FormatError",
    /takes output 1 of 'c'/,
  ],
  [
    "nodes in a circle",
    graph([placeholder(), node("a", "Relu", ["b"]), node("b", "Relu", ["a"]), relu("y", "a")]),
    "FormatError",
    /goes in a circle/,
  ],
  [
    "nodes in a circle that only hand on",
    graph([placeholder(), node("a", "IdentityN", ["b"]), node("b", "IdentityN", ["a"]), relu("y", "a")]),
    "FormatError",
    /goes in a circle/,
  ],
  [
    "a name twice",
    graph([placeholder(), relu("y", "x"), relu("y", "x")]),
    "FormatError",
    /two nodes with the name 'y'/,
  ],
  [
    "a node that is nowhere",
    graph([placeholder(), relu("y", "__proto__")]),
    "FormatError",
    /'__proto__', which is nowhere/,
  ],
  ["an output that is none", graph([placeholder(), relu("y", "x:one")]), "FormatError", /which is no output/],
  [
    "more nodes than are read",
    graph([placeholder(), ...Array.from({ length: 20_001 }, (_, i) => node(`n${i}`, "NoOp"))]),
    "LimitError",
    /more than 20000 nodes/,
  ],
  [
    "weights that are one number, 2^30 times",
    graph(convolution([1, 1, 3, 2 ** 30])),
    "LimitError",
    /weights, but the file has only/,
  ],
  ["a shape of 2^80", graph(convolution([2 ** 40, 2 ** 40, 3, 1])), "FormatError", /has the shape/],
  ["a kernel that does not fit", graph(convolution([3, 3, 2, 4])), "FormatError", /does not fit/],
  ["text as input", graph([placeholder([-1], 7), relu("y", "x")]), "UnsupportedError", /text or encoded pictures/],
  [
    "an input of five axes",
    graph([placeholder([-1, 4, 4, 4, 3]), relu("y", "x")]),
    "UnsupportedError",
    /pictures, with four axes/,
  ],
  ["a loop", graph([placeholder(), node("y", "While", ["x"])]), "UnsupportedError", /is a While/],
  [
    "constants of constants, again and again",
    graph([
      placeholder(),
      ones("c0", [3]),
      ...Array.from({ length: 40 }, (_, i) => node(`c${i + 1}`, "Mul", [`c${i}`, `c${i}`])),
      node("y", "Mul", ["x", "c40"]),
    ]),
    "UnsupportedError",
    /more than 8 operators/,
  ],
];

describe("graphs alone", () => {
  test("the same without what is wrong open", async () => {
    await open(graph([placeholder(), call("y", "f", ["x"])], [definition("f", "r:r:0", [relu("r", "a")])]));
    await open(graph(convolution([3, 3, 3, 4])));
  });

  for (const [what, bytes, code, says] of cases) {
    test(`${what}: ${code}`, () => assert.rejects(open(bytes), { name: "MobileNetV2Error", code, message: says }));
  }
});

/** Pickles of Python, byte for byte what pickle.dumps wrote in protocols 2 and 4: values, and code, which is refused by its name. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { unpickle } from "../../../src/saving/torch/pickle.ts";
import type { Pickled } from "../../../src/saving/torch/pickled.ts";
import { hex } from "../hex.ts";

describe("values", () => {
  const cases: readonly (readonly [what: string, value: Pickled, protocol2: string, protocol4: string])[] = [
    ["None", null, "80024e2e", "80044e2e"],
    ["True", true, "8002882e", "8004882e"],
    ["False", false, "8002892e", "8004892e"],
    ["5", 5, "80024b052e", "80044b052e"],
    ["300", 300, "80024d2c012e", "80049504000000000000004d2c012e"],
    ["-1", -1, "80024affffffff2e", "80049506000000000000004affffffff2e"],
    ["2**31", 2 ** 31, "80028a0500000080002e", "80049508000000000000008a0500000080002e"],
    ["-2**40", -(2 ** 40), "80028a060000000000ff2e", "80049509000000000000008a060000000000ff2e"],
    ["2**70", 2n ** 70n, "80028a090000000000000000402e", "8004950c000000000000008a090000000000000000402e"],
    ["1.5", 1.5, "8002473ff80000000000002e", "8004950a00000000000000473ff80000000000002e"],
    ["'é'", "é", "80025802000000c3a971002e", "80049506000000000000008c02c3a9942e"],
    ["[1, [2]]", [1, [2]], "80025d7100284b015d71014b0261652e", "8004950c000000000000005d94284b015d944b0261652e"],
    ["(1, 2)", [1, 2], "80024b014b028671002e", "80049507000000000000004b014b0286942e"],
    ["(1, 2, 3, 4)", [1, 2, 3, 4], "8002284b014b024b034b047471002e", "8004950c00000000000000284b014b024b034b0474942e"],
    [
      "{'a': 1, 'b': []}",
      new Map<Pickled, Pickled>([
        ["a", 1],
        ["b", []],
      ]),
      "80027d71002858010000006171014b0158010000006271025d7103752e",
      "80049511000000000000007d94288c0161944b018c0162945d94752e",
    ],
  ];
  for (const [what, value, protocol2, protocol4] of cases) {
    test(`${what}, in protocols 2 and 4`, () => {
      for (const digits of [protocol2, protocol4]) {
        const bytes = hex(digits);
        assert.deepEqual(unpickle(bytes), { value, end: bytes.length });
      }
    });
  }

  test("an OrderedDict is a Map; what is remembered is the same object again", () => {
    const ordered = "800263636f6c6c656374696f6e730a4f726465726564446963740a71002952710158010000007871024b01732e";
    assert.deepEqual(unpickle(hex(ordered)).value, new Map([["x", 1]]));
    const { value } = unpickle(hex("80025d7100285d71014b01616801652e"));
    assert.ok(Array.isArray(value) && value.length === 2);
    assert.equal(value[0], value[1]);
  });

  test("a pickle begins where it is asked for, and ends at its stop", () => {
    assert.deepEqual(unpickle(hex("ffff 80024b052e ffff"), 2), { value: 5, end: 7 });
  });
});

describe("what is refused", () => {
  test("code, by its name: os.system, as protocols 2 and 4 name it; a set", () => {
    const named: readonly (readonly [string, string])[] = [
      ["800263706f7369780a73797374656d0a710058040000006563686f71018571025271032e", "posix.system"],
      ["8004951f000000000000008c05706f736978948c0673797374656d9493948c046563686f94859452942e", "posix.system"],
      ["8002635f5f6275696c74696e5f5f0a7365740a71005d71014b01618571025271032e", "__builtin__.set"],
    ];
    for (const [digits, name] of named) {
      assert.throws(
        () => unpickle(hex(digits)),
        (error: Error & { code?: string }) => {
          assert.equal(error.code, "UnsupportedError");
          assert.ok(error.message.startsWith(`The pickle names '${name}', which is code of Python's.`), error.message);
          return true;
        },
      );
    }
  });

  test("opcodes that tensors do not need, and other protocols", () => {
    // pickle.dumps(b"x", 4), and pickle.dumps({"a": 1}, 0).
    assert.throws(() => unpickle(hex("8004950500000000000000430178942e")), {
      code: "UnsupportedError",
      message: /^The pickle has the opcode "C" at byte 11, which tensors do not need\./,
    });
    assert.throws(() => unpickle(new TextEncoder().encode("(dp0\nVa\np1\nI1\ns.")), {
      code: "UnsupportedError",
      message: /^The pickle has the opcode "d" at byte 1,/,
    });
    assert.throws(() => unpickle(hex("80064e2e")), {
      code: "UnsupportedError",
      message: "Pickles of protocol 6 are not read.",
    });
  });

  test("a stack that is empty, a mark that is missing, a memory that was never made", () => {
    for (const digits of [
      "80022e",
      "8002742e",
      "800268072e",
      "80025d8673",
      "80024e4e622e",
      "80024e71",
      "80024b014b02522e",
    ]) {
      assert.throws(() => unpickle(hex(digits)), { code: "FormatError" }, digits);
    }
  });

  test("a key twice in one dict, and a pickle that is cut off", () => {
    assert.throws(() => unpickle(hex("80027d28 580100000061 4b01 580100000061 4b02 75 2e")), {
      code: "FormatError",
      message: "The pickle has a key twice in one dict: 'a'.",
    });
    assert.throws(() => unpickle(hex("80024aff")), {
      code: "FormatError",
      message: "The pickle is truncated. Download or copy the file again.",
    });
  });
});

/** `inbound_nodes` as Keras 3 and as Keras 2 write them, in the forms that their files have. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { parseJson } from "../../../src/saving/bytes/json.ts";
import { type Call, callsOf } from "../../../src/saving/keras/calls.ts";
import { utf8 } from "../hex.ts";

function calls(json: string): readonly Call[] {
  return callsOf(parseJson(utf8(json)), "x");
}

function tensor(layer: string, node = 0, output = 0): string {
  return `{"class_name": "__keras_tensor__", "config": {"shape": [null, 2], "keras_history": ["${layer}", ${node}, ${output}]}}`;
}

describe("Keras 3", () => {
  test("one tensor, a list of tensors, and a second application", () => {
    const json = `[{"args": [${tensor("a")}], "kwargs": {}}, {"args": [[${tensor("b", 1)}, ${tensor("c", 0, 2)}]], "kwargs": {}}]`;
    assert.deepEqual(
      calls(json).map(({ tensors, style }) => [tensors, style]),
      [
        [[{ layer: "a", node: 0, output: 0 }], "keras 3"],
        [
          [
            { layer: "b", node: 1, output: 0 },
            { layer: "c", node: 0, output: 2 },
          ],
          "keras 3",
        ],
      ],
    );
  });

  test("tensors given by name count; other arguments are kept", () => {
    const [call] = calls(`[{"args": [], "kwargs": {"inputs": ${tensor("a")}, "training": false, "mask": null}}]`);
    assert.deepEqual(call?.tensors, [{ layer: "a", node: 0, output: 0 }]);
    assert.deepEqual(
      [...(call?.kwargs ?? [])],
      [
        ["training", false],
        ["mask", null],
      ],
    );
  });

  test("numbers among the arguments stay in their places", () => {
    const [call] = calls(`[{"args": [${tensor("a")}, 127.5]}]`);
    assert.deepEqual([call?.operands, call?.tensors.length], [[undefined, 127.5], 1]);
    const [reversed] = calls(`[{"args": [1, ${tensor("a")}]}]`);
    assert.deepEqual([reversed?.operands, reversed?.shape], [[1, undefined], undefined]);
    assert.deepEqual(call?.shape, [null, 2]);
  });
});

describe("Keras 2", () => {
  test("a list of tensors, with arguments behind; one tensor without the list around it", () => {
    const [call, bare] = calls('[[["a", 0, 0, {"training": false}], ["b", 1, 0, {}]], ["c", 0, 0]]');
    assert.deepEqual(call?.tensors, [
      { layer: "a", node: 0, output: 0 },
      { layer: "b", node: 1, output: 0 },
    ]);
    assert.deepEqual([...(call?.kwargs ?? [])], [["training", false]]);
    assert.deepEqual([call?.style, call?.operands], ["keras 2", [undefined, undefined]]);
    assert.deepEqual(bare?.tensors, [{ layer: "c", node: 0, output: 0 }]);
  });

  test("functions of two: constants stay in their places, and the second may be a tensor", () => {
    const nodes = [
      '["a", 0, 0, {"y": [1, 2]}]',
      '["_CONSTANT_VALUE", -1, 3, {"y": ["b", 0, 0]}]',
      '["a", 0, 0, {"y": ["b", 1, 0]}]',
    ];
    assert.deepEqual(
      calls(`[${nodes.join(", ")}]`).map(({ operands, tensors, kwargs }) => [
        operands,
        tensors.map(({ layer }) => layer),
        kwargs.size,
      ]),
      [
        [[undefined, [1, 2]], ["a"], 0],
        [[3, undefined], ["b"], 0],
        [[undefined, undefined], ["a", "b"], 0],
      ],
    );
  });
});

test("no nodes are no calls; what is neither way of writing is refused", () => {
  assert.deepEqual(callsOf(undefined, "x"), []);
  const refused: readonly (readonly [string, string])[] = [
    ["{}", "`inbound_nodes` of layer 'x' should be a list."],
    ["[1]", "`inbound_nodes` of layer 'x' should be a list."],
    ['[{"args": 1}]', "The args in `inbound_nodes` of layer 'x' should be a list."],
    ['[{"args": [], "kwargs": []}]', "The kwargs in `inbound_nodes` of layer 'x' should be an object."],
    ['[[["a", -1, 0]]]', "`inbound_nodes` of layer 'x' should have whole numbers of 0 or more as indexes."],
    ['[[["a", 0, 0.5]]]', "`inbound_nodes` of layer 'x' should have whole numbers of 0 or more as indexes."],
    ["[[[1, 0, 0]]]", "A layer's name in `inbound_nodes` of layer 'x' should be a text."],
  ];
  for (const [json, message] of refused) assert.throws(() => calls(json), { code: "FormatError", message });
});

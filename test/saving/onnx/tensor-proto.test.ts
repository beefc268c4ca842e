/** ONNX's tensors in each of the ways that a file may hold them (onnx.proto, TensorProto), and those that do not fit. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { MessageWriter } from "../../../src/saving/bytes/protobuf.ts";
import { readTensorProto, storedTensor } from "../../../src/saving/onnx/tensor-proto.ts";
import type { StoredTensor } from "../../../src/saving/stored-tensor.ts";
import { hex } from "../hex.ts";

const NO_FILES: ReadonlyMap<string, Uint8Array> = new Map();
const [FLOAT, INT8, INT32, INT64, BOOL, FLOAT16, STRING] = [1, 3, 6, 7, 9, 10, 8];

/** The fields dims, data_type and name; values are for the test to add. */
function tensor(type: number, shape: readonly number[]): MessageWriter {
  return new MessageWriter().integers(1, shape).integer(2, type).text(8, "w");
}

function stored(message: MessageWriter, files = NO_FILES): StoredTensor {
  return storedTensor(readTensorProto(message.toBytes()), files);
}

test("raw_data, float_data, int32_data, int64_data", () => {
  assert.deepEqual([...stored(tensor(FLOAT, [2]).bytes(9, hex("0000c03f 000000c0"))).read()], [1.5, -2]);
  assert.deepEqual([...stored(tensor(FLOAT, [2]).bytes(4, hex("0000c03f 000000c0"))).read()], [1.5, -2]);
  assert.deepEqual([...stored(tensor(INT32, [3]).integers(5, [1, -2, 300])).read()], [1, -2, 300]);
  assert.deepEqual([...stored(tensor(INT8, [2]).integers(5, [-128, 127])).read()], [-128, 127]);
  assert.deepEqual([...stored(tensor(INT64, [2]).integers(7, [-1, 2 ** 40])).read()], [-1, 2 ** 40]);
  assert.deepEqual([...stored(tensor(BOOL, [2]).bytes(9, hex("0001"))).read()], [0, 1]);
});

test("float16 stands in int32_data by its bits", () => {
  assert.deepEqual([...stored(tensor(FLOAT16, [2]).integers(5, [0x3c00, 0xc000])).read()], [1, -2]);
});

test("values that are not packed come field by field, in pieces", () => {
  const single = tensor(INT64, [2]).integer(7, 5).integer(7, -6);
  assert.deepEqual([...stored(single).read()], [5, -6]);
  const pieces = tensor(FLOAT, [2]).bytes(9, hex("0000c03f")).bytes(9, hex("000000c0"));
  assert.deepEqual([...stored(pieces).read()], [1.5, -2]);
});

test("a scalar and a tensor of nothing", () => {
  assert.deepEqual([...stored(tensor(FLOAT, []).bytes(9, hex("0000c03f"))).read()], [1.5]);
  assert.deepEqual([...stored(tensor(FLOAT, [0, 3])).read()], []);
});

/** external_data: keys and values, and data_location = EXTERNAL. */
function external(entries: Readonly<Record<string, string>>): MessageWriter {
  const message = tensor(FLOAT, [1]);
  for (const [key, value] of Object.entries(entries))
    message.message(13, new MessageWriter().text(1, key).text(2, value));
  return message.integer(14, 1);
}

test("values in a file beside, from an offset, of a length or up to the end", () => {
  const files = new Map([["w.bin", hex("ffffffff 0000c03f")]]);
  assert.deepEqual([...stored(external({ location: "w.bin", offset: "4", length: "4" }), files).read()], [1.5]);
  assert.deepEqual([...stored(external({ location: "w.bin", offset: "4" }), files).read()], [1.5]);
  assert.throws(() => stored(external({ location: "w.bin", offset: "6", length: "4" }), files), {
    code: "FormatError",
    message: "Tensor 'w' ends at byte 10 of 'w.bin', which has 8 bytes.",
  });
  assert.throws(() => stored(external({ location: "w.bin" })), {
    code: "FormatError",
    message: "Tensor 'w' lies in the file 'w.bin', which is missing beside the model's.",
  });
});

test("files anywhere else, and places that are no numbers, are refused", () => {
  for (const location of ["../w.bin", "/etc/passwd", "a/b", ".hidden", "C:\\w", "", "w\0"]) {
    assert.throws(() => stored(external({ location })), {
      code: "FormatError",
      message: `Tensor 'w' lies in the file ${JSON.stringify(location)}. Only files beside the model's are read: plain names.`,
    });
  }
  assert.throws(() => stored(external({ location: "w.bin", offset: "-4" })), {
    code: "FormatError",
    message: "Tensor 'w' lies at offset \"-4\" of 'w.bin'.",
  });
});

test("too few values, too many, a negative axis, 17 axes and texts are refused", () => {
  const refused: readonly (readonly [MessageWriter, string])[] = [
    [
      tensor(FLOAT, [2]).bytes(9, hex("0000c03f")),
      "Tensor 'w' of shape (2,) and type float32 takes 8 bytes, but the ONNX file has 4.",
    ],
    [tensor(FLOAT, [2]), "Tensor 'w' of shape (2,) has too few values in the ONNX file."],
    [tensor(INT64, [3]).integers(7, [1, 2]), "Tensor 'w' of shape (3,) has too few values in the ONNX file."],
    [tensor(FLOAT, [-1]), "Tensor 'w' of the ONNX file has the shape (-1,)."],
    [tensor(FLOAT, Array<number>(17).fill(1)), "A tensor of the ONNX file has more than 16 axes."],
  ];
  for (const [message, problem] of refused) {
    assert.throws(
      () => stored(message),
      (error: Error) => {
        assert.equal(error.message, problem);
        return true;
      },
    );
  }
  assert.throws(() => stored(tensor(INT64, [1]).integers(7, [1, 2])).read(), {
    message: "Tensor 'w' of shape (1,) has 2 values in the ONNX file.",
  });
  assert.throws(() => stored(tensor(STRING, [1]).bytes(9, hex("61"))), {
    code: "UnsupportedError",
    message: "Tensors of type type 8 are not read.",
  });
});

/** Which values share memory. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Storage } from "../../../src/engine/plan/storage.ts";
import type { EngineOperation, SelectedConvolution } from "../../../src/engine/operations.ts";

const ADD = { kind: "sum", bounds: undefined } as const;
const CLAMP = { kind: "clamp", bounds: { low: 0, high: 6 } } as const;

/** A convolution of one pixel of 16 channels. Its weights do not matter here. */
function convolution(input: number, output: number, residual?: number): SelectedConvolution {
  const pixel = { rows: 1, cols: 1, channels: 16 };
  const unit = { rows: 1, cols: 1, strides: [1, 1], dilation: [1, 1] } as const;
  const pads = [
    [0, 0],
    [0, 0],
  ] as const;
  return {
    kind: "convolution",
    name: "c",
    input,
    output,
    residual,
    from: pixel,
    to: pixel,
    window: { ...unit, pads },
    groups: 1,
    bias: undefined,
    affines: [],
    bounds: undefined,
  } as Partial<SelectedConvolution> as SelectedConvolution;
}

/** The buffer of every value. Value 0 is the input, the last one the output; all have 64 bytes but where `sizes` says otherwise. */
function buffers(list: readonly EngineOperation[], sizes: Readonly<Record<number, number>> = {}): readonly number[] {
  const output = list.at(-1)?.output ?? 0;
  const bytes = Array.from({ length: output + 1 }, (_, value) => sizes[value] ?? 64);
  const storage = new Storage(list, bytes, { inputs: [0], outputs: [output] });
  return bytes.map((_, value) => storage.bufferOf(value));
}

describe("storage", () => {
  it("a result takes the place of an input that is not needed any more", () => {
    assert.deepEqual(buffers([{ ...CLAMP, input: 0, output: 1 }]), [0, 0]);
    assert.deepEqual(buffers([convolution(0, 1), { ...ADD, inputs: [1, 0], output: 2 }]), [0, 1, 1]);
    assert.deepEqual(buffers([convolution(0, 1), convolution(1, 2, 0)]), [0, 1, 0]);
  });

  it("but not of one that is", () => {
    const list = [
      { ...CLAMP, input: 0, output: 1 },
      { ...ADD, inputs: [0, 1], output: 2 },
    ] as const;
    assert.deepEqual(buffers(list), [0, 1, 0]);
    assert.deepEqual(buffers([convolution(0, 1), convolution(1, 2, 1)]), [0, 1, 2], "it reads its input again");
  });

  it("nor of one of another size", () => {
    assert.deepEqual(buffers([convolution(0, 1), { ...ADD, inputs: [0, 1], output: 2 }], { 0: 32 }), [0, 1, 1]);
  });

  it("another shape of a value lies where the value lies, and keeps it", () => {
    const list = [
      { kind: "alias", input: 0, output: 1 },
      convolution(0, 2),
      { ...CLAMP, input: 2, output: 3 },
      { ...ADD, inputs: [3, 1], output: 4 },
    ] as const;
    const storage = new Storage(list, [64, 64, 64, 64, 64], { inputs: [0], outputs: [4] });
    assert.deepEqual(
      [0, 1, 2, 3, 4].map((value) => storage.bufferOf(value)),
      [0, 0, 1, 1, 1],
    );
    assert.deepEqual(storage.buffers, [
      { bytes: 64, from: -1, to: 3 },
      { bytes: 64, from: 1, to: 4 },
    ]);
  });
});

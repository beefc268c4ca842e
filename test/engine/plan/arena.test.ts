/** The arena: buffers that live at the same time lie apart; it takes no more than it must where that is known. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type LiveBuffer, placeBuffers } from "../../../src/engine/plan/arena.ts";
import { Draws } from "../../support/draws.ts";

function aligned(bytes: number): number {
  return Math.ceil(bytes / 64) * 64;
}

/** The bytes of all buffers that live during an operation. */
function demand(buffers: readonly LiveBuffer[], operation: number): number {
  return buffers
    .filter(({ from, to }) => from <= operation && to >= operation)
    .reduce((sum, { bytes }) => sum + aligned(bytes), 0);
}

describe("the arena", () => {
  it("of 300 random sets of buffers: aligned, apart while they live together, between the largest demand and the sum", () => {
    for (let i = 0; i < 300; i++) {
      const draws = new Draws(`arena ${i}`);
      const buffers = Array.from({ length: draws.whole(1, 30) }, (): LiveBuffer => {
        const from = draws.whole(-1, 12);
        return { bytes: draws.whole(0, draws.one([10, 64, 1000])), from, to: draws.whole(from, 13) };
      });
      const { offsets, bytes } = placeBuffers(buffers);
      assert.equal(offsets.length, buffers.length);
      const ends = buffers.map((buffer, one) => (offsets[one] ?? NaN) + aligned(buffer.bytes));
      for (const [one, a] of buffers.entries()) {
        assert.ok((offsets[one] ?? NaN) % 64 === 0 && (offsets[one] ?? NaN) >= 0, `arena ${i}, buffer ${one}`);
        for (const [other, b] of buffers.slice(0, one).entries()) {
          if (a.from > b.to || b.from > a.to) continue;
          const isApart =
            (ends[one] ?? NaN) <= (offsets[other] ?? NaN) || (ends[other] ?? NaN) <= (offsets[one] ?? NaN);
          assert.ok(isApart, `arena ${i}: buffers ${one} and ${other}`);
        }
      }
      assert.equal(bytes, Math.max(...ends));
      const demands = Array.from({ length: 15 }, (_, at) => demand(buffers, at - 1));
      assert.ok(bytes >= Math.max(...demands), `arena ${i}: ${bytes} bytes for ${Math.max(...demands)}`);
      assert.ok(bytes <= buffers.reduce((sum, buffer) => sum + aligned(buffer.bytes), 0), `arena ${i}: ${bytes} bytes`);
    }
  });

  it("gives the place of what is done with to what comes", () => {
    const buffers = [
      { bytes: 640, from: 0, to: 1 },
      { bytes: 640, from: 2, to: 3 },
      { bytes: 640, from: 1, to: 2 },
      { bytes: 64, from: 3, to: 3 },
    ];
    assert.deepEqual(placeBuffers(buffers), { offsets: [0, 0, 640, 640], bytes: 1280 });
  });

  it("of nothing is nothing", () => {
    assert.deepEqual(placeBuffers([]), { offsets: [], bytes: 0 });
  });
});

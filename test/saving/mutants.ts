/** Files that are nearly right: seeded changes of small files, as fuzzers make them. The same seed gives the same mutant anywhere. */
import { unitAt } from "../../src/core/random.ts";

const EVIL = [
  0n,
  1n,
  0x7fn,
  0xffn,
  0x7fffn,
  0xffffn,
  2n ** 31n - 1n,
  2n ** 31n,
  2n ** 32n - 1n,
  2n ** 53n + 1n,
  2n ** 63n,
  2n ** 64n - 1n,
];
const EVIL_TEXT = [
  "0",
  "-1",
  "1.5",
  "4294967296",
  "9007199254740993",
  "1e308",
  "null",
  "true",
  '"x"',
  "[]",
  "{}",
  '"../x"',
  '"__proto__"',
  '"Lambda"',
  '"InputLayer"',
];

/** Numbers from a seed. */
class Dice {
  readonly #seed: number;
  #rolls = 0;

  constructor(seed: number) {
    this.#seed = seed;
  }

  below(n: number): number {
    return Math.floor(unitAt(this.#seed, this.#rolls++) * n);
  }
}

/** One to four changes; `others` are files to splice from. */
export function mutant(original: Uint8Array, seed: number, others: readonly Uint8Array[]): Uint8Array {
  const dice = new Dice(Math.imul(seed + 1, 0x9e3779b1));
  let bytes: Uint8Array = original.slice();
  for (let changes = 1 + (dice.below(4) >> dice.below(3)); changes > 0; changes--) {
    bytes = changed(bytes, dice, others);
  }
  return bytes;
}

function changed(bytes: Uint8Array, dice: Dice, others: readonly Uint8Array[]): Uint8Array {
  if (bytes.length === 0) return bytes;
  const at = dice.below(bytes.length);
  switch (dice.below(12)) {
    case 0:
      bytes[at] = (bytes[at] ?? 0) ^ (1 << dice.below(8));
      return bytes;
    case 1:
      bytes[at] = dice.below(256);
      return bytes;
    case 2:
      return set(bytes, at - (at % 4), EVIL[dice.below(EVIL.length)] ?? 0n, [1, 2, 4, 8][dice.below(4)] ?? 4);
    // A place in the same file: cycles and overlaps.
    case 3:
      return set(bytes, at - (at % 4), BigInt(dice.below(bytes.length)), [4, 8][dice.below(2)] ?? 8);
    case 4:
      return bytes.subarray(0, at);
    // A part of the same file or another in its place.
    case 5: {
      const from = dice.below(2) === 0 ? bytes : (others[dice.below(others.length)] ?? bytes);
      const start = dice.below(from.length);
      bytes.set(from.slice(start, start + Math.min(1 + dice.below(256), bytes.length - at)), at);
      return bytes;
    }
    // Left out, or twice.
    case 6: {
      const end = Math.min(bytes.length, at + 1 + dice.below(64));
      return joined(bytes.subarray(0, at), bytes.subarray(end));
    }
    case 7: {
      const end = Math.min(bytes.length, at + 1 + dice.below(64));
      return joined(bytes.subarray(0, end), bytes.subarray(at));
    }
    // Two lengths or addresses change places.
    case 8: {
      const size = [4, 8][dice.below(2)] ?? 4;
      const other = dice.below(bytes.length);
      const [a, b] = [at - (at % size), other - (other % size)];
      const first = bytes.slice(a, a + size);
      bytes.copyWithin(a, b, b + size);
      bytes.set(first.subarray(0, Math.max(0, bytes.length - b)), b);
      return bytes;
    }
    default:
      return otherText(bytes, at, dice);
  }
}

/** The next number or quoted text becomes another. */
function otherText(bytes: Uint8Array, at: number, dice: Dice): Uint8Array {
  const window = Buffer.from(bytes.subarray(at, at + 2000)).toString("latin1");
  const found = /-?\d+(?:\.\d+)?|"[^"]{0,60}"|\b(?:true|false|null)\b/.exec(window);
  if (found === null) return bytes;
  const start = at + found.index;
  const text = Buffer.from(EVIL_TEXT[dice.below(EVIL_TEXT.length)] ?? "0");
  return joined(bytes.subarray(0, start), text, bytes.subarray(start + found[0].length));
}

function set(bytes: Uint8Array, at: number, value: bigint, size: number): Uint8Array {
  for (let i = 0; i < size && at + i < bytes.length; i++) bytes[at + i] = Number((value >> BigInt(8 * i)) & 255n);
  return bytes;
}

function joined(...parts: readonly Uint8Array[]): Uint8Array {
  return new Uint8Array(Buffer.concat(parts));
}

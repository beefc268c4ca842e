/**
 * Carries a plan out without its numbers: in every place of the arena stands whose content it is. What the operations do to memory is
 * said here anew, from their meaning, so that the planner's own idea of lifetimes is not asked.
 */
import assert from "node:assert/strict";
import type { EngineOperation, MixedOperation } from "../../../src/engine/operations.ts";
import type { Plan } from "../../../src/engine/plan/plan.ts";
import type { Convolution, Operations } from "../../../src/lowering/operations.ts";

/** Bytes that one mark stands for. */
const CELL = 4;
const NOBODY = -1;
/** The row of zeros: written once at the start. */
const ZEROS = -2;
/** What operations leave behind that is of no use to others. */
const REMAINS = -3;
/** Vectors are written whole: so many bytes may change at the end of a value. */
const VECTOR = 16;

interface Place {
  readonly offset: number;
  readonly bytes: number;
}

class Simulation {
  readonly #plan: Plan;
  readonly #bytes: readonly number[] | undefined;
  readonly #given: readonly number[];
  readonly #outputs: readonly number[];
  readonly #marks: Int32Array;
  /** For a value that is another one under another shape, that one. */
  readonly #same = new Map<number, number>();

  constructor(plan: Plan, { bytes, inputs, outputs }: Operations<MixedOperation>) {
    this.#plan = plan;
    this.#bytes = bytes;
    this.#given = inputs;
    this.#outputs = outputs;
    this.#marks = new Int32Array(Math.ceil(plan.bytes / CELL)).fill(NOBODY);
  }

  run(): void {
    const { zeros, inputs, operations, outputs } = this.#plan;
    this.#mark(zeros, ZEROS, "the zeros");
    const given = this.#inputs();
    for (const [i, { address, rows, length, stride }] of inputs.entries()) {
      for (let row = 0; row < rows; row++) {
        this.#mark({ offset: address + row * stride * 4, bytes: length * 4 }, given[i] ?? NOBODY, `input ${i}`);
      }
    }
    for (const [i, operation] of operations.entries()) this.#do(operation, `operation ${i}, ${operation.kind}`);
    for (const [i, { offset, shape }] of outputs.entries()) {
      const value = this.#outputs[i] ?? NOBODY;
      const { bytes } = this.#place(value);
      assert.equal(bytes, product(shape) * 4, "an output is float32");
      this.#expect({ offset, bytes }, this.#content(value), `output ${i}, at the end`);
    }
    this.#expect(zeros, ZEROS, "the zeros, at the end");
  }

  /** The values that the caller writes: a picture that is written between zeros is what the zeros' operation makes. */
  #inputs(): readonly number[] {
    return this.#plan.inputs.map(({ address, stride, length, rows }, i) => {
      const around = this.#plan.operations.find(
        (one) => one.kind === "pad" && one.input === one.output && this.#contains(one.output, address),
      );
      assert.ok(around !== undefined || (rows === 1 && stride === length), "only a picture between zeros has gaps");
      return around?.output ?? this.#given[i] ?? NOBODY;
    });
  }

  #contains(value: number, address: number): boolean {
    const { offset, bytes } = this.#place(value);
    return address >= offset && address < offset + bytes;
  }

  #place(value: number): Place {
    const { offsets, shapes } = this.#plan;
    return { offset: offsets[value] ?? NaN, bytes: product(shapes[value] ?? []) * (this.#bytes?.[value] ?? 4) };
  }

  #content(value: number): number {
    return this.#same.get(value) ?? value;
  }

  #do(operation: EngineOperation, what: string): void {
    const output = this.#place(operation.output);
    if (operation.kind === "alias") {
      this.#read(operation.input, what);
      assert.deepEqual(output, this.#place(operation.input), `${what}: lies where its input lies`);
      this.#same.set(operation.output, this.#content(operation.input));
      return;
    }
    if (operation.kind === "pad" && operation.input === operation.output) {
      const { from, pads } = operation;
      const stride = (from.cols + pads[1][0] + pads[1][1]) * from.channels * 4;
      for (let row = 0; row < from.rows; row++) {
        const offset = output.offset + (pads[0][0] + row) * stride + pads[1][0] * from.channels * 4;
        this.#expect({ offset, bytes: from.cols * from.channels * 4 }, operation.output, `${what}: the picture within`);
      }
    } else {
      for (const value of readsOf(operation)) {
        this.#read(value, what);
        const from = this.#place(value);
        const isSame: boolean = from.offset === output.offset && from.bytes === output.bytes;
        const isAllowed: boolean = isSame && overwritesOf(operation).includes(value);
        assert.ok(isAllowed || areApart(from, output), `${what}: writes over value ${value} while it reads it`);
      }
    }
    const working = this.#workingMemory(operation, what);
    for (const [i, place] of working.entries()) {
      const others: readonly Place[] = [...readsOf(operation), operation.output].map((value) => this.#place(value));
      for (const other of [...others, ...working.slice(0, i)]) {
        assert.ok(areApart(place, other), `${what}: its working memory is in the way`);
      }
      this.#mark(place, REMAINS, what);
    }
    for (const convolution of [...links(operation), ...(operation.kind === "convolution" ? [operation] : [])]) {
      if (convolution.window.pads[0].every((rows) => rows === 0)) continue;
      const { cols, channels } = convolution.from;
      assert.ok(
        this.#plan.zeros.bytes >= cols * channels * 4,
        `${what}: a row of zeros is as long as one of the picture`,
      );
    }
    this.#mark(output, operation.output, what);
  }

  #workingMemory(operation: EngineOperation, what: string): readonly Place[] {
    if (operation.kind === "integer convolution") {
      return [{ offset: this.#plan.scratch, bytes: operation.scratchBytes }];
    }
    if (operation.kind !== "chain") return [];
    assert.equal(operation.kept.length, operation.links.length - 1, what);
    return operation.kept.map(({ rows, value }, i) => {
      const [made, next] = [operation.links[i], operation.links[i + 1]];
      assert.ok(made !== undefined && next !== undefined);
      assert.equal(next.input, made.output, `${what}: each link reads the one before`);
      const reach = (next.window.rows - 1) * next.window.dilation[0] + 1;
      assert.ok(rows >= reach, `${what}: ${rows} rows are kept for a window of ${reach}`);
      const place = this.#place(value);
      assert.equal(place.bytes, operation.pieces * rows * made.to.cols * made.to.channels * 4, what);
      return place;
    });
  }

  #read(value: number, what: string): void {
    this.#expect(this.#place(value), this.#content(value), `${what}: reads value ${value}`);
  }

  #expect({ offset, bytes }: Place, content: number, what: string): void {
    const cells = this.#marks.subarray(offset / CELL, Math.ceil((offset + bytes) / CELL));
    const wrong = cells.find((mark) => mark !== content);
    assert.equal(wrong, undefined, `${what}, expected ${content} at ${offset}`);
  }

  #mark({ offset, bytes }: Place, content: number, what: string): void {
    if (bytes === 0) return;
    assert.ok(offset >= 0 && offset + bytes <= this.#plan.bytes, `${what}: within the arena`);
    const [from, to] = [offset / CELL, Math.ceil((offset + bytes) / CELL)];
    if (content !== ZEROS) assert.ok(!this.#marks.subarray(from, to).includes(ZEROS), `${what}: writes over the zeros`);
    const end = Math.ceil((offset + bytes) / VECTOR) * (VECTOR / CELL);
    if (this.#isWholeVectors(offset)) this.#marks.fill(REMAINS, to, Math.max(to, Math.min(end, this.#marks.length)));
    this.#marks.fill(content, from, to);
  }

  /** The rows that a caller writes between zeros end where they end. */
  #isWholeVectors(offset: number): boolean {
    return offset % 64 === 0;
  }
}

function links(operation: EngineOperation): readonly Convolution[] {
  return operation.kind === "chain" ? operation.links : [];
}

function product(shape: readonly number[]): number {
  return shape.reduce((size, axis) => size * axis, 1);
}

function areApart(a: Place, b: Place): boolean {
  return a.bytes === 0 || b.bytes === 0 || a.offset + a.bytes <= b.offset || b.offset + b.bytes <= a.offset;
}

/** The values that must hold their content when the operation begins. */
export function readsOf(operation: EngineOperation): readonly number[] {
  switch (operation.kind) {
    case "sum":
    case "host":
      return operation.inputs;
    case "convolution":
      return [operation.input, ...(operation.residual === undefined ? [] : [operation.residual])];
    case "integer convolution":
      return [operation.input, ...(operation.residual === undefined ? [] : [operation.residual.value])];
    case "chain": {
      const [first] = operation.links;
      const residuals = operation.links.flatMap(({ residual }) => (residual === undefined ? [] : [residual]));
      return first === undefined ? [] : [first.input, ...residuals];
    }
    default:
      return [operation.input];
  }
}

/** The values whose places its results may take, number for number: it never looks at one again once the result is there. */
function overwritesOf(operation: EngineOperation): readonly number[] {
  switch (operation.kind) {
    case "clamp":
    case "map":
    case "affine":
    case "softmax":
      return [operation.input];
    case "sum":
      return operation.inputs;
    case "convolution":
    case "integer convolution":
      return readsOf(operation).filter((value) => value !== operation.input);
    default:
      return [];
  }
}

/** Asserts that every value is where it is read, as long as it is read, and that outputs are there at the end. */
export function assertHolds(plan: Plan, operations: Operations<MixedOperation>): void {
  new Simulation(plan, operations).run();
}

/** Asserts that the arena is aligned, and neither larger than all of its values together nor smaller than those that are needed at once. */
export function assertSized(plan: Plan, operations: Operations<MixedOperation>): void {
  const bytesOf = (value: number): number => product(plan.shapes[value] ?? []) * (operations.bytes?.[value] ?? 4);
  const root = new Map<number, number>();
  const written = new Map<number, number>();
  const read = new Map<number, number>();
  const size = new Map<number, number>();
  const content = (value: number): number => root.get(value) ?? value;
  const touch = (value: number, at: number): void => {
    const one = content(value);
    if (!written.has(one)) written.set(one, at);
    read.set(one, at);
    size.set(one, bytesOf(one));
  };
  let scratch = 0;
  for (const [i, operation] of plan.operations.entries()) {
    for (const value of readsOf(operation)) {
      // What nobody has made is the caller's, from the start.
      if (!written.has(content(value))) written.set(content(value), -1);
      touch(value, i);
    }
    if (operation.kind === "alias") root.set(operation.output, content(operation.input));
    else touch(operation.output, i);
    if (operation.kind === "chain") for (const { value } of operation.kept) touch(value, i);
    if (operation.kind === "integer convolution") scratch = Math.max(scratch, operation.scratchBytes);
  }
  for (const output of operations.outputs) touch(output, plan.operations.length);
  for (const value of size.keys()) assert.equal((plan.offsets[value] ?? NaN) % 64, 0, `value ${value} is aligned`);
  assert.equal(plan.zeros.offset % 64, 0);
  const aligned = (bytes: number): number => Math.ceil(bytes / 64) * 64;
  const fixed = aligned(scratch) + aligned(plan.zeros.bytes);
  const all = [...size.values()].reduce((sum, bytes) => sum + aligned(bytes), fixed) + 64;
  assert.ok(plan.bytes <= all, `${plan.bytes} bytes for values of ${all}`);
  for (let i = 0; i <= plan.operations.length; i++) {
    const needed = [...size].filter(([value]) => (written.get(value) ?? 0) < i && (read.get(value) ?? 0) >= i);
    const sum = needed.reduce((bytes, [, one]) => bytes + one, scratch + plan.zeros.bytes);
    assert.ok(plan.bytes >= sum, `${plan.bytes} bytes where operation ${i} needs ${sum}`);
  }
}

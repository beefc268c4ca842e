/** The table of training's operations, against random programs: what a kind says of itself is what its code does. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { sizeOf } from "../../../src/core/shape.ts";
import { Tensor } from "../../../src/core/tensor.ts";
import { EngineMemory } from "../../../src/engine/memory/memory.ts";
import { RunWriter } from "../../../src/engine/run-writer.ts";
import { type Backwards, backwards } from "../../../src/engine/training/backward.ts";
import type { Emitter } from "../../../src/engine/training/emit/emitter.ts";
import { COEFFICIENTS, coefficientBytes } from "../../../src/engine/training/coefficients.ts";
import type { Wanted } from "../../../src/engine/training/gradients.ts";
import { type Layout, layOut, livesOf, matrixOf } from "../../../src/engine/training/layout.ts";
import type { Matrix } from "../../../src/engine/training/matrices.ts";
import { type Lowered, lower, rawOf } from "../../../src/engine/training/lower.ts";
import {
  BACKWARD_KINDS,
  FORWARD_KINDS,
  type Operation,
  backwardKind,
  forwardKind,
  kindOf,
} from "../../../src/engine/training/operations/table.ts";
import { TrainingWeights } from "../../../src/engine/training/weights.ts";
import { F32_KERNELS } from "../../../src/kernels/f32/table.ts";
import { TILINGS, type Tiling } from "../../../src/kernels/f32/tilings.ts";
import { TRAINING_KERNELS } from "../../../src/kernels/training/table.ts";
import type { Weight } from "../../../src/layers/weight.ts";
import { i32 } from "../../../src/wasm/instructions.ts";
import { ModuleBuilder } from "../../../src/wasm/module.ts";
import { randomProgram } from "./random-program.ts";

interface Step {
  readonly operation: Operation;
  readonly reads: readonly number[];
  readonly writes: readonly number[];
}

interface Made {
  readonly number: number;
  readonly lowered: Lowered;
  readonly backwards: Backwards;
  readonly layout: Layout;
  readonly forward: readonly Step[];
  readonly backward: readonly Step[];
}

const THREADS = 2;

const made = Array.from({ length: 150 }, (_, number): Made => {
  const { program, shape, training, weights, outputs } = randomProgram(number);
  const lowered = lower(program, [shape], training);
  const back = backwards(lowered, weights, outputs);
  const forward = lowered.list.map((operation): Step => {
    const kind = forwardKind(operation);
    const views = kind.reads(operation, (matrix) => rawOf(lowered, matrix));
    const drawn = kind.drawn?.(operation);
    const reads = [...views.map(({ of }) => of), ...(drawn === undefined ? [] : [drawn.matrix])];
    return { operation, reads, writes: kind.writes(operation) };
  });
  const backward = back.list.map((operation): Step => {
    const kind = backwardKind(operation);
    return { operation, reads: kind.reads(operation), writes: kind.writes(operation) };
  });
  return { number, lowered, backwards: back, layout: layOut(lowered, back, THREADS), forward, backward };
});

interface Touched {
  /** The matrices that the code of an operation, or the host in its place, asks for. */
  readonly all: ReadonlySet<number>;
  /** Those that the host has written. */
  readonly written: ReadonlySet<number>;
  /** The kernels that the code calls. */
  readonly kernels: ReadonlySet<string>;
}

function touched({ operation }: Step, { lowered, backwards: back }: Made, tiling: Tiling = TILINGS.mul): Touched {
  const [all, written, kernels] = [new Set<number>(), new Set<number>(), new Set<string>()];
  const matrix = (number: number): Matrix => matrixOf(number, lowered, back);
  const kind = kindOf(operation);
  const work = kind.onHost?.(operation);
  if (work !== undefined) {
    const read = (number: number): Tensor<Float32Array> => {
      all.add(number);
      const { shape } = matrix(number);
      return new Tensor(shape, new Float32Array(sizeOf(shape)));
    };
    const write = (number: number, data: ArrayLike<number>): void => {
      all.add(number);
      written.add(number);
      assert.equal(data.length, sizeOf(matrix(number).shape));
    };
    work({ read, write, gradient: (weight) => new Float32Array(weight.size) }, { seed: 1 });
    return { all, written, kernels };
  }
  assert.ok(kind.emit, `nothing does '${operation.kind}'`);
  const writer = new RunWriter({ shared: true, separate: false }, (run): Emitter => ({
    ...run,
    tiling,
    weights: new TrainingWeights(new EngineMemory(), tiling),
    matrix,
    address: (number) => {
      all.add(number);
      return number * 4096;
    },
    kernel: (name, make) => {
      const kernel = run.kernel(name, make);
      kernels.add(kernel.name);
      return kernel;
    },
    coefficient: () => 0,
    zeros: 0,
    scratch: i32.const(0),
    workspace: 0,
  }));
  writer.sequence().add((e) => kind.emit?.(e, operation));
  return { all, written, kernels };
}

/** The content of memory, as far as it is known: which matrix lies whole at which bytes. */
class Content {
  readonly #of: Made;
  readonly #whole = new Set<number>();

  constructor(of: Made) {
    this.#of = of;
  }

  has(matrix: number): boolean {
    return this.#whole.has(matrix);
  }

  write(matrix: number): void {
    const [from, to] = this.#bytes(matrix);
    for (const other of this.#whole) {
      const [start, end] = this.#bytes(other);
      if (start < to && from < end) this.#whole.delete(other);
    }
    this.#whole.add(matrix);
  }

  #bytes(matrix: number): readonly [from: number, to: number] {
    const { lowered, backwards: back, layout } = this.#of;
    const from = layout.offsets[matrix] ?? NaN;
    return [from, from + sizeOf(matrixOf(matrix, lowered, back).shape) * 4];
  }
}

/** The weights that an operation has a part of the gradient of. */
function partsOf(operation: Operation): readonly (readonly [Weight | undefined, Wanted])[] {
  switch (operation.kind) {
    case "convolution gradient": {
      const { forward, kernel, bias, input } = operation;
      return [[forward.kernel, kernel], [forward.bias, bias], ...(input?.reductions ?? []).flatMap(partsOf)];
    }
    case "reduction": {
      const { layer } = operation.scaling;
      const named = (name: string): Weight | undefined => layer?.weights.find((weight) => weight.name.endsWith(name));
      return [
        [named("gamma"), operation.gamma],
        [named("beta"), operation.beta],
      ];
    }
    case "host gradient":
      return operation.weights.map(({ weight, wanted }) => [weight, wanted]);
    default:
      return [];
  }
}

function without(some: ReadonlySet<number>, others: ReadonlySet<number>): readonly number[] {
  return [...some].filter((one) => !others.has(one));
}

describe("the table of training's operations", () => {
  it("random programs have operations of all kinds", () => {
    const kinds = made.flatMap(({ forward, backward }) =>
      [...forward, ...backward].map(({ operation }) => operation.kind),
    );
    const all = [...Object.keys(FORWARD_KINDS), ...Object.keys(BACKWARD_KINDS)];
    assert.deepEqual([...new Set<string>(kinds)].toSorted(), all.toSorted());
    assert.equal(new Set(all).size, all.length, "no two kinds have a name");
  });

  it("code and host touch just what an operation says that it reads and writes", () => {
    for (const of of made) {
      for (const step of [...of.forward, ...of.backward]) {
        const { all, written } = touched(step, of);
        const said = new Set([...step.reads, ...step.writes]);
        assert.deepEqual(without(all, said), [], `${of.number}: '${step.operation.kind}' says too little`);
        // Fewer are touched if a layer's weights alone make its gradient.
        if (step.operation.kind !== "host gradient") {
          assert.deepEqual(without(said, all), [], `${of.number}: '${step.operation.kind}' says too much`);
        }
        assert.deepEqual(without(written, new Set(step.writes)), []);
      }
    }
  });

  it("code calls kernels of the tables alone, but for those that have a picture's shape in their code", () => {
    const listed = new Set([...F32_KERNELS, ...TRAINING_KERNELS].map((make) => make(new ModuleBuilder()).name));
    const called = new Set<string>();
    for (const tiling of Object.values(TILINGS)) {
      for (const of of made.slice(0, 40)) {
        for (const step of [...of.forward, ...of.backward]) {
          for (const name of touched(step, of, tiling).kernels) if (!name.includes("dwconv")) called.add(name);
        }
      }
    }
    assert.ok(called.size > 50);
    assert.deepEqual(
      [...called].filter((name) => !listed.has(name)),
      [],
    );
  });

  it("in memory, whatever is read was written before, and nothing was written over it since", () => {
    for (const of of made) {
      const { lowered, backwards: back, forward, backward, number } = of;
      const content = new Content(of);
      const run = ({ operation, reads, writes }: Step): void => {
        for (const matrix of reads) {
          assert.ok(content.has(matrix), `${number}: '${operation.kind}' reads ${matrix}, which is not there`);
        }
        for (const matrix of writes) content.write(matrix);
        // Blocks are read and written one after the other: what is read has to stay until all are done.
        for (const matrix of [...reads, ...writes]) {
          assert.ok(content.has(matrix), `${number}: '${operation.kind}' writes over ${matrix}`);
        }
      };
      for (const input of lowered.inputs) content.write(input);
      for (const operation of lowered.list) {
        const drawn = forwardKind(operation).drawn?.(operation);
        if (drawn !== undefined) content.write(drawn.matrix);
      }
      for (const step of forward) run(step);
      for (const { matrix, logits = matrix } of lowered.outputs) {
        assert.ok(content.has(matrix) && content.has(logits), `${number}: an output`);
      }
      for (const { gradient } of back.seeds) content.write(gradient);
      for (const step of backward) run(step);
      for (const gradient of back.outputs) {
        assert.ok(gradient === undefined || content.has(gradient), `${number}: the gradient of an output`);
      }
    }
  });

  it("matrices lie apart from what lasts for the whole step: coefficients, zeros and the threads' scratch memory", () => {
    for (const { lowered, backwards: back, layout, number } of made) {
      const { scalings, zeros, scratch } = layout;
      const lasting = [
        ...lowered.scalings.map(
          (scaling, i) => [scalings[i] ?? NaN, coefficientBytes(scaling) * COEFFICIENTS.length] as const,
        ),
        [zeros.offset, zeros.bytes] as const,
        [scratch.offset, scratch.bytes * THREADS] as const,
      ].filter(([, bytes]) => bytes > 0);
      for (const [i, [from, bytes]] of lasting.entries()) {
        assert.ok(from + bytes <= layout.bytes);
        const isApart = (start: number, size: number): boolean => start + size <= from || from + bytes <= start;
        assert.ok(
          lasting.slice(i + 1).every((other) => isApart(...other)),
          `${number}`,
        );
        for (const [matrix, life] of livesOf(lowered, back).entries()) {
          const size = life.from > life.to ? 0 : sizeOf(matrixOf(matrix, lowered, back).shape) * 4;
          assert.ok(isApart(layout.offsets[matrix] ?? NaN, size), `${number}: matrix ${matrix}`);
        }
      }
    }
  });

  it("of the parts of a weight's gradient the first one is written, and the others are added", () => {
    for (const { backward, number } of made) {
      const begun = new Set<object>();
      for (const { operation } of backward) {
        for (const [weight, wanted] of partsOf(operation)) {
          if (weight === undefined || wanted === "no") continue;
          assert.equal(wanted, begun.has(weight) ? "added" : "first", `${number}: '${operation.kind}'`);
          begun.add(weight);
        }
      }
    }
  });
});

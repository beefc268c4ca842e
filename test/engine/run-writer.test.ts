/** What compilers write modules with: stages in order, steps of the host between runs, kernels that are made once. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type RunEmitter, RunWriter, type Stage, isRun } from "../../src/engine/run-writer.ts";
import { runStages } from "../../src/engine/session.ts";
import { CONTROL_BYTES } from "../../src/engine/threads/shares.ts";
import { i32 } from "../../src/wasm/instructions.ts";

interface Step {
  readonly kind: "step";
  readonly name: string;
}

const step = (name: string): Step => ({ kind: "step", name });
const kinds = (stages: readonly Stage<Step>[]): string[] =>
  stages.map((stage) => (isRun(stage) ? stage.name : stage.kind));

function writerOf(options: { shared?: boolean; separate?: boolean } = {}): RunWriter<RunEmitter> {
  return new RunWriter({ shared: false, separate: false, ...options }, (run) => run);
}

/** Multiplies the word at the address by a number and adds another one. */
const change =
  (factor: number, summand: number) =>
  ({ f }: RunEmitter): void => {
    const address = i32.const(CONTROL_BYTES);
    f.store(i32.store(address, i32.add(i32.mul(i32.load(address), i32.const(factor)), i32.const(summand))));
  };

describe("the writer of runs", () => {
  it("what is added becomes one run up to a step of the host, and all is done in order", async () => {
    const writer = writerOf();
    const sequence = writer.sequence<Step>();
    sequence.add(change(1, 2));
    sequence.add(change(10, 3));
    sequence.addHostStep(step("a"));
    sequence.addHostStep(step("b"));
    sequence.add(change(10, 4));
    const stages = sequence.end();
    assert.deepEqual(kinds(stages), ["run_0", "step", "step", "run_1"]);
    assert.deepEqual(writer.runs, stages.filter(isRun));

    const memory = new WebAssembly.Memory({ initial: 2, maximum: 2 });
    const { instance } = await WebAssembly.instantiate(writer.toBytes(), { env: { memory } });
    const words = (): Int32Array => new Int32Array(memory.buffer, CONTROL_BYTES, 1);
    const seen: string[] = [];
    const call = ({ name }: { readonly name: string }): undefined => {
      const run = instance.exports[name];
      assert.ok(typeof run === "function");
      run();
    };
    await runStages({ call, drop: () => undefined }, stages, async ({ name }) => {
      await Promise.resolve();
      seen.push(`${name} ${words()[0]}`);
      words()[0] = (words()[0] ?? 0) + 1;
    });
    assert.deepEqual(seen, ["a 23", "b 24"]);
    assert.deepEqual([...words()], [254]);
  });

  it("several sequences of a module share its kernels, and their runs have names of their own", async () => {
    const writer = writerOf();
    let made = 0;
    const stages = [0, 1].map(() => {
      const sequence = writer.sequence<Step>();
      sequence.add(({ f, ...e }) => {
        const kernel = e.kernel("more", (module) => {
          made++;
          const more = module.function("more");
          change(1, 5)({ ...e, f: more });
          return more;
        });
        f.call(kernel, []);
      });
      return sequence.end();
    });
    assert.equal(made, 1);
    assert.deepEqual(stages.map(kinds), [["run_0"], ["run_1"]]);
    assert.ok(WebAssembly.validate(writer.toBytes()));
  });

  it("separate: every operation is a run of its own", () => {
    const sequence = writerOf({ separate: true }).sequence<Step>();
    for (let i = 0; i < 3; i++) sequence.add(change(1, 1));
    assert.deepEqual(kinds(sequence.end()), ["run_0", "run_1", "run_2"]);
  });

  it("an empty sequence has no stages", () => {
    assert.deepEqual(writerOf().sequence<Step>().end(), []);
  });

  it("a run ends before its shares are too many for the words that count them", () => {
    const writer = writerOf({ shared: true });
    const sequence = writer.sequence<Step>();
    for (let i = 0; i < 200; i++) sequence.add((e) => e.share(128, 1, () => change(1, 1)(e)));
    const shares = sequence.end().map((stage) => (isRun(stage) ? stage.shares : 0));
    assert.ok(shares.length > 1);
    assert.equal(
      shares.reduce((sum, count) => sum + count, 0),
      200 * 128,
    );
    assert.ok(Math.max(...shares) < 16_000);
  });
});

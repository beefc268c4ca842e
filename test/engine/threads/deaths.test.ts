/** What becomes of jobs when workers die or cannot start. */
import assert from "node:assert/strict";
import { mock, test } from "node:test";
import { MobileNetV2 } from "../../../src/applications/mobilenet-v2.ts";
import { MobileNetV2Error } from "../../../src/core/errors.ts";
import { Engine } from "../../../src/engine/engine.ts";
import { ThreadPool } from "../../../src/engine/threads/pool.ts";
import { SharedRuns } from "../../../src/engine/threads/shares.ts";
import { Task } from "../../../src/engine/threads/task.ts";
import { programOf } from "../../../src/graph/program.ts";
import type { ThreadPlatform } from "../../../src/platform/contract.ts";
import { startWorker } from "../../../src/platform/node/workers.ts";
import { i32 } from "../../../src/wasm/instructions.ts";
import { ModuleBuilder } from "../../../src/wasm/module.ts";
import { seedWeights, seededInput } from "../../support/seeded.ts";
import { type Synthetic, expected, synthetic } from "./synthetic.ts";

const SHAPE = { numbers: 5000, most: 100, steps: 20 };

const pause = (milliseconds: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, milliseconds));

interface PoolWithEnds {
  readonly pool: ThreadPool;
  /** What ends its workers. */
  readonly ends: readonly (() => void)[];
  /** Resolves when all workers that were started are ready, or have ended. */
  readonly arrival: () => Promise<unknown>;
}

function isReady(message: unknown): boolean {
  return typeof message === "object" && message !== null && "kind" in message && message.kind === "ready";
}

function poolWithEnds(): PoolWithEnds {
  const ends: (() => void)[] = [];
  const arrivals: Promise<void>[] = [];
  const start: ThreadPlatform["startWorker"] = (program, events) => {
    const { promise, resolve } = Promise.withResolvers<void>();
    arrivals.push(promise);
    const thread = startWorker(program, {
      message: (message) => {
        events.message(message);
        if (isReady(message)) resolve();
      },
      end: (reason) => {
        events.end(reason);
        resolve();
      },
    });
    ends.push(() => thread.stop());
    return thread;
  };
  return { pool: new ThreadPool(start), ends, arrival: () => Promise.all(arrivals) };
}

/** The error of a thread that is known to have ended; one that is only missed comes later and has no cause. */
function assertLost(error: unknown): true {
  assert.ok(error instanceof MobileNetV2Error, String(error));
  assert.equal(error.code, "StateError");
  assert.match(error.message, /^A worker thread ended in the middle/);
  assert.notEqual(error.cause, undefined);
  return true;
}

/** Runs again and again, so that workers are started, and asserts that every result is right. */
async function assertRight(pool: ThreadPool, { task, reset, result }: Synthetic, runs = 30): Promise<void> {
  for (let run = 0; run < runs; run++) {
    reset();
    await pool.exclusively(() => pool.run(task, 0, 2));
    assert.deepEqual(result(), expected(SHAPE));
    await pause(2);
  }
}

/** A task of one share a thread, in which every thread but the first does what `work` says. */
async function hostileTask(
  pool: ThreadPool,
  behave: (f: ReturnType<ModuleBuilder["function"]>) => void,
): Promise<Task> {
  const builder = new ModuleBuilder({ shared: true });
  const runs = new SharedRuns(builder);
  const f = builder.export(builder.function("run_0"));
  const shares = runs.start(f);
  // The first share waits until the other thread has taken the second one: word 0 is set then.
  shares.share(2, 1, (from) => {
    f.if(
      from,
      () => {
        f.store(i32.atomic_store(i32.const(0), i32.const(1)));
        behave(f);
      },
      () => f.repeat(() => undefined, i32.eqz(i32.atomic_load(i32.const(0)))),
    );
  });
  const memory = new WebAssembly.Memory({ initial: 1, maximum: 1, shared: true });
  const module = await WebAssembly.compile(builder.toBytes());
  const task = await Task.create(module, memory, [{ name: "run_0", shares: shares.count }]);
  pool.add(task);
  return task;
}

test("a worker that traps: the job is an error, the next one is right", async () => {
  const { pool, arrival } = poolWithEnds();
  const good = await synthetic(SHAPE);
  pool.add(good.task);
  await assertRight(pool, good);
  await arrival();
  const bad = await hostileTask(pool, (f) => f.drop(i32.load(i32.const(-4))));
  await assert.rejects(
    pool.exclusively(() => pool.run(bad, 0, 2)),
    assertLost,
  );
  await assertRight(pool, good);
});

test("a worker that is ended in the middle of a share: the job is an error, the next one is right", async () => {
  const { pool, ends, arrival } = poolWithEnds();
  const good = await synthetic(SHAPE);
  pool.add(good.task);
  await assertRight(pool, good);
  await arrival();
  const bad = await hostileTask(pool, (f) => f.repeat(() => undefined, i32.const(1)));
  // This thread has waited by then until the other one has its share.
  setTimeout(() => ends.at(-1)?.(), 50);
  await assert.rejects(
    pool.exclusively(() => pool.run(bad, 0, 2)),
    assertLost,
  );
  await assertRight(pool, good);
  assert.equal(ends.length, 2, "one worker took the other's place");
});

test("workers that end at any moment: every job is right or an error, and then the next one is right", async () => {
  const { pool, ends } = poolWithEnds();
  const fresh = async (): Promise<Synthetic> => {
    const made = await synthetic({ ...SHAPE, rounds: 3 });
    pool.add(made.task);
    return made;
  };
  let current = await fresh();
  await assertRight(pool, current);
  for (let run = 0; run < 20 || (ends.length <= 2 && run < 1000); run++) {
    ends.at(-1)?.();
    current.reset();
    try {
      await pool.exclusively(() => pool.run(current.task, 0, 2));
      assert.deepEqual(current.result(), expected(SHAPE));
    } catch (error) {
      assert.equal((error as { code?: string }).code, "StateError");
      current = await fresh();
      await assertRight(pool, current, 1);
    }
    await pause((run % 20) * 3);
  }
  assert.ok(ends.length > 2, "workers were replaced");
  await assertRight(pool, current);
});

test("workers that cannot start: the calling thread does all; a later start may succeed", async (t) => {
  let now = 0;
  mock.method(performance, "now", () => now);
  t.after(() => mock.restoreAll());
  let starts = 0;
  const start: ThreadPlatform["startWorker"] = (program, events) => {
    starts++;
    if (starts === 1) throw new Error("not today");
    if (starts === 2) {
      queueMicrotask(() => events.end(new Error("nor now")));
      return { post: () => undefined, stop: () => undefined };
    }
    return startWorker(program, events);
  };
  const pool = new ThreadPool(start);
  const good = await synthetic(SHAPE);
  pool.add(good.task);
  await assertRight(pool, good, 6);
  assert.equal(starts, 2, "the third start is not tried at once");
  now += 1000;
  await assertRight(pool, good);
  assert.equal(starts, 3);
});

test("workers that never get ready are not waited for", async () => {
  const pool = new ThreadPool(() => ({ post: () => undefined, stop: () => undefined }));
  const good = await synthetic(SHAPE);
  pool.add(good.task);
  for (let run = 0; run < 3; run++) {
    good.reset();
    const done = pool.exclusively(() => pool.run(good.task, 0, 2)).then(() => "done");
    const waited = new Promise((resolve) => setImmediate(resolve, "waited"));
    assert.equal(await Promise.race([done, waited]), "done");
    assert.deepEqual(good.result(), expected(SHAPE));
  }
});

test("an engine whose threads end at any moment answers right or with an error, and right the next time", async () => {
  const { pool, ends } = poolWithEnds();
  const model = await MobileNetV2({ alpha: 0.35, inputShape: [96, 96, 3], weights: null });
  seedWeights(model, "threads");
  const x = seededInput("threads", [8, 96, 96, 3]);
  using alone = await Engine.create(programOf(model.graph));
  using engine = await Engine.create(programOf(model.graph), { threads: 3, pool });
  const right = await alone.run([x]);
  for (let run = 0; run < 12; run++) {
    await pause(40);
    const asked = engine.run([x]);
    queueMicrotask(() => {
      for (const end of ends.slice(-2)) end();
    });
    await asked.then(
      (y) => assert.deepEqual(y, right),
      (error: { code?: string }) => assert.equal(error.code, "StateError"),
    );
    assert.deepEqual(await engine.run([x]), right);
  }
});

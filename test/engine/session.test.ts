/** What an engine keeps from run to run: plans by shape, one memory, turns, and what becomes of all that when something goes wrong. */
import assert from "node:assert/strict";
import { afterEach, describe, it, mock } from "node:test";
import { MobileNetV2Error } from "../../src/core/errors.ts";
import type { Dims } from "../../src/core/shape.ts";
import type { Place } from "../../src/engine/memory/place.ts";
import { RunWriter } from "../../src/engine/run-writer.ts";
import { type Compiled, type Preparation, type Prepared, Session } from "../../src/engine/session.ts";
import { ThreadPool } from "../../src/engine/threads/pool.ts";
import { i32 } from "../../src/wasm/instructions.ts";

interface Plan {
  readonly shape: string;
  readonly bytes: number;
}

type Made = Prepared<Plan, object, Compiled>;

/** Plans of one run that fills the working memory with ones. `asked` says what was planned, and for how many threads that share. */
function preparation(changed: Partial<Preparation<Plan, object, Compiled>> = {}): {
  readonly asked: string[];
  readonly of: Preparation<Plan, object, Compiled>;
} {
  const asked: string[] = [];
  return {
    asked,
    of: {
      name: "test engine",
      plansKept: 2,
      hosted: false,
      weightBytes: 0,
      weights: () => ({}),
      plan: (shapes, { shared, threads }) => {
        const shape = shapes.map((dims) => dims.join("x")).join(", ");
        asked.push(shared ? `${shape} by ${threads}` : shape);
        return { shape, bytes: (shapes[0]?.[0] ?? 0) * 1024 };
      },
      reserve: () => undefined,
      compile: ({ bytes }, { place: { shared } }, arena) => {
        const writer = new RunWriter({ shared, separate: false }, (run) => run);
        const sequence = writer.sequence();
        sequence.add((e) => e.share(1, 1, () => e.f.fill(i32.const(arena), i32.const(bytes))));
        sequence.end();
        return { bytes: writer.toBytes(), runs: writer.runs };
      },
      ...changed,
    },
  };
}

const alone = { threads: 1, pool: undefined };
const use = (session: Session<Plan, object, Compiled>, ...shape: Dims): Promise<Made> =>
  session.run([shape], (made) => Promise.resolve(made));

/** Memory can be shared up to so many pages. */
function limitSharedMemory(most: number): void {
  const { Memory } = WebAssembly;
  mock.property(
    WebAssembly,
    "Memory",
    class extends Memory {
      constructor(descriptor: WebAssembly.MemoryDescriptor) {
        const isTooLarge = descriptor.shared === true && (descriptor.maximum ?? 0) > most;
        if (isTooLarge) throw new RangeError("could not allocate memory");
        super(descriptor);
      }
    },
  );
}

describe("a session", () => {
  afterEach(() => mock.restoreAll());

  it("keeps plans by the shapes of inputs; the one that was used least recently goes", async () => {
    const { asked, of } = preparation();
    const session = new Session(of, alone);
    const first = await use(session, 1);
    await use(session, 2);
    assert.equal(await use(session, 1), first);
    await use(session, 3);
    assert.equal(await use(session, 1), first);
    assert.deepEqual(asked, ["1", "2", "3"]);
    await use(session, 2);
    await use(session, 3);
    assert.deepEqual(asked, ["1", "2", "3", "2", "3"]);
    session.dispose();
  });

  it("drops the code of plans that go, and of all when it is disposed of", async () => {
    const session = new Session(preparation().of, alone);
    const dropped: string[] = [];
    for (const size of [1, 2, 3, 4]) {
      const { code, plan } = await use(session, size);
      mock.method(code, "drop", () => dropped.push(plan.shape));
    }
    assert.deepEqual(dropped, ["1", "2"]);
    session.dispose();
    await new Promise(setImmediate);
    assert.deepEqual(dropped, ["1", "2", "3", "4"]);
  });

  it("plans share a memory, and reserve what they keep before the working memory", async () => {
    const firsts: boolean[] = [];
    const { of } = preparation({ reserve: (_plan, _store, isFirst) => firsts.push(isFirst) });
    const session = new Session(of, alone);
    assert.equal(session.memoryBytes, 0);
    const [a, b] = [await use(session, 1), await use(session, 2)];
    assert.equal(a.store, b.store);
    assert.equal(a.arena, b.arena);
    assert.deepEqual(firsts, [true, false]);
    assert.equal(session.memoryBytes, a.store.place.memory.bytes);
    session.dispose();
  });

  for (const where of ["plan", "reserve", "compile"] as const) {
    it(`does not remember a preparation that failed in ${where}: the next call tries again`, async () => {
      const { of } = preparation();
      let failures = 2;
      const failing = (): void => {
        if (failures-- > 0) throw new MobileNetV2Error("ValueError", "not today");
      };
      const wrapped: Preparation<Plan, object, Compiled> = {
        ...of,
        plan: (...given) => (where === "plan" && failing(), of.plan(...given)),
        reserve: () => where === "reserve" && failing(),
        compile: (...given) => (where === "compile" && failing(), of.compile(...given)),
      };
      const session = new Session(wrapped, alone);
      await assert.rejects(use(session, 1), /not today/);
      await assert.rejects(use(session, 1), /not today/);
      assert.equal((await use(session, 1)).plan.shape, "1");
      session.dispose();
    });
  }

  it("tries with one thread if shared memory is full, stays with it, and gives the shared memory back", async () => {
    limitSharedMemory(1024);
    const { asked, of } = preparation();
    const session = new Session(of, { threads: 2, pool: new ThreadPool() });
    const small = await use(session, 1);
    assert.equal(small.store.place.shared, true);
    const release = mock.method(small.store.place as Required<Place>, "release");
    // 64 MiB are all that can be shared.
    const large = await use(session, 80_000);
    assert.equal(large.store.place.shared, false);
    assert.equal(release.mock.callCount(), 1);
    assert.equal((await use(session, 1)).store, large.store);
    assert.deepEqual(asked, ["1 by 2", "80000 by 2", "80000", "1"]);
    session.dispose();
  });

  it("lets no two runs overlap while it falls back to one thread", async () => {
    limitSharedMemory(1024);
    const session = new Session(preparation().of, { threads: 2, pool: new ThreadPool() });
    const events: string[] = [];
    const slowly = (name: string) => async (): Promise<void> => {
      events.push(`${name} begins`);
      await new Promise((resolve) => setTimeout(resolve, 5));
      events.push(`${name} ends`);
    };
    const first = session.run([[80_000]], slowly("first"));
    // By now it may be anywhere in its preparation.
    const others: Promise<void>[] = [];
    for (let i = 0; i < 20; i++) {
      others.push(session.run([[1]], slowly(`${i}`)));
      await Promise.resolve();
    }
    await Promise.all([first, ...others]);
    assert.deepEqual(
      events,
      ["first", ...others.keys()].flatMap((name) => [`${name} begins`, `${name} ends`]),
    );
    session.dispose();
  });

  it("says in the engine's words that memory is not enough even for one thread, and keeps the plans that fit", async () => {
    const full = new MobileNetV2Error("LimitError", "full");
    const { asked, of } = preparation({
      reserve: ({ shape }) => {
        if (shape === "9") throw full;
      },
      tooLarge: ({ shape }, [dims], cause) => new RangeError(`${shape} ${dims?.[0]}`, { cause }),
    });
    const session = new Session(of, alone);
    const fits = await use(session, 1);
    await assert.rejects(use(session, 9), { name: "RangeError", message: "9 9", cause: full });
    assert.equal(await use(session, 1), fits);
    assert.deepEqual(asked, ["1", "9"]);
    session.dispose();
  });

  it("begins anew after a thread was lost or code has trapped, and not after an error of the caller's", async () => {
    const { asked, of } = preparation();
    const session = new Session(of, alone);
    const failing = (reason: Error): Promise<void> => session.run([[1]], () => Promise.reject(reason));
    let { store } = await use(session, 1);
    await assert.rejects(failing(new MobileNetV2Error("ValueError", "mine")), /mine/);
    assert.equal((await use(session, 1)).store, store);
    for (const error of [new MobileNetV2Error("StateError", "lost"), new WebAssembly.RuntimeError("trapped")]) {
      await assert.rejects(failing(error), error);
      assert.equal(session.memoryBytes, 0);
      const next = await use(session, 1);
      assert.notEqual(next.store, store);
      ({ store } = next);
    }
    assert.deepEqual(asked, ["1", "1", "1"]);
    session.dispose();
  });

  it("begins anew in a place that was lost between two runs", async () => {
    const session = new Session(preparation().of, alone);
    const { store } = await use(session, 1);
    mock.property(store.place, "isLost", true);
    assert.notEqual((await use(session, 1)).store, store);
    session.dispose();
  });

  it("disposed of during a run: that ends well, the next ones are errors, and only then the memory is given back", async () => {
    const session = new Session(preparation().of, { threads: 2, pool: new ThreadPool() });
    const events: string[] = [];
    const running = session.run([[1]], async ({ store, code, compiled, arena }) => {
      mock.method(store.place as Required<Place>, "release", () => {
        events.push("released");
      });
      session.dispose();
      session.dispose();
      assert.equal(session.memoryBytes, 0);
      await new Promise((resolve) => setTimeout(resolve, 5));
      for (const run of compiled.runs) await code.call(run);
      events.push("ran");
      return [...(await store.place.read(arena, 2))];
    });
    const waiting = use(session, 2);
    await assert.rejects(waiting, { code: "StateError", message: /^The test engine was disposed of/ });
    assert.deepEqual(await running, [0, 0]);
    await assert.rejects(use(session, 1), { code: "StateError" });
    await new Promise((resolve) => setTimeout(resolve, 5));
    assert.deepEqual(events, ["ran", "released"]);
  });
});

/** Things that are made when they are first needed: once, again after a failure, and disposed of whenever that is asked for. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Lazy } from "../../src/core/lazy.ts";

class Thing {
  disposals = 0;

  dispose(): void {
    this.disposals++;
  }
}

/** Makes things, of which it keeps a list; the first `failures` attempts fail. */
function maker(failures = 0): { readonly things: Thing[]; readonly lazy: Lazy<Thing>; attempts: number } {
  const things: Thing[] = [];
  const made = {
    things,
    attempts: 0,
    lazy: new Lazy(async () => {
      await Promise.resolve();
      if (made.attempts++ < failures) throw new Error("not now");
      const thing = new Thing();
      things.push(thing);
      return thing;
    }),
  };
  return made;
}

describe("a lazy thing", () => {
  it("is made once, when it is first asked for", async () => {
    const { lazy, things } = maker();
    assert.deepEqual([lazy.made, things], [undefined, []]);
    const [one, other] = await Promise.all([lazy.get(), lazy.get()]);
    assert.equal(one, other);
    assert.equal(await lazy.made, one);
    assert.equal(await lazy.get(), one);
    assert.deepEqual(things, [one]);
  });

  it("is tried again by the next call if it could not be made", async () => {
    const made = maker(2);
    await assert.rejects(Promise.all([made.lazy.get(), made.lazy.get()]), /not now/);
    assert.equal(made.attempts, 1);
    await assert.rejects(made.lazy.get(), /not now/);
    assert.equal(await made.lazy.get(), made.things[0]);
    assert.equal(made.attempts, 3);
  });

  it("is disposed of for good, as soon as it is made", async () => {
    const { lazy, things } = maker();
    lazy.dispose();
    const making = lazy.get();
    lazy.dispose();
    const thing = await making;
    assert.equal(thing.disposals, 1);
    assert.equal(await lazy.get(), thing);
    assert.equal(things.length, 1);
  });

  it("is made anew once it was released, even if it is released in the making", async () => {
    const { lazy, things } = maker();
    const first = lazy.get();
    lazy.release();
    assert.equal(lazy.made, undefined);
    assert.notEqual(await lazy.get(), await first);
    assert.deepEqual(
      things.map(({ disposals }) => disposals),
      [1, 0],
    );
  });

  it("that could not be made has nothing to dispose of", async () => {
    const { lazy } = maker(1);
    const making = lazy.get();
    lazy.release();
    await assert.rejects(making, /not now/);
    assert.ok((await lazy.get()) instanceof Thing);
  });
});

/** What the getters of public objects give is a copy, or frozen: a program that changes it changes nothing of the object. */
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { Dense, Input, Model, Sequential, Tensor } from "../../src/index.ts";
import type { Layer } from "../../src/public/layers.ts";
import { loadModel } from "../../src/public/saving.ts";
import { doors, tiny } from "../support/doors.ts";
import { enterDoorsPlace } from "../support/doors-place.ts";
import { allExports } from "../support/faces.ts";

/** What is meant to be written to, or belongs to whoever asked for it. */
const OWN = new Set(["History.history", "History.epoch"]);
/** Classes that only the package makes, and those whose instances hold nothing. */
const NOT_MADE = new Set(["Layer", "KerasTensor"]);

/** Changes a list or an object in every way that a program may. */
function change(given: object): void {
  const tries: readonly (() => unknown)[] = Array.isArray(given)
    ? [() => given.pop(), () => given.push("more"), () => (given[0] = "other"), () => (given.length = 0)]
    : [
        () => Reflect.set(given, "more", 1),
        () => Object.keys(given).forEach((key) => Reflect.deleteProperty(given, key)),
      ];
  for (const one of tries) {
    try {
      one();
    } catch (error) {
      // A frozen list refuses, as a tuple of Python's does.
      assert.ok(error instanceof TypeError);
    }
  }
}

/** The names of the properties, own and inherited, that can be read. */
function readable(object: object): readonly string[] {
  const names = new Set<string>();
  for (let at: object | null = object; at !== null && at !== Object.prototype; at = Object.getPrototypeOf(at)) {
    for (const name of Object.getOwnPropertyNames(at)) names.add(name);
  }
  return [...names].filter((name) => name !== "constructor" && name !== "arguments");
}

function isList(value: unknown): value is object {
  return (
    typeof value === "object" &&
    value !== null &&
    (Array.isArray(value) || Object.getPrototypeOf(value) === Object.prototype)
  );
}

/** All lists and plain objects within a value, itself first. */
function listsWithin(value: unknown, depth = 0): readonly object[] {
  if (!isList(value) || depth === 3) return [];
  return [value, ...Object.values(value).flatMap((item) => listsWithin(item, depth + 1))];
}

/** A text that tells whether a value changed; instances are told by their class. */
function seen(value: unknown): string {
  return JSON.stringify(value, (_, item: unknown) =>
    typeof item === "object" && item !== null && !isList(item) ? Object.prototype.toString.call(item) : item,
  );
}

/** Reads a property or, for those that are asked with a call, calls it; undefined if it cannot be read. */
function read(object: object, name: string): unknown {
  try {
    const value: unknown = Reflect.get(object, name);
    return typeof value === "function" && /^(?:getConfig|getState|getWeights|classes)$/.test(name)
      ? Reflect.apply(value, object, [])
      : value;
  } catch {
    return undefined;
  }
}

/** The properties of an object that a program can change by what they give. */
function open(name: string, object: object): readonly string[] {
  return readable(object).filter((property) => {
    if (OWN.has(`${name}.${property}`)) return false;
    const first = seen(read(object, property));
    for (const list of listsWithin(read(object, property))) change(list);
    return seen(read(object, property)) !== first;
  });
}

describe("lists and objects that a program may change", () => {
  let leave: (() => void) | undefined;
  before(async () => {
    leave = await enterDoorsPlace();
  });
  after(() => leave?.());

  it("of an instance of any class belong to the program, or are frozen", async () => {
    const found: string[] = [];
    let walked = 0;
    for (const [name, door] of Object.entries(doors)) {
      const exported = allExports[name];
      if (typeof exported !== "function" || !/^class\b/.test(String(exported)) || NOT_MADE.has(name)) continue;
      if (door.made === undefined && door.args === null) continue;
      const object: unknown =
        door.made === undefined ? Reflect.construct(exported, (await door.args?.()) ?? []) : await door.made();
      walked++;
      found.push(...open(name, Object(object)).map((property) => `${name}.${property}`));
    }
    assert.ok(walked > 70, String(walked));
    assert.deepEqual(found, []);
  });

  it("of tables and of what functions list are frozen, or made anew", () => {
    for (const name of ["checkpoints", "colormaps", "formats", "writers"]) {
      const table = allExports[name];
      assert.ok(Array.isArray(table) && table.every((row) => typeof row === "string" || Object.isFrozen(row)), name);
      assert.ok(Object.isFrozen(table), name);
    }
    for (const name of ["imagenetClasses", "imagenetFiles"]) {
      const list = allExports[name];
      assert.ok(typeof list === "function");
      const first = seen(list());
      for (const one of listsWithin(list())) change(one);
      assert.equal(seen(list()), first);
    }
  });

  it("of layers, tensors and nodes of a model too", () => {
    const model = tiny();
    const [dense] = model.layers;
    assert.ok(dense);
    const tensor = dense.output;
    const things: readonly (readonly [string, object])[] = [
      ["layer", dense],
      ["tensor", tensor],
      ["node", tensor.node],
      ["graph", model.graph],
      ["weight", dense.weight("kernel")],
      ["values", new Tensor([1, 2], Float32Array.of(1, 2))],
    ];
    assert.deepEqual(
      things.flatMap(([name, object]) => open(name, object).map((property) => `${name}.${property}`)),
      [],
    );
  });

  it("model.layers.pop() leaves the model as it was, as in Keras, and the file that it saves opens", async () => {
    const functional = (): Model => {
      const inputs = Input({ shape: [2] });
      const hidden = new Dense({ units: 3 }).apply(inputs);
      return new Model({ inputs, outputs: new Dense({ units: 2 }).apply(hidden) });
    };
    const stack = new Sequential([Input({ shape: [2] }), new Dense({ units: 3 }), new Dense({ units: 2 })]);
    const x = new Tensor([1, 2], Float32Array.of(0.5, -1));
    for (const model of [functional(), stack]) {
      const expected = (await model.predict(x)).data;
      const { layers }: { readonly layers: readonly Layer[] } = model;
      const count = layers.length;
      change(layers);
      assert.equal(model.layers.length, count);
      const again = await loadModel(await model.toBytes());
      assert.deepEqual((await again.predict(x)).data, expected);
      assert.deepEqual((await model.predict(x)).data, expected);
    }
  });

  it("of a program stay the program's: a list that was handed over may change", () => {
    const model = tiny();
    const names = ["a", "b"];
    model.classNames = names;
    names.push("c");
    assert.deepEqual(model.classNames, ["a", "b"]);
    assert.throws(() => Reflect.set(model, "classNames", [1]), { code: "ValueError" });
    const shape = [1, 2];
    const tensor = new Tensor(shape, Float32Array.of(1, 2));
    shape.push(9);
    assert.deepEqual(tensor.shape, [1, 2]);
  });
});

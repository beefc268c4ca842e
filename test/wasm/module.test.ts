import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { features } from "../../src/wasm/features.ts";
import { f32, f32x4, i32, v128 } from "../../src/wasm/instructions.ts";
import { ModuleBuilder } from "../../src/wasm/module.ts";
import { instantiate } from "../support/wasm.ts";

describe("modules made by the assembler", () => {
  it("runs loops and conditions on an imported memory", async () => {
    const module = new ModuleBuilder();
    const f = module.export(module.function("squares"));
    const to = f.param("i32");
    const count = f.param("i32");
    const i = f.local("i32");
    f.times(count, () => {
      f.if(
        i32.and(i, i32.const(1)),
        () => f.store(f32.store(to, f32.mul(f32.convert_i32_s(i), f32.convert_i32_s(i)))),
        () => f.store(f32.store(to, f32.const(-1))),
      );
      f.increase(to, 4);
      f.increase(i, i32.const(1));
    });
    const { call, floats } = await instantiate(module);
    call("squares", 16, 5);
    assert.deepEqual([...floats.subarray(4, 10)], [-1, 1, -1, 9, -1, 0]);
    call("squares", 64, 0);
    assert.equal(floats[16], 0);
  });

  it("copies and fills memory, and stores single lanes", async () => {
    const module = new ModuleBuilder();
    const f = module.export(module.function("move"));
    f.store(v128.store(i32.const(16), f32x4.splat(f32.const(2))));
    f.copy(i32.const(40), i32.const(16), i32.const(12));
    f.fill(i32.const(44), i32.const(4));
    f.store(v128.store32_lane(i32.const(64), f32x4.splat(f32.const(3)), 2, 4));
    const { call, floats } = await instantiate(module);
    call("move");
    assert.deepEqual([...floats.subarray(10, 13)], [2, 0, 2]);
    assert.deepEqual([...floats.subarray(16, 19)], [0, 3, 0]);
  });

  it("calls functions of its own and of the host", async () => {
    const module = new ModuleBuilder();
    const report = module.importFunction("report", ["i32", "f32"]);
    const inner = module.function("inner");
    const value = inner.param("i32");
    inner.call(report, [i32.add(value, i32.const(1)), f32.const(0.5)]);
    const outer = module.export(module.function("outer"));
    outer.call(inner, [i32.const(41)]);
    const seen: number[][] = [];
    const { call } = await instantiate(module, { report: (...values: number[]) => seen.push(values) });
    call("outer");
    assert.deepEqual(seen, [[42, 0.5]]);
  });

  it("refuses a call with the wrong arguments when the module is made", () => {
    const module = new ModuleBuilder();
    const callee = module.function("callee");
    callee.param("i32");
    const caller = module.function("caller");
    assert.throws(() => caller.call(callee, [f32.const(1)]), /callee\(i32\) is called with \(f32\)/);
    assert.throws(() => caller.call(callee, []), /callee\(i32\) is called with \(\)/);
  });

  it("names its functions for profilers", () => {
    const module = new ModuleBuilder();
    module.function("f32_some_kernel");
    const compiled = new WebAssembly.Module(module.toBytes());
    const [names] = WebAssembly.Module.customSections(compiled, "name");
    assert.ok(names && new TextDecoder().decode(names).includes("f32_some_kernel"));
  });

  it("finds SIMD here", () => {
    assert.equal(features().simd, true);
  });
});

/** Packs weights for the matrix kernels inside WebAssembly: 14 MB before the first prediction, when JavaScript would still be slow. */
import type { FunctionBuilder } from "../../wasm/function.ts";
import { f32x4, i32, v128 } from "../../wasm/instructions.ts";
import type { ModuleBuilder } from "../../wasm/module.ts";
import { VECTOR } from "../parts.ts";

/**
 * Cuts the rows of a matrix into panels of columns, and multiplies each column by its scale. All counts are at least 1, all strides are in
 * bytes. Parameters: `to`, `panelStride` (from panel to panel), `from`, `rowStride` (from row to row), `rows`, `panels`, `vectors` (in a
 * row of a panel), `scale` (the address of one float per column).
 */
export function pack(module: ModuleBuilder): FunctionBuilder {
  const f = module.function("f32_pack");
  const to = f.param("i32");
  const panelStride = f.param("i32");
  const from = f.param("i32");
  const rowStride = f.param("i32");
  const rows = f.param("i32");
  const panels = f.param("i32");
  const vectors = f.param("i32");
  const scale = f.param("i32");
  const width = f.local("i32", i32.mul(vectors, i32.const(VECTOR)));
  const target = f.local("i32");
  const row = f.local("i32");
  const rowsLeft = f.local("i32");
  const offset = f.local("i32");
  f.repeat(() => {
    f.set(target, to);
    f.set(row, from);
    f.set(rowsLeft, rows);
    f.repeat(() => {
      f.set(offset, i32.const(0));
      f.repeat(
        () => {
          const scaled = f32x4.mul(v128.load(i32.add(row, offset)), v128.load(i32.add(scale, offset)));
          f.store(v128.store(i32.add(target, offset), scaled));
          f.increase(offset, VECTOR);
        },
        i32.lt_s(offset, width),
      );
      f.increase(target, width);
      f.increase(row, rowStride);
      f.increase(rowsLeft, -1);
    }, rowsLeft);
    f.increase(to, panelStride);
    f.increase(from, width);
    f.increase(scale, width);
    f.increase(panels, -1);
  }, panels);
  return f;
}

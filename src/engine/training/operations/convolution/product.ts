/** Matrix products over a block of pixels, in register tiles, a group of columns after the other. */
import { type GemmVariant, gemm, gemmName } from "../../../../kernels/f32/gemm.ts";
import { tileForColumns } from "../../../../kernels/f32/tilings.ts";
import type { AnyExpr, Expr } from "../../../../wasm/expression.ts";
import { min } from "../../../../wasm/extremes.ts";
import { i32 } from "../../../../wasm/instructions.ts";
import type { Emitter } from "../../emit/emitter.ts";

export interface Product {
  /** The pixels of the block at hand, of all blocks together, and of every block but the last. */
  readonly pixels: Expr<"i32">;
  readonly total: number;
  readonly block: number;
  readonly k: number;
  readonly n: number;
  readonly a: Expr<"i32">;
  /** The address of packed weights. */
  readonly b: number;
  readonly c: Expr<"i32">;
  /** The address of what is added; it may be `c`. */
  readonly add: Expr<"i32"> | undefined;
}

/** Packed weights of so many bytes stay in the cache beside a block. */
const WEIGHT_BYTES = 2 ** 17;

export function emitProduct(e: Emitter, { pixels, total, block, k, n, a, b, c, add }: Product): void {
  const { f, tiling } = e;
  const { rows, columns } = tileForColumns(tiling, n);
  const tiles = f.local("i32", i32.div_u(pixels, i32.const(rows)));
  const first = f.local("i32", a);
  const output = f.local("i32", c);
  const added = add && f.local("i32", add);
  const rests = new Set([Math.min(block, total) % rows, (total % block) % rows].filter((rest) => rest > 0));
  const call = (height: number, count: Expr<"i32">, from: Expr<"i32">, panel: Expr<"i32">, left: Expr<"i32">): void => {
    const variant: GemmVariant = {
      rows: height,
      columns,
      arithmetic: tiling.arithmetic,
      minmax: false,
      add: add !== undefined,
      window: false,
      ragged: n % columns !== 0,
    };
    const kernel = e.kernel(gemmName(variant), (module) => gemm(module, variant));
    const at = (address: Expr<"i32">): Expr<"i32"> =>
      i32.add(address, i32.add(i32.mul(from, i32.const(n * 4)), i32.shl(panel, i32.const(2))));
    const args: AnyExpr[] = [
      count,
      i32.const(k),
      left,
      i32.add(first, i32.mul(from, i32.const(k * 4))),
      i32.const(k * 4),
      // A column's weights, its bias among them, follow those of the columns before it.
      i32.add(i32.const(b), i32.mul(panel, i32.const((k + 1) * 4))),
      at(output),
      i32.const(n * 4),
    ];
    f.call(kernel, added === undefined ? args : [...args, at(added)]);
  };
  const columnsFrom = (panel: Expr<"i32">, left: Expr<"i32">): void => {
    f.if(tiles, () => call(rows, tiles, i32.const(0), panel, left));
    const done = i32.mul(tiles, i32.const(rows));
    for (const rest of rests) {
      const isLeft = i32.eq(i32.sub(pixels, done), i32.const(rest));
      f.if(isLeft, () => call(rest, i32.const(1), done, panel, left));
    }
  };
  const group = Math.max(1, Math.floor(WEIGHT_BYTES / ((k + 1) * 4 * columns))) * columns;
  if (group >= n) columnsFrom(i32.const(0), i32.const(n));
  else {
    const panel = f.local("i32", i32.const(0));
    f.repeat(
      () => {
        columnsFrom(panel, min(i32.sub(i32.const(n), panel), i32.const(group)));
        f.increase(panel, group);
      },
      i32.lt_s(panel, i32.const(n)),
    );
  }
}

/** The gradients of pools: of the mean over a window of pixels, and of the maximum over a whole picture. */
import type { FunctionBuilder } from "../../wasm/function.ts";
import { f32, f32x4, i32, v128 } from "../../wasm/instructions.ts";
import type { ModuleBuilder } from "../../wasm/module.ts";
import { VECTOR } from "../parts.ts";
import { PixelBlock, parameters, vectorAt } from "./parts.ts";

export const POOL_MEAN_GRADIENT = "f32_pool_mean_gradient";

/**
 * Adds `scale` × the gradient of a mean to the gradients of the pixels of its window; windows may overlap. Parameters: `to` (the first
 * pixel of the window), `gradient`, `rows`, `cols` (at least 1), `channels`, `rowSkip` (the bytes from the end of a row of the window to
 * its next row), `scale` (1 / the number of pixels). Pixels have no gaps between them. Up to 3 floats are read beyond the ends.
 */
export function poolMeanGradient(module: ModuleBuilder): FunctionBuilder {
  const f = module.function(POOL_MEAN_GRADIENT);
  const [to, gradient, rows, cols, channels, rowSkip] = parameters(f, 6);
  const scale = f.param("f32");
  const pixels = f.local("i32");
  const block = new PixelBlock(f, pixels, channels);
  const target = block.matrix(to);
  const shares = block.vectors();
  const sums = block.vectors();
  f.repeat(() => {
    f.set(pixels, cols);
    block.each((v) => f.set(vectorAt(sums, v), f32x4.add(v128.load(target, v * VECTOR), vectorAt(shares, v))), {
      before: () => {
        block.load(shares, gradient);
        for (const share of shares) f.set(share, f32x4.mul(share, f32x4.splat(scale)));
      },
      afterPixel: () => block.store(sums, target),
    });
    f.increase(to, rowSkip);
    f.increase(rows, -1);
  }, rows);
  return f;
}

export const POOL_MAX_GRADIENT = "f32_pool_max_gradient";

/**
 * Shares the gradient of each channel's maximum over a whole picture equally among the pixels that have it, as TensorFlow does. Parameters:
 * `pixels`, `channels` (at least 1), `x`, `to`, then for each channel `largest` (the maximum), `gradient`, and `counts` (memory for whole
 * vectors). Up to 3 floats are read beyond the ends.
 */
export function poolMaxGradient(module: ModuleBuilder): FunctionBuilder {
  const f = module.function(POOL_MAX_GRADIENT);
  const [pixels, channels, x, to, largest, gradient, counts] = parameters(f, 7);
  const again = f.local("i32", pixels);
  const start = f.local("i32", x);
  const one = f32x4.splat(f32.const(1));
  f.fill(counts, i32.shl(channels, i32.const(2)));

  const counting = new PixelBlock(f, pixels, channels);
  const counted = counting.matrix(x);
  const [tops, sums] = [counting.vectors(), counting.vectors()];
  counting.each(
    (v) => {
      const isTop = f32x4.eq(v128.load(counted, v * VECTOR), vectorAt(tops, v));
      f.set(vectorAt(sums, v), f32x4.add(vectorAt(sums, v), v128.and(one, isTop)));
    },
    {
      before: () => {
        counting.load(tops, largest);
        counting.load(sums, counts);
      },
      after: () => counting.save(sums, counts),
    },
  );

  const sharing = new PixelBlock(f, again, channels);
  const [from, target] = [sharing.matrix(start), sharing.matrix(to)];
  const shares = sharing.vectors();
  sharing.each(
    (v) => {
      const isTop = f32x4.eq(v128.load(from, v * VECTOR), vectorAt(tops, v));
      f.set(vectorAt(sums, v), v128.and(vectorAt(shares, v), isTop));
    },
    {
      before: () => {
        sharing.load(tops, largest);
        sharing.load(sums, counts);
        sharing.load(shares, gradient);
        for (const [v, share] of shares.entries()) f.set(share, f32x4.div(share, vectorAt(sums, v)));
      },
      afterPixel: () => sharing.store(sums, target),
    },
  );
  return f;
}

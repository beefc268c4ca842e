/** Statistics for normalization by the batch, forwards and backwards, if no convolution gathers them on the way. */
import { addressAt } from "../../emit/emitter.ts";
import { pixelBlocks } from "../blocks.ts";
import { eachBlock } from "../emit/each.ts";
import { emitMoments, emitReduce, emitReduced, emitStatistics, emitThroughTo, partialBytes } from "../emit/scaling.ts";
import type { GradientOf, Reduction } from "../gradients.ts";
import type { Matrix, Scaling } from "../matrices.ts";
import type { BackwardKind, ForwardKind, Needs } from "./kind.ts";

/** The statistics of a matrix. */
export interface Statistics {
  readonly kind: "statistics";
  readonly of: number;
  readonly statistics: readonly Scaling[];
}

export const statistics: ForwardKind<Statistics, never> = {
  reads: ({ of }, raw) => [raw(of)],
  writes: () => [],
  needs: ({ of }, matrix) => partialNeeds(matrix(of)),
  emit: (e, { of, statistics: scalings }) => {
    const { channels } = e.matrix(of);
    const { count } = eachBlock(e, of, ({ pixels, first, block }) =>
      emitMoments(e, { pixels, channels, from: addressAt(e.address(of), first, channels * 4), block }),
    );
    emitStatistics(e, scalings, count);
  },
  // It has no output; its gradient is a part of that of the views that use the statistics.
  gradient: () => undefined,
};

export const reduction: BackwardKind<Reduction> = {
  reads: ({ from: { gradient, view } }) => [gradient, view.of],
  writes: () => [],
  needs: ({ from }, matrix) => partialNeeds(matrix(from.view.of)),
  emit: (e, operation) => {
    const place = { reduction: operation, address: e.workspace };
    const { count } = eachBlock(e, operation.from.view.of, (block) => emitReduce(e, place, block));
    e.barrier();
    emitReduced(e, place, count);
  },
};

/** The gradient of a view becomes that of its matrix. */
export interface Through {
  readonly kind: "through";
  readonly from: GradientOf;
  readonly to: number;
}

export const through: BackwardKind<Through> = {
  reads: ({ from: { gradient, view } }) => [gradient, view.of],
  writes: ({ to }) => [to],
  emit: (e, { from, to }) => {
    const { of } = from.view;
    const { channels } = e.matrix(of);
    eachBlock(e, of, (block) => emitThroughTo(e, from, block, addressAt(e.address(to), block.first, channels * 4)));
  },
};

function partialNeeds({ pixels, channels }: Matrix): Needs {
  return { workspaceBytes: pixelBlocks(pixels, channels).count * partialBytes(channels) };
}

/** Chains of convolutions, row by row: each link makes the rows that the next one needs, in a ring of the last few. */
import type { Expr, Local } from "../../wasm/expression.ts";
import { max, min } from "../../wasm/extremes.ts";
import { i32 } from "../../wasm/instructions.ts";
import { keptBytes } from "../plan/chain.ts";
import { emitConvolutionRow } from "./convolution.ts";
import { type Emitter, addressAt, forEach } from "./emitter.ts";
import type { Convolution } from "../../lowering/operations.ts";
import type { Chain, SelectedConvolution } from "../operations.ts";

export function emitChain(emitter: Emitter, { links, kept, pieces }: Chain): void {
  const { f } = emitter;
  const last = links.at(-1);
  if (last === undefined) return;
  const most = Math.ceil(last.to.rows / pieces);
  emitter.share(last.to.rows, most, (from, count) => {
    const piece = i32.div_u(from, i32.const(most));
    const rings = kept.map(({ rows, value }, i) => {
      const link = links[i] ?? last;
      const address = f.local("i32", addressAt(emitter.address(value), piece, keptBytes(link, rows)));
      return new Ring(emitter, link, rows, address);
    });
    // The first row of each link is found backwards, from that of the last link.
    let start: Expr<"i32"> = from;
    for (const [i, ring] of [...rings.entries()].toReversed()) start = ring.start(links[i + 1] ?? last, start);
    forEach(f, from, count, (y) => emitRow(emitter, links, rings, links.length - 1, y));
  });
}

/** Row `y` of a link, after the rows of the links before it that it needs. */
function emitRow(
  emitter: Emitter,
  links: readonly SelectedConvolution[],
  rings: readonly Ring[],
  index: number,
  y: Expr<"i32">,
): void {
  const link = links[index];
  if (link === undefined) return;
  const { from, to, window } = link;
  const source = rings[index - 1];
  const { f } = emitter;
  if (source !== undefined) {
    const end = i32.add(topRow(link, y), i32.const((window.rows - 1) * window.dilation[0] + 1));
    source.makeUpTo(end, (row) => emitRow(emitter, links, rings, index - 1, row));
  }
  const input = emitter.address(link.input);
  const output = rings[index]?.row(y) ?? addressAt(emitter.address(link.output), y, to.cols * to.channels * 4);
  const residual = link.residual === undefined ? undefined : emitter.address(link.residual);
  emitConvolutionRow(emitter, link, y, {
    input: (row) => source?.row(row) ?? addressAt(input, row, from.cols * from.channels * 4),
    output: f.local("i32", output),
    residual: residual === undefined ? undefined : addressAt(residual, y, to.cols * to.channels * 4),
  });
}

/** The first input row under the window of output row `y`; negative if that is padding. */
function topRow({ window }: Convolution, y: Expr<"i32">): Expr<"i32"> {
  return i32.sub(i32.mul(y, i32.const(window.strides[0])), i32.const(window.pads[0][0]));
}

/** The last rows of a link's output, in a ring that is written over and over. */
class Ring {
  readonly #emitter: Emitter;
  readonly #link: Convolution;
  readonly #rows: number;
  readonly #address: Local<"i32">;
  /** The row that is made next. */
  readonly #next: Local<"i32">;

  constructor(emitter: Emitter, link: Convolution, rows: number, address: Local<"i32">) {
    this.#emitter = emitter;
    this.#link = link;
    this.#rows = rows;
    this.#address = address;
    this.#next = emitter.f.local("i32");
  }

  /** Starts the ring at the first row that `next` needs for its row `y`, and gives the number of that row. */
  start(next: Convolution, y: Expr<"i32">): Expr<"i32"> {
    const { f } = this.#emitter;
    f.set(this.#next, topRow(next, y));
    f.set(this.#next, max(this.#next, i32.const(0)));
    return this.#next;
  }

  row(y: Expr<"i32">): Expr<"i32"> {
    const { to } = this.#link;
    const place = this.#rows === 1 ? i32.const(0) : i32.rem_u(y, i32.const(this.#rows));
    return i32.add(this.#address, i32.mul(place, i32.const(to.cols * to.channels * 4)));
  }

  /** Makes all rows before `end` that the picture has and that are not there yet. */
  makeUpTo(end: Expr<"i32">, make: (row: Local<"i32">) => void): void {
    const { f } = this.#emitter;
    const { rows } = this.#link.to;
    const bound = f.local("i32", min(end, i32.const(rows)));
    f.if(i32.lt_s(this.#next, bound), () =>
      f.repeat(
        () => {
          make(this.#next);
          f.increase(this.#next, 1);
        },
        i32.lt_s(this.#next, bound),
      ),
    );
  }
}

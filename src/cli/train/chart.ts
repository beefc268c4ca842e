/** Curves over epochs as a picture in SVG that is part of a page. */
import { escaped } from "../pages/page.ts";

export interface Curve {
  readonly name: string;
  /** A class of the page's style sheet that gives `stroke`. */
  readonly kind: string;
  /** A value for each epoch; undefined for a gap. */
  readonly values: readonly (number | undefined)[];
}

export interface ChartOptions {
  readonly title: string;
  readonly curves: readonly Curve[];
  /** The first epoch, from 0, of each part after the first. */
  readonly parts: readonly { readonly epoch: number; readonly name: string }[];
  readonly format: (value: number) => string;
  /** The largest value that there can be. */
  readonly most?: number;
}

const [WIDTH, HEIGHT] = [640, 260];
const [LEFT, RIGHT, TOP, BOTTOM] = [56, 12, 26, 44];
const TICKS = 5;

export function chart({ title, curves, parts, format, most }: ChartOptions): string {
  const epochs = Math.max(1, ...curves.map(({ values }) => values.length));
  const known = curves.flatMap(({ values }) => values.filter((value) => value !== undefined && Number.isFinite(value)));
  const all = known.length > 0 ? known.map(Number) : [0, 1];
  const ticks = niceTicks(Math.min(...all), Math.min(most ?? Infinity, Math.max(...all)));
  const [low, high] = [ticks[0] ?? 0, ticks.at(-1) ?? 1];
  const x = (epoch: number): string =>
    (LEFT + (epochs === 1 ? 0.5 : epoch / (epochs - 1)) * (WIDTH - LEFT - RIGHT)).toFixed(1);
  const y = (value: number): string => (TOP + ((high - value) / (high - low)) * (HEIGHT - TOP - BOTTOM)).toFixed(1);
  const lines = ticks.map(
    (tick) =>
      `<line class="grid" x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${y(tick)}" y2="${y(tick)}"/><text x="${LEFT - 8}" y="${y(tick)}" dy=".35em" text-anchor="end">${escaped(format(tick))}</text>`,
  );
  const bounds = parts.map(
    ({ epoch, name }) =>
      `<line class="part" x1="${x(epoch - 0.5)}" x2="${x(epoch - 0.5)}" y1="${TOP}" y2="${HEIGHT - BOTTOM}"/><text x="${x(epoch - 0.5)}" y="${TOP - 10}" text-anchor="middle">${escaped(name)}</text>`,
  );
  const drawn = curves.map(({ name, kind, values }) => {
    const single = values.length === 1 && values[0] !== undefined;
    const mark = single ? `<circle class="${kind} dot" cx="${x(0)}" cy="${y(values[0] ?? 0)}" r="3"/>` : "";
    return `<path class="${kind}" d="${path(values, x, y)}"><title>${escaped(name)}</title></path>${mark}`;
  });
  const legend = curves.map(
    ({ name, kind }) =>
      `<span><svg width="22" height="8" aria-hidden="true"><line class="${kind}" x1="0" x2="22" y1="4" y2="4"/></svg> ${escaped(name)}</span>`,
  );
  return `<figure><figcaption>${escaped(title)} ${legend.join(" ")}</figcaption>
<svg class="chart" viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${escaped(title)} over ${epochs} epochs">
${lines.join("")}${bounds.join("")}${drawn.join("")}
${epochTicks(epochs)
  .map((epoch) => `<text x="${x(epoch - 1)}" y="${HEIGHT - BOTTOM + 18}" text-anchor="middle">${epoch}</text>`)
  .join("")}
<text x="${(LEFT + WIDTH - RIGHT) / 2}" y="${HEIGHT - 6}" text-anchor="middle">epoch</text>
</svg></figure>`;
}

function path(
  values: readonly (number | undefined)[],
  x: (epoch: number) => string,
  y: (value: number) => string,
): string {
  let isOpen = false;
  return values
    .map((value, epoch) => {
      if (value === undefined || !Number.isFinite(value)) {
        isOpen = false;
        return "";
      }
      const command = isOpen ? "L" : "M";
      isOpen = true;
      return `${command}${x(epoch)} ${y(value)}`;
    })
    .join("");
}

/** Round numbers from below the least to above the most. */
function niceTicks(least: number, most: number): readonly number[] {
  const span = most > least ? most - least : Math.max(Math.abs(most), 1) * 0.1;
  const rough = span / TICKS;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = power * ([1, 2, 5, 10].find((factor) => factor * power >= rough) ?? 10);
  const from = Math.floor(least / step + 1e-9);
  const to = Math.max(from + 1, Math.ceil(most / step - 1e-9));
  return Array.from({ length: to - from + 1 }, (_, i) => (from + i) * step);
}

/** The first and the last epoch, and some between; counted from 1. */
function epochTicks(epochs: number): readonly number[] {
  const step = Math.max(1, Math.ceil(epochs / 10));
  const some = Array.from({ length: Math.ceil(epochs / step) }, (_, i) => 1 + i * step);
  return some.at(-1) === epochs || epochs - (some.at(-1) ?? 0) < step / 2 ? some : [...some, epochs];
}

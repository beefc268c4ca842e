/** Latency against accuracy as an SVG: our models as lines of dots, one a width, others as rings and diamonds at the accuracy of their model. */

export interface Dot {
  readonly ms: number;
  readonly top1: number;
  readonly name: string;
  /** Its name is written beside it. */
  readonly named: boolean;
}

export interface Series {
  readonly name: string;
  readonly mark: "dot" | "ring" | "diamond";
  readonly color: string;
  /** Dots of one line are joined. */
  readonly lines: readonly (readonly Dot[])[];
}

const [WIDTH, HEIGHT] = [860, 540];
const PLOT = { left: 62, right: 836, top: 118, bottom: 482 };
const TICKS_MS = [0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100];
const TOP1 = { from: 44, to: 76, step: 4 };

/** Follows the reader's light or dark mode. */
const STYLE = `
  :root { --paper: #ffffff; --ink: #1f2328; --soft: #636c76; --line: #d8dee4; }
  @media (prefers-color-scheme: dark) { :root { --paper: #0d1117; --ink: #e6edf3; --soft: #9198a1; --line: #30363d; } }
  text { font: 12px system-ui, sans-serif; fill: var(--ink); }
  .title { font-size: 15px; font-weight: 600; }
  .soft { fill: var(--soft); }
  .grid { stroke: var(--line); }`;

export function plot(title: string, series: readonly Series[]): string {
  const all = series.flatMap(({ lines }) => lines.flat());
  const [least, most] = [Math.min(...all.map(({ ms }) => ms)), Math.max(...all.map(({ ms }) => ms))];
  const from = Math.log(least / 1.25);
  const to = Math.log(most * 1.6);
  const x = (ms: number): number => PLOT.left + ((Math.log(ms) - from) / (to - from)) * (PLOT.right - PLOT.left);
  const y = (top1: number): number =>
    PLOT.bottom - ((top1 - TOP1.from) / (TOP1.to - TOP1.from)) * (PLOT.bottom - PLOT.top);

  const parts: string[] = [text(PLOT.left, 26, title, 'class="title"')];
  for (let top1 = TOP1.from; top1 <= TOP1.to; top1 += TOP1.step) {
    parts.push(line([PLOT.left, y(top1)], [PLOT.right, y(top1)], 'class="grid"'));
    parts.push(text(PLOT.left - 8, y(top1) + 4, String(top1), 'class="soft" text-anchor="end"'));
  }
  for (const ms of TICKS_MS.filter((tick) => x(tick) >= PLOT.left && x(tick) <= PLOT.right)) {
    parts.push(line([x(ms), PLOT.top], [x(ms), PLOT.bottom], 'class="grid"'));
    parts.push(text(x(ms), PLOT.bottom + 18, String(ms), 'class="soft" text-anchor="middle"'));
  }
  const middle = (PLOT.left + PLOT.right) / 2;
  parts.push(
    text(middle, HEIGHT - 16, "milliseconds a picture, one thread (log scale)", 'class="soft" text-anchor="middle"'),
  );
  const turned = `class="soft" text-anchor="middle" transform="rotate(-90 18 ${round((PLOT.top + PLOT.bottom) / 2)})"`;
  parts.push(text(18, (PLOT.top + PLOT.bottom) / 2, "ImageNet top-1, %", turned));

  for (const { mark, color, lines } of series) {
    const best = Math.max(...lines.flat().map(({ top1 }) => top1));
    for (const dots of lines) {
      if (dots.length > 1) {
        const points = dots.map(({ ms, top1 }) => `${round(x(ms))},${round(y(top1))}`).join(" ");
        parts.push(
          `<polyline points="${points}" fill="none" stroke="${color}" stroke-opacity="0.45" stroke-width="1.5"/>`,
        );
      }
      for (const dot of dots) {
        const at = [x(dot.ms), y(dot.top1)] as const;
        parts.push(MARKS[mark](at, color, dot));
        if (mark !== "diamond" && dot.named) {
          // Below, where nobody is slower and less accurate; the best have room above.
          const above = dot.top1 === best;
          parts.push(
            above
              ? text(at[0], at[1] - 9, dot.name, 'text-anchor="middle"')
              : text(at[0] + 6, at[1] + 15, dot.name, 'text-anchor="start"'),
          );
        }
      }
    }
  }
  parts.push(...peerLabels(series, x, y), legend(series));
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" width="${WIDTH}" height="${HEIGHT}" role="img">
<title>${escaped(title)}</title>
<style>${STYLE}
</style>
<rect width="${WIDTH}" height="${HEIGHT}" fill="var(--paper)"/>
${parts.join("\n")}
</svg>
`;
}

type Point = readonly [number, number];

/** Where slow models that know little would be. */
function legend(series: readonly Series[]): string {
  return series
    .map(({ name, mark, color }, i) => {
      const at = [PLOT.right - 190, PLOT.bottom - 20 - 20 * (series.length - 1 - i)] as const;
      return `${MARKS[mark](at, color)}\n${text(at[0] + 12, at[1] + 4, name, 'class="soft"')}`;
    })
    .join("\n");
}

type Mark = (at: Point, color: string, dot?: Dot) => string;

const MARKS: Readonly<Record<Series["mark"], Mark>> = {
  dot: ([x, y], color, dot) => circle(x, y, `r="4.5" fill="${color}"`, dot),
  ring: ([x, y], color, dot) => circle(x, y, `r="4" fill="var(--paper)" stroke="${color}" stroke-width="2"`, dot),
  diamond,
};

function circle(x: number, y: number, attributes: string, dot: Dot | undefined): string {
  return `<circle cx="${round(x)}" cy="${round(y)}" ${attributes}>${tip(dot)}</circle>`;
}

function diamond([x, y]: Point, color: string, dot?: Dot): string {
  const d = `M${round(x)} ${round(y - 6)}l6 6l-6 6l-6 -6z`;
  return `<path d="${d}" fill="var(--paper)" stroke="${color}" stroke-width="2">${tip(dot)}</path>`;
}

/** What a browser shows of it under the pointer. */
function tip(dot: Dot | undefined): string {
  return dot === undefined
    ? ""
    : `<title>${escaped(`${dot.name}: ${dot.ms.toFixed(2)} ms, ${dot.top1} %`.trim())}</title>`;
}

/**
 * Beside their diamonds where nothing else is: rising from those that are faster than ours at their accuracy, falling from slower ones;
 * from left to right with room between them.
 */
function peerLabels(series: readonly Series[], x: (ms: number) => number, y: (top1: number) => number): string[] {
  const dots = (wanted: Series["mark"]): readonly Dot[] =>
    series.flatMap(({ mark, lines }) => (mark === wanted ? lines.flat() : []));
  const peers = dots("diamond").toSorted((a, b) => a.ms - b.ms);
  const best = Math.max(...peers.map(({ top1 }) => top1));
  const ours = Math.max(...dots("dot").flatMap(({ ms, top1 }) => (top1 === best ? [ms] : [])));
  let free = 0;
  return peers.map(({ ms, top1, name }) => {
    const falls = ms > ours;
    const at = [Math.max(x(ms) + (falls ? 0 : 3), free), y(top1) + (falls ? 18 : -10)] as const;
    free = at[0] + 15;
    return text(at[0], at[1], name, `transform="rotate(${falls ? 52 : -52} ${round(at[0])} ${round(at[1])})"`);
  });
}

function text(x: number, y: number, words: string, attributes: string): string {
  return `<text x="${round(x)}" y="${round(y)}" ${attributes}>${escaped(words)}</text>`;
}

function line([x1, y1]: Point, [x2, y2]: Point, attributes: string): string {
  return `<line x1="${round(x1)}" y1="${round(y1)}" x2="${round(x2)}" y2="${round(y2)}" ${attributes}/>`;
}

function escaped(words: string): string {
  return words.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}

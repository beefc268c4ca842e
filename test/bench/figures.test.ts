import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Running } from "../../bench/engines.ts";
import { goals } from "../../bench/goals.ts";
import { type Series, plot } from "../../bench/plot.ts";
import type { Figures } from "../../bench/report-file.ts";
import { type Result, measure, median, ratio, ratioToOurs } from "../../bench/rounds.ts";
import { engineTable, goalTable, markdownOf, modelTable, textOf } from "../../bench/tables.ts";

const ours = { name: "mobilenet-v2", place: "node", module: "ours.ts", precision: "f32", threads: 1 } as const;

function result(facts: Partial<Result>): Result {
  return { ...ours, firstMs: 50, medianMs: 10, minimumMs: 9, roundMs: [10, 10, 10], difference: 0, ...facts };
}

const figures: Figures = {
  machine: { text: "a machine", date: "2026-01-01" },
  rounds: 3,
  engines: [
    result({}),
    result({ threads: 2, medianMs: 6, roundMs: [6, 6, 6] }),
    result({ name: "LiteRT.js 2.5.3", medianMs: 16, roundMs: [16, 16, 32] }),
    result({ place: "chromium", medianMs: 11, roundMs: [11, 11, 11] }),
  ],
  models: [
    { name: "mobilenetv2_1.00_224", precision: "f32", medianMs: 10, memoryBytes: 15e6 },
    { name: "mobilenetv2_0.35_96", precision: "f32", medianMs: 0.7935, memoryBytes: 7e6 },
  ],
  batch: { singleMs: 10, batchedMs: 9, addedBytes: 0 },
};

describe("rounds", () => {
  it("are interleaved, and their medians and the scores' differences kept", async () => {
    const asked: string[] = [];
    const running = (name: string, times: readonly number[], scores: readonly number[]): Running => ({
      engine: { ...ours, name },
      firstMs: 1,
      scores,
      round: () => {
        asked.push(name);
        return Promise.resolve(times);
      },
      stop: () => Promise.resolve(),
    });
    const engines = [running("mobilenet-v2", [1, 2, 9], [0, 0.5, 1]), running("other", [4, 6, 5], [0, 0.5, 0.75])];
    const [first, second] = await measure(engines, 2, () => undefined);
    assert.deepEqual(asked, ["mobilenet-v2", "other", "mobilenet-v2", "other"]);
    assert.deepEqual([first?.medianMs, first?.minimumMs, first?.roundMs, first?.difference], [2, 1, [2, 2], 0]);
    assert.deepEqual([second?.medianMs, second?.difference], [5, 0.25]);
  });

  it("are compared one by one: a slow one does not count", () => {
    assert.equal(ratio({ roundMs: [2, 4, 100] }, { roundMs: [1, 2, 2] }), 2);
    assert.equal(median([3, 1, 2, 10]), 2.5);
    const [, , peer, page] = figures.engines;
    assert.equal(peer && ratioToOurs(peer, figures.engines), 1.6);
    assert.equal(page && ratioToOurs(page, figures.engines), 1);
  });
});

describe("goals", () => {
  it("are ratios of one run; what it has not measured is undefined", () => {
    const found = new Map(goals(figures).map(({ what, is }) => [what, is]));
    assert.equal(found.get("f32 in Node, of LiteRT.js's f32"), 0.625);
    assert.equal(found.get("f32 in Node on 2 threads, of 1 thread"), 0.6);
    assert.equal(found.get("f32, a picture in a batch of 32, of one alone"), 0.9);
    assert.equal(found.get("int8 in Node, of LiteRT.js's int8"), undefined);
    assert.equal(found.get("f32, the model with the longest time per MAC, of 1.0_224's")?.toFixed(2), "2.00");
  });

  it("are reached or missed", () => {
    const verdicts = new Map(goalTable(figures).map(([what = "", , , verdict]) => [what, verdict]));
    assert.equal(verdicts.get("f32 in Node, of LiteRT.js's f32"), "reached");
    assert.equal(verdicts.get("f32 in Node on 2 threads, of 1 thread"), "missed");
    assert.equal(verdicts.get("int8 in Node, of LiteRT.js's int8"), "not measured");
  });
});

describe("tables", () => {
  it("have an engine a line, with its ratio to ours", () => {
    assert.equal(
      textOf(engineTable(figures, "node")),
      [
        "in Node          numbers  threads  median ms  fastest ms  × ours  first ms  differs by",
        "mobilenet-v2     f32            1      10.00        9.00    1.00        50        0e+0",
        "mobilenet-v2     f32            2       6.00        9.00    1.00        50        0e+0",
        "LiteRT.js 2.5.3  f32            1      16.00        9.00    1.60        50        0e+0",
      ].join("\n"),
    );
  });

  it("have a model a line, with columns for what was measured", () => {
    const [headers, first, , third] = modelTable(figures);
    assert.deepEqual(headers, ["model", "top-1 %", "f32 ms", "f32 GMAC/s", "f32 memory MB"]);
    assert.deepEqual(first, ["mobilenetv2_1.40_224", "75.0"]);
    assert.deepEqual(third, ["mobilenetv2_1.00_224", "71.8", "10.00", "30.1", "15.0"]);
  });

  it("become Markdown with numbers to the right", () => {
    const table = [
      ["what", "ms"],
      ["a", "1.5"],
    ];
    assert.equal(markdownOf(table), "| what | ms |\n| --- | --: |\n| a | 1.5 |");
  });
});

describe("plot", () => {
  const series: readonly Series[] = [
    {
      name: "ours",
      mark: "dot",
      color: "#00f",
      lines: [
        [
          { ms: 1, top1: 50, name: "small", named: false },
          { ms: 10, top1: 72, name: "a < b", named: true },
        ],
      ],
    },
    {
      name: "peers",
      mark: "diamond",
      color: "#f00",
      lines: [[{ ms: 4, top1: 72, name: "fast", named: true }], [{ ms: 20, top1: 72, name: "slow", named: true }]],
    },
  ];

  it("joins our dots, marks the peers, and labels them where there is room", () => {
    const svg = plot("Time & accuracy", series);
    assert.equal(svg.match(/<polyline/g)?.length, 1);
    // One of each for the legend.
    assert.equal(svg.match(/<circle/g)?.length, 3);
    assert.equal(svg.match(/<path/g)?.length, 3);
    assert.ok(svg.includes("Time &amp; accuracy") && svg.includes("a &lt; b"));
    assert.match(svg, /rotate\(-52 [^>]*>fast</);
    assert.match(svg, /rotate\(52 [^>]*>slow</);
  });

  it("stays within its frame", () => {
    const places = [...plot("t", series).matchAll(/\bc?x="([\d.-]+)"/g)].map(([, x]) => Number(x));
    assert.ok(places.length > 0 && places.every((x) => x >= 0 && x <= 860), String(places));
  });
});

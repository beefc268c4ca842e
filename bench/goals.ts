/** What the engine is to reach, as ratios of figures of one run: machines differ and are noisy. */
import { checkpoints } from "../src/applications/checkpoints.ts";
import { OURS, type Place } from "./engines.ts";
import type { Precision } from "./peer.ts";
import type { Figures } from "./report-file.ts";
import { type Result, ratio } from "./rounds.ts";

export interface Goal {
  readonly what: string;
  readonly at: number;
  /** Undefined where the run has not measured it. */
  readonly is: number | undefined;
  readonly unit: "×" | "ms" | "MB";
}

export function isReached({ is, at }: Goal): boolean {
  return is !== undefined && is <= at;
}

const PLACES = { node: "Node", chromium: "Chromium" } as const;

export function goals(figures: Figures): readonly Goal[] {
  const { engines, models, batch } = figures;
  const find = (start: string, place: Place, precision: Precision, threads = 1): Result | undefined =>
    engines.find(
      (one) =>
        (start === OURS ? one.name === OURS : one.name.startsWith(start)) &&
        one.place === place &&
        one.precision === precision &&
        one.threads === threads,
    );
  const of = (a: Result | undefined, b: Result | undefined): number | undefined => a && b && ratio(a, b);
  const both = (goal: (place: Place, name: string) => readonly Goal[]): Goal[] =>
    (["node", "chromium"] as const).flatMap((place) => goal(place, PLACES[place]));
  const times = (what: string, at: number, is: number | undefined): Goal => ({ what, at, is, unit: "×" });

  return [
    ...both((place, name) => {
      const ours = find(OURS, place, "f32");
      return [
        times(`f32 in ${name}, of LiteRT.js's f32`, 0.75, of(ours, find("LiteRT.js", place, "f32"))),
        times(`f32 in ${name}, of onnxruntime-web's`, 0.45, of(ours, find("onnxruntime-web", place, "f32"))),
      ];
    }),
    ...both((place, name) => [
      times(
        `int8 in ${name}, of LiteRT.js's int8`,
        0.65,
        of(find(OURS, place, "int8"), find("LiteRT.js", place, "int8")),
      ),
    ]),
    times(
      "int8 in Node, of onnxruntime-node's f32 (native)",
      1,
      of(find(OURS, "node", "int8"), find("onnxruntime-node", "node", "f32")),
    ),
    ...both((place, name) =>
      (["f32", "int8"] as const).map((precision) =>
        times(
          `${precision} in ${name} on 2 threads, of 1 thread`,
          0.55,
          of(find(OURS, place, precision, 2), find(OURS, place, precision, 1)),
        ),
      ),
    ),
    times(
      "f32 of 256 bits in Node, of onnxruntime-node's f32 (native)",
      1.9,
      of(find(`${OURS}, 256`, "node", "f32"), find("onnxruntime-node", "node", "f32")),
    ),
    times(
      "int8 of 256 bits in Node, of native LiteRT's int8",
      1.4,
      of(find(`${OURS}, 256`, "node", "int8"), find("LiteRT 2", "node", "int8")),
    ),
    times(
      "f32 in Node without relaxed SIMD, of f32 with it",
      1.15,
      of(find(`${OURS}, plain`, "node", "f32"), find(OURS, "node", "f32")),
    ),
    times(
      "int8 in Node without relaxed SIMD, of f32 without it",
      1,
      of(find(`${OURS}, plain`, "node", "int8"), find(`${OURS}, plain`, "node", "f32")),
    ),
    times("f32, the model with the longest time per MAC, of 1.0_224's", 1.6, spread(models)),
    times("f32, a picture in a batch of 32, of one alone", 1, batch && batch.batchedMs / batch.singleMs),
    {
      what: "f32, memory that a batch of 32 adds",
      at: 1,
      is: batch && batch.addedBytes / 1e6,
      unit: "MB",
    },
    {
      what: "f32 in Node, from weights in memory to the first prediction",
      at: 60,
      is: find(OURS, "node", "f32")?.firstMs,
      unit: "ms",
    },
  ];
}

/** The longest time per MAC among the models, of that of 1.0_224. */
function spread(models: Figures["models"]): number | undefined {
  const perMac = models
    .filter(({ precision }) => precision === "f32")
    .map(({ name, medianMs }) => ({
      name,
      rate: medianMs / (checkpoints.find((one) => one.name === name)?.macs ?? NaN),
    }));
  const base = perMac.find(({ name }) => name === "mobilenetv2_1.00_224");
  return base && Math.max(...perMac.map(({ rate }) => rate)) / base.rate;
}

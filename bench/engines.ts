/** The engines that the benchmark compares, as data, and what one of them that runs can be asked. */
import { readFileSync } from "node:fs";
import type { Precision } from "./peer.ts";

export type Place = "node" | "chromium";

export interface Engine {
  readonly name: string;
  readonly place: Place;
  /** A module of this folder that exports `prepare`; or a program in Python. */
  readonly module: string;
  readonly precision: Precision;
  readonly threads: number;
  /** 128 bits are what WebAssembly has; Node's V8 can be asked to join pairs to 256. */
  readonly wide?: boolean;
  /** As in engines without relaxed SIMD. */
  readonly plain?: boolean;
}

/** An engine that has loaded its model in a process of its own. */
export interface Running {
  readonly engine: Engine;
  readonly firstMs: number;
  readonly scores: readonly number[];
  /** The times of single predictions, for about so many milliseconds. */
  round(milliseconds: number): Promise<readonly number[]>;
  stop(): Promise<void>;
}

export const OURS = "mobilenet-v2";

const PRECISIONS = ["f32", "int8"] as const;
const THREADS = [1, 2] as const;

const ours = PRECISIONS.flatMap((precision) => THREADS.map((threads) => ({ precision, threads })));
const oursIn = (place: Place): Engine[] =>
  ours.map((variant) => ({ name: OURS, place, module: "ours.ts", ...variant }));

/** @returns all engines, ours first. */
export const ENGINES: readonly Engine[] = [
  ...oursIn("node"),
  ...ours.map((variant): Engine => {
    return { name: `${OURS}, 256-bit`, place: "node", module: "ours.ts", ...variant, wide: true };
  }),
  ...PRECISIONS.map((precision): Engine => {
    return { name: `${OURS}, plain SIMD`, place: "node", module: "ours.ts", precision, threads: 1, plain: true };
  }),
  ...peer("LiteRT.js", "@litertjs/core", "node", "litert-node.ts", ["f32", "int8"], [1]),
  ...peer("tfjs, fused", "@tensorflow/tfjs-backend-wasm", "node", "tfjs-wasm.ts", ["f32"], [1]),
  ...peer("onnxruntime-web", "onnxruntime-web", "node", "ort-web.ts", ["f32"], [1, 2]),
  ...peer("onnxruntime-node, native", "onnxruntime-node", "node", "ort-node.ts", ["f32"], [1, 2]),
  ...native(),
  ...oursIn("chromium"),
  ...peer("LiteRT.js", "@litertjs/core", "chromium", "litert.ts", ["f32", "int8"], THREADS),
  ...peer("tfjs, fused", "@tensorflow/tfjs-backend-wasm", "chromium", "tfjs-wasm.ts", ["f32"], THREADS),
  ...peer("onnxruntime-web", "onnxruntime-web", "chromium", "ort-web.ts", ["f32"], THREADS),
];

function peer(
  label: string,
  packageName: string,
  place: Place,
  module: string,
  precisions: readonly Precision[],
  threads: readonly number[],
): Engine[] {
  const { dependencies } = JSON.parse(readFileSync(new URL("thirdparty/package.json", import.meta.url), "utf8")) as {
    dependencies: Readonly<Record<string, string>>;
  };
  const [first = "", ...rest] = label.split(", ");
  const name = [`${first} ${dependencies[packageName] ?? ""}`, ...rest].join(", ");
  return precisions.flatMap((precision) =>
    threads.map((count) => ({ name, place, module: `thirdparty/${module}`, precision, threads: count })),
  );
}

function native(): Engine[] {
  const text = readFileSync(new URL("thirdparty/requirements.txt", import.meta.url), "utf8");
  const version = /ai-edge-litert==(\S+)/.exec(text)?.[1] ?? "";
  return PRECISIONS.flatMap((precision) =>
    THREADS.map((threads) => {
      const name = `LiteRT ${version}, native (Python)`;
      return { name, place: "node", module: "thirdparty/litert_native.py", precision, threads };
    }),
  );
}

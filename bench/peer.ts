/** What an engine in the benchmark is: something that loads MobileNetV2 1.0_224 and predicts one fixed picture. Runs in Node and in pages. */
import { uniform } from "../src/core/random.ts";

export type Precision = "f32" | "int8";

export interface PeerOptions {
  readonly precision: Precision;
  readonly threads: number;
  /** The bytes of the peers' model file that ends so, such as `f32.onnx`. */
  readonly model: (ending: string) => Promise<Uint8Array<ArrayBuffer>>;
  /** The address of the folder in which the peers are installed, with a slash at its end. */
  readonly packages: string;
  /** [1, 224, 224, 3] in [-1, 1). */
  readonly input: Float32Array<ArrayBuffer>;
  readonly wide?: boolean;
  readonly plain?: boolean;
}

/** One prediction: the scores. */
export type Prediction = () => Promise<ArrayLike<number>>;

export interface Peer {
  /** Takes what it needs into memory; what it resolves to is timed: it makes the model. */
  readonly prepare: (options: PeerOptions) => Promise<() => Promise<Prediction>>;
}

export function modelFile(ending: string): string {
  return `mobilenet_v2_1.0_224_${ending}`;
}

export function picture(): Float32Array<ArrayBuffer> {
  return uniform("bench/input", 224 * 224 * 3, -1, 1);
}

export interface Loaded {
  readonly predict: Prediction;
  readonly scores: readonly number[];
  /** From the weights in memory to the first scores, in milliseconds. */
  readonly firstMs: number;
}

export async function firstPrediction({ prepare }: Peer, options: PeerOptions): Promise<Loaded> {
  const load = await prepare(options);
  const started = performance.now();
  const predict = await load();
  const scores = Array.from(await predict());
  return { predict, scores, firstMs: performance.now() - started };
}

/** The times of single predictions, for about so many milliseconds. */
export async function timed(predict: Prediction, milliseconds: number): Promise<number[]> {
  const times: number[] = [];
  const end = performance.now() + milliseconds;
  while (performance.now() < end || times.length < 3) {
    const start = performance.now();
    // oxlint-disable-next-line no-await-in-loop -- one at a time is what is timed
    await predict();
    times.push(performance.now() - start);
  }
  return times;
}

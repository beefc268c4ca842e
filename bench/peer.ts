/** What an engine in the benchmark is: something that loads MobileNetV2 1.0_224 and predicts one fixed picture. */
import { fileURLToPath } from "node:url";
import { uniform } from "../src/core/random.ts";

export type Precision = "f32" | "int8";

export interface PeerOptions {
  readonly precision: Precision;
  readonly threads: number;
  /** The path of the peers' model file that ends so, such as `f32.onnx`. */
  readonly file: (ending: string) => string;
  /** [1, 224, 224, 3] in [-1, 1). */
  readonly input: Float32Array;
}

/** One prediction: the scores. */
export type Prediction = () => Promise<ArrayLike<number>>;

export interface Peer {
  readonly load: (options: PeerOptions) => Promise<Prediction>;
}

export function peerOptions(precision: Precision, threads: number): PeerOptions {
  return {
    precision,
    threads,
    file: (ending) => fileURLToPath(new URL(`../../shared/peers/mobilenet_v2_1.0_224_${ending}`, import.meta.url)),
    input: uniform("bench/input", 224 * 224 * 3, -1, 1),
  };
}

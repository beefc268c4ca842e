/** TensorFlow.js on its WebAssembly backend, MobileNetV2 1.0_224 written with its fused operations: the fastest way it has. */
import * as tf from "@tensorflow/tfjs-core";
import { setThreadsCount, setWasmPaths } from "@tensorflow/tfjs-backend-wasm";
import { foldedLayers } from "../onnx-weights.ts";
import type { Prediction, PeerOptions } from "../peer.ts";

/** Of the 17 depthwise convolutions. */
const STRIDES = [1, 2, 1, 2, 1, 1, 2, 1, 1, 1, 1, 1, 1, 2, 1, 1, 1];

export async function prepare(options: PeerOptions): Promise<() => Promise<Prediction>> {
  const { threads, model, packages, input } = options;
  const folded = foldedLayers(await model("f32.onnx"));
  return async () => {
    await startBackend(packages, threads);
    const layers = folded.map(({ shape, kernel, bias }) => ({
      kernel: tf.tensor(kernel, [...shape]),
      bias: tf.tensor1d(bias),
    }));
    const x = tf.tensor4d(input, [1, 224, 224, 3]);
    return async () => {
      const scores = tf.tidy(() => forward(x, layers));
      const data = await scores.data();
      scores.dispose();
      return data;
    };
  };
}

async function startBackend(packages: string, threads: number): Promise<void> {
  const folder = `${packages}@tensorflow/tfjs-backend-wasm/dist/`;
  setWasmPaths(folder.startsWith("file:") ? decodeURIComponent(new URL(folder).pathname) : folder);
  setThreadsCount(threads);
  await tf.setBackend("wasm");
  await tf.ready();
}

function forward(picture: any, layers: readonly any[]): any {
  const remaining = [...layers];
  const conv = (x: any, strides: number, activation: string) => {
    const { kernel: filter, bias } = remaining.shift();
    return tf.fused.conv2d({ x, filter, strides, pad: "same", bias, activation });
  };
  const depthwise = (x: any, strides: number) => {
    const { kernel: filter, bias } = remaining.shift();
    return tf.fused.depthwiseConv2d({ x, filter, strides, pad: "same", bias, activation: "relu6" });
  };
  let x = conv(picture, 2, "relu6");
  for (const [block, stride] of STRIDES.entries()) {
    const input = x;
    if (block > 0) x = conv(x, 1, "relu6");
    x = conv(depthwise(x, stride), 1, "linear");
    if (block > 0 && stride === 1 && x.shape[3] === input.shape[3]) x = tf.add(x, input);
  }
  x = conv(x, 1, "relu6");
  const { kernel: b, bias } = remaining.shift();
  return tf.softmax(tf.fused.matMul({ a: tf.mean(x, [1, 2]), b, bias }));
}

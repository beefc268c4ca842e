/**
 * Our training as a child process of bench/beside-keras.ts: a line of JSON a message, as bench/thirdparty/keras_training.py speaks.
 *
 * training-child.ts all|head THREADS [wide]: steps of MobileNetV2 1.0_224 on batches of 16 random pictures, SGD with momentum; of all
 * layers, or epochs of a head of 5 classes on the frozen base, after the first, which computes the features.
 */
import { createInterface } from "node:readline";
import { Dense, Input, MobileNetV2, Model, Tensor, enableWideSimd } from "mobilenet-v2";
import { Callback, SGD } from "mobilenet-v2/training";

const BATCH = 16;
const SAMPLES = 64;
const EPOCHS = 100;
const [setup, threads, wide] = process.argv.slice(2);

/** The milliseconds of each picture, of every epoch but the first. */
class EpochTimes extends Callback {
  readonly times: number[] = [];
  #before: number | undefined;

  override onEpochEnd(): void {
    const now = performance.now();
    if (this.#before !== undefined) this.times.push((now - this.#before) / SAMPLES);
    this.#before = now;
  }
}

function pictures(count: number): Tensor<Float32Array> {
  let state = 1;
  const data = Float32Array.from({ length: count * 224 * 224 * 3 }, () => {
    state = Math.imul(state, 1_664_525) + 1_013_904_223;
    return state / 2 ** 31;
  });
  return new Tensor([count, 224, 224, 3], data);
}

const labels = (count: number, classes: number): Tensor<Int32Array> =>
  new Tensor(
    [count],
    Int32Array.from({ length: count }, (_, i) => (i * 7) % classes),
  );

/** For so many milliseconds: those of each picture. */
type Round = (milliseconds: number) => Promise<number[]>;

async function allLayers(): Promise<Round> {
  const model = await MobileNetV2({ weights: null, threads: Number(threads) });
  model.compile({ optimizer: new SGD({ learningRate: 0.01, momentum: 0.9 }), loss: "sparse_categorical_crossentropy" });
  const [x, y] = [pictures(BATCH), labels(BATCH, 1000)];
  return async (milliseconds) => {
    const times: number[] = [];
    for (const end = performance.now() + milliseconds; performance.now() < end || times.length < 3;) {
      const start = performance.now();
      // oxlint-disable-next-line no-await-in-loop -- one at a time is what is timed
      await model.trainOnBatch(x, y);
      times.push((performance.now() - start) / BATCH);
    }
    return times;
  };
}

async function headAlone(): Promise<Round> {
  const base = await MobileNetV2({ weights: null, includeTop: false, pooling: "avg", inputShape: [224, 224, 3] });
  base.trainable = false;
  const inputs = Input({ shape: [224, 224, 3] });
  const outputs = new Dense({ units: 5, activation: "softmax" }).apply(base.apply(inputs, { training: false }));
  const model = new Model({ inputs, outputs, threads: Number(threads) });
  model.compile({ optimizer: new SGD({ learningRate: 0.01, momentum: 0.9 }), loss: "sparse_categorical_crossentropy" });
  const [x, y] = [pictures(SAMPLES), labels(SAMPLES, 5)];
  return async () => {
    const epochs = new EpochTimes();
    await model.fit(x, y, { epochs: EPOCHS, batchSize: BATCH, verbose: 0, callbacks: [epochs] });
    return epochs.times;
  };
}

function say(message: object): void {
  console.log(JSON.stringify(message));
}

const started = performance.now();
if (wide === "wide" && !enableWideSimd()) throw new Error("There are no 256-bit vectors here.");
const round = await (setup === "head" ? headAlone() : allLayers());
await round(0);
say({ firstMs: performance.now() - started, scores: [] });
for await (const line of createInterface(process.stdin)) {
  say({ times: await round(Number(line)), peakBytes: process.resourceUsage().maxRSS * 1024 });
}

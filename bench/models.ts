/** Times the 22 published models on one thread, in interleaved rounds; what memory they take, and whether a batch pays. */
import { MobileNetV2, type Model, Tensor } from "mobilenet-v2";
import { type Checkpoint, checkpoints } from "mobilenet-v2/applications";
import type { QuantizedModel } from "mobilenet-v2/models";
import { uniform } from "../src/core/random.ts";
import { blankQuantized } from "../src/models/quantized/blank-quantized.ts";
import { type Precision, timed } from "./peer.ts";
import { median } from "./rounds.ts";

export interface ModelResult {
  readonly name: string;
  readonly precision: Precision;
  readonly medianMs: number;
  readonly memoryBytes: number;
}

/** 1.0_224, a picture at a time and 32 at once: milliseconds a picture. */
export interface BatchResult {
  readonly singleMs: number;
  readonly batchedMs: number;
  /** Bytes that the batch's run added. */
  readonly addedBytes: number;
}

const ROUND_MS = 100;
const BATCH = 32;

interface Ready {
  readonly name: string;
  readonly precision: Precision;
  readonly model: Model | QuantizedModel;
  readonly picture: Tensor<Float32Array>;
  readonly times: number[];
}

export async function measureModels(rounds: number, progress: (text: string) => void): Promise<ModelResult[]> {
  const ready: Ready[] = [];
  for (const checkpoint of checkpoints) {
    progress(`building ${checkpoint.name}`);
    // oxlint-disable-next-line no-await-in-loop -- they would slow each other
    ready.push(...(await build(checkpoint)));
  }
  for (let round = 0; round < rounds; round++) {
    for (const { name, model, picture, times } of ready) {
      progress(`round ${round + 1} of ${rounds}: ${name}`);
      // oxlint-disable-next-line no-await-in-loop -- one at a time is what is timed
      times.push(median(await timed(() => scores(model, picture), ROUND_MS)));
    }
  }
  const results: ModelResult[] = [];
  for (const { name, precision, model, times } of ready) {
    // oxlint-disable-next-line no-await-in-loop -- nothing waits
    results.push({ name, precision, medianMs: median(times), memoryBytes: await model.memoryBytes() });
    model.dispose();
  }
  return results;
}

/** Times do not depend on weights: the integers can be any. */
async function build({ alpha, rows, name }: Checkpoint): Promise<Ready[]> {
  const model = await MobileNetV2({ alpha, inputShape: [rows, rows, 3], weights: null, threads: 1 });
  const picture = new Tensor([1, rows, rows, 3], uniform(name, rows * rows * 3, -1, 1));
  return [
    { name, precision: "f32", model, picture, times: [] },
    { name, precision: "int8", model: blankQuantized(model), picture, times: [] },
  ];
}

async function scores(model: Model | QuantizedModel, picture: Tensor): Promise<Float32Array> {
  return (await model.predict(picture)).data;
}

export async function measureBatch(rounds: number): Promise<BatchResult> {
  using model = await MobileNetV2({ weights: null, threads: 1 });
  const size = 224 * 224 * 3;
  const batch = new Tensor([BATCH, 224, 224, 3], new Float32Array(BATCH * size).fill(0.5));
  const single = new Tensor([1, 224, 224, 3], batch.data.subarray(0, size));
  await scores(model, single);
  const before = await model.memoryBytes();
  const times = { single: [] as number[], batched: [] as number[] };
  for (let round = 0; round < rounds; round++) {
    // oxlint-disable-next-line no-await-in-loop -- one at a time is what is timed
    times.single.push(median(await timed(() => scores(model, single), ROUND_MS)));
    // oxlint-disable-next-line no-await-in-loop -- one at a time is what is timed
    times.batched.push(median(await timed(() => scores(model, batch), ROUND_MS)) / BATCH);
  }
  const addedBytes = (await model.memoryBytes()) - before;
  return { singleMs: median(times.single), batchedMs: median(times.batched), addedBytes };
}

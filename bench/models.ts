/** Times the 22 published models on one thread, in interleaved rounds; what memory they take, and whether a batch pays. */
import { type Checkpoint, MobileNetV2, Tensor, checkpoints } from "mobilenet-v2";
import { uniform } from "../src/core/random.ts";
import { Engine } from "../src/engine/engine.ts";
import { programOf } from "../src/graph/program.ts";
import { type Precision, timed } from "./peer.ts";
import { quantized } from "./quantized.ts";
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
  readonly engine: Engine;
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
    for (const { name, engine, picture, times } of ready) {
      progress(`round ${round + 1} of ${rounds}: ${name}`);
      // oxlint-disable-next-line no-await-in-loop -- one at a time is what is timed
      times.push(median(await timed(() => scores(engine, picture), ROUND_MS)));
    }
  }
  return ready.map(({ name, precision, engine, times }) => {
    const { memoryBytes } = engine;
    engine.dispose();
    return { name, precision, medianMs: median(times), memoryBytes };
  });
}

async function build({ alpha, rows, name }: Checkpoint): Promise<Ready[]> {
  const model = await MobileNetV2({ alpha, inputShape: [rows, rows, 3], weights: null });
  const picture = new Tensor([1, rows, rows, 3], uniform(name, rows * rows * 3, -1, 1));
  const { program, transform } = await quantized(model, picture);
  const [f32, int8] = [await Engine.create(programOf(model.graph)), await Engine.create(program, { transform })];
  return [
    { name, precision: "f32", engine: f32, picture, times: [] },
    { name, precision: "int8", engine: int8, picture, times: [] },
  ];
}

async function scores(engine: Engine, picture: Tensor): Promise<Float32Array> {
  const [tensor] = await engine.run([picture]);
  return tensor?.data ?? new Float32Array();
}

export async function measureBatch(rounds: number): Promise<BatchResult> {
  const model = await MobileNetV2({ weights: null });
  using engine = await Engine.create(programOf(model.graph));
  const size = 224 * 224 * 3;
  const batch = new Tensor([BATCH, 224, 224, 3], new Float32Array(BATCH * size).fill(0.5));
  const single = new Tensor([1, 224, 224, 3], batch.data.subarray(0, size));
  await scores(engine, single);
  const before = engine.memoryBytes;
  const times = { single: [] as number[], batched: [] as number[] };
  for (let round = 0; round < rounds; round++) {
    // oxlint-disable-next-line no-await-in-loop -- one at a time is what is timed
    times.single.push(median(await timed(() => scores(engine, single), ROUND_MS)));
    // oxlint-disable-next-line no-await-in-loop -- one at a time is what is timed
    times.batched.push(median(await timed(() => scores(engine, batch), ROUND_MS)) / BATCH);
  }
  return { singleMs: median(times.single), batchedMs: median(times.batched), addedBytes: engine.memoryBytes - before };
}

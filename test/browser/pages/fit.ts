/** Trains a small transfer model on arrays: a frozen MobileNetV2, a head, then all of it; as a page does it. */
import { Dense, Dropout, Input, MobileNetV2, Model, Tensor } from "mobilenet-v2";
import {
  Adam,
  BackupAndRestore,
  EarlyStopping,
  SGD,
  recalibrateBatchNorm,
  setBatchNormMomentum,
} from "mobilenet-v2/training";

const COUNT = 24;

/** Squares of noise, brighter for one of two classes. */
function pictures(): { readonly x: Tensor; readonly y: Int32Array } {
  const size = 32 * 32 * 3;
  const data = new Float32Array(COUNT * size);
  const y = Int32Array.from({ length: COUNT }, (_, i) => i % 2);
  for (let i = 0; i < data.length; i++) {
    const noise = ((Math.imul(i + 1, 0x9e3779b9) >>> 8) % 1000) / 1000;
    data[i] = (y[Math.floor(i / size)] === 1 ? 0.4 : -0.4) + noise - 0.5;
  }
  return { x: new Tensor([COUNT, 32, 32, 3], data), y };
}

export interface Trained {
  readonly headLosses: readonly number[];
  readonly allLosses: readonly number[];
  readonly accuracy: number;
  readonly weights: readonly number[];
  readonly savedBytes: number;
}

export async function run(): Promise<Trained> {
  const base = await MobileNetV2({
    alpha: 0.35,
    inputShape: [32, 32, 3],
    includeTop: false,
    weights: null,
    pooling: "avg",
    threads: 2,
  });
  seed(base);
  const { x, y } = pictures();
  // Drawn weights need statistics of their own to tell pictures apart.
  await recalibrateBatchNorm(base, x);
  base.trainable = false;
  const inputs = Input({ shape: [32, 32, 3] });
  const dropped = new Dropout({ rate: 0.1 }).apply(base.apply(inputs));
  const head = new Dense({ units: 2, activation: "softmax", name: "head", kernelInitializer: "zeros" });
  const model = new Model({ inputs, outputs: head.apply(dropped), threads: 2 });
  let backups = 0;
  const store = {
    read: () => Promise.resolve(undefined),
    write: () => Promise.resolve(void backups++),
    remove: () => Promise.resolve(),
  };

  model.compile({
    optimizer: new Adam({ learningRate: 3e-4 }),
    loss: "sparse_categorical_crossentropy",
    metrics: ["accuracy"],
  });
  const { history } = await model.fit(x, y, {
    epochs: 8,
    batchSize: 8,
    seed: 1,
    validationSplit: 0.25,
    callbacks: [new EarlyStopping({ patience: 9, restoreBestWeights: true }), new BackupAndRestore(store)],
  });
  if (backups !== 8) throw new Error(`${backups} backups`);

  base.trainable = true;
  setBatchNormMomentum(model, 0.9);
  model.compile({ optimizer: new SGD({ learningRate: 1e-3 }), loss: "sparse_categorical_crossentropy" });
  const all = await model.fit(x, y, { epochs: 2, batchSize: 12, seed: 1 });
  await recalibrateBatchNorm(model, x);
  model.compile({ loss: "sparse_categorical_crossentropy", metrics: ["accuracy"] });
  const { accuracy = NaN } = await model.evaluate(x, y);
  const savedBytes = (await model.toBytes("keras")).length;
  const weights = Array.from(head.weight("kernel").values.subarray(0, 40));
  model.dispose();
  return {
    headLosses: history["loss"] ?? [],
    allLosses: all.history["loss"] ?? [],
    accuracy,
    weights,
    savedBytes,
  };
}

/** Weights that do not depend on the run-time. */
function seed(base: Model): void {
  let at = 0;
  for (const layer of base.layers) {
    layer.setWeights(
      layer.getWeights().map(({ shape, size }) => {
        const spread = shape.length > 1 ? Math.sqrt(6 / (size / (shape.at(-1) ?? 1))) : 0;
        const values = Float32Array.from({ length: size }, () => {
          const unit = ((Math.imul(++at, 0x9e3779b9) >>> 8) % 4096) / 4096;
          return shape.length > 1 ? (unit * 2 - 1) * spread : 1;
        });
        return new Tensor(shape, values);
      }),
    );
  }
}

/** A program that takes names from every subpath: type-checked and run by the tests of the packed package. */
import * as everyday from "mobilenet-v2";
import { Dense, Input, Sequential, Tensor, loadModel } from "mobilenet-v2";
import * as applications from "mobilenet-v2/applications";
import { type Checkpoint, checkpoints } from "mobilenet-v2/applications";
import * as data from "mobilenet-v2/data";
import { type Augmentation, type Batch, ImageDataset, pixelLoader, randomFlip } from "mobilenet-v2/data";
import * as explain from "mobilenet-v2/explain";
import { type Colormap, colormaps } from "mobilenet-v2/explain";
import * as image from "mobilenet-v2/image";
import { type Image, resizeImg } from "mobilenet-v2/image";
import * as layers from "mobilenet-v2/layers";
import { Conv2D, GlobalMaxPooling2D, GlorotUniform, type Layer, type Weight } from "mobilenet-v2/layers";
import * as models from "mobilenet-v2/models";
import { type QuantizedModel, countMacs } from "mobilenet-v2/models";
import * as saving from "mobilenet-v2/saving";
import { type CheckpointFile, readCheckpoint } from "mobilenet-v2/saving";
import * as tasks from "mobilenet-v2/tasks";
import { type Classifier, loadClassifier } from "mobilenet-v2/tasks";
import * as training from "mobilenet-v2/training";
import { Adam, Callback, CosineDecay, type FitOptions, type Logs } from "mobilenet-v2/training";

const faces: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  applications,
  data,
  explain,
  image,
  layers,
  models,
  saving,
  tasks,
  training,
};

/** How many names of the root each subpath has, and which of them are not the same there. */
export function shared(): { readonly counts: Readonly<Record<string, number>>; readonly others: readonly string[] } {
  const counts: Record<string, number> = {};
  const others: string[] = [];
  for (const [face, exported] of Object.entries(faces)) {
    for (const [name, value] of Object.entries(everyday)) {
      if (!(name in exported)) continue;
      counts[face] = (counts[face] ?? 0) + 1;
      if (exported[name] !== value) others.push(`${face}.${name}`);
    }
  }
  return { counts, others };
}

class Losses extends Callback {
  readonly losses: number[] = [];
  override onEpochEnd(_epoch: number, logs: Logs): void {
    this.losses.push(logs["loss"] ?? Number.NaN);
  }
}

/** Trains on pictures that two other threads load, saves, and opens again; what was lost before each epoch, and what the file is. */
export async function train(filePaths: readonly string[], path: string): Promise<unknown> {
  const flip: Augmentation = randomFlip("horizontal");
  const load = pixelLoader({ imageSize: [8, 8] });
  const labels = Int32Array.from(filePaths, (_, i) => i % 2);
  const init = { filePaths: [...filePaths], labels, classNames: ["even", "odd"], load };
  const dataset = new ImageDataset({ ...init, batchSize: 2, seed: 1, workers: 2 }).augment([flip]);
  const convolution: Layer = new Conv2D({
    filters: 2,
    kernelSize: 3,
    kernelInitializer: new GlorotUniform({ seed: 1 }),
  });
  const model = new Sequential([
    Input({ shape: [8, 8, 3] }),
    convolution,
    new GlobalMaxPooling2D(),
    new Dense({ units: 2, activation: "softmax", kernelInitializer: new GlorotUniform({ seed: 2 }) }),
  ]);
  const learningRate = new CosineDecay({ initialLearningRate: 1e-3, decaySteps: 10 });
  model.compile({ optimizer: new Adam({ learningRate }), loss: "sparse_categorical_crossentropy" });
  const watch = new Losses();
  const options: FitOptions = { epochs: 2, callbacks: [watch], seed: 1, verbose: 0 };
  await model.fit(dataset, options);
  await model.save(path);
  const file: CheckpointFile = await readCheckpoint(path);
  const again = await loadModel(path);
  const weights: readonly Weight[] = again.weights;
  return { losses: watch.losses, format: file.format, weights: weights.length, macs: countMacs(again) };
}

/** A classifier of a checkpoint of one's own. */
export function classifier(weights: string): Promise<Classifier> {
  return loadClassifier({ weights });
}

/** A batch of the data set's kind, what a resized picture is, and names of tables: types that users write. */
export function facts(batch: Batch | undefined, quantized: QuantizedModel | undefined): readonly unknown[] {
  const first: Checkpoint | undefined = checkpoints[0];
  const picture: Image = { width: 2, height: 2, channels: 3, data: new Uint8Array(12) };
  const name: Colormap = "turbo";
  return [
    batch?.x,
    quantized?.name,
    first?.alpha,
    resizeImg(picture, [1, 1]).width,
    name in colormaps,
    new Tensor([1], Float32Array.of(1)).shape,
  ];
}

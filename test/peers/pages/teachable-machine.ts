/** The page's side of teachable-machine.ts: @teachablemachine/image opens an export, or trains a model and exports it as its site does. */
import type { ModelArtifacts } from "@tensorflow/tfjs-core";
import { PICTURE, picture } from "../../support/teachable-machine.ts";
import { type TeachableMobileNet, createTeachable, io, load, setBackend } from "./teachable-machine-package.js";

export interface Open {
  readonly do: "open";
  /** Addresses. */
  readonly model: string;
  readonly metadata: string;
}

export interface Train {
  readonly do: "train";
  /** The address of the model.json of a MobileNetV2, of which the layers up to `out_relu` are taken. */
  readonly checkpoint: string;
  readonly size: number;
  readonly denseUnits: number;
  readonly labels: readonly string[];
}

export interface Predicted {
  readonly labels: readonly string[];
  /** Of the picture. */
  readonly probabilities: readonly number[];
  /** What training gives: the files of the export, in Base64. */
  readonly files: Readonly<Record<string, string>>;
}

function canvasOf(seed: string, size: number): HTMLCanvasElement {
  const { width, height, data } = picture(seed, size);
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [width, height];
  const pixels = new ImageData(width, height);
  for (let i = 0; i < width * height; i++) {
    pixels.data.set([data[i * 3] ?? 0, data[i * 3 + 1] ?? 0, data[i * 3 + 2] ?? 0, 255], i * 4);
  }
  canvas.getContext("2d")?.putImageData(pixels, 0, 0);
  return canvas;
}

function base64(bytes: Uint8Array): string {
  return btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""));
}

async function train({ checkpoint, size, denseUnits, labels }: Train) {
  const metadata = { tfjsVersion: "1.3.1", tmVersion: "2.4.7", modelName: "tm-my-image-model", imageSize: size };
  const model = await createTeachable(metadata, { checkpointUrl: checkpoint, trainingLayer: "out_relu" });
  model.setLabels(labels);
  model.setSeed("peers");
  for (const [index, label] of labels.entries()) {
    for (const number of [0, 1]) await model.addExample(index, canvasOf(`${label}/${number}`, size));
  }
  await model.train({ denseUnits, epochs: 2, learningRate: 0.001, batchSize: 2 });
  return model;
}

/** The files that the site puts into its archive. */
async function exported(model: TeachableMobileNet): Promise<Readonly<Record<string, string>>> {
  const files: Record<string, string> = {};
  const keep = (name: string, bytes: Uint8Array): void => {
    files[name] = base64(bytes);
  };
  const text = (value: object): Uint8Array => new TextEncoder().encode(JSON.stringify(value));
  await model.save(
    io.withSaveHandler(async ({ modelTopology, weightSpecs, weightData }: ModelArtifacts) => {
      keep("weights.bin", new Uint8Array(weightData ?? new ArrayBuffer()));
      keep("model.json", text({ modelTopology, weightsManifest: [{ paths: ["weights.bin"], weights: weightSpecs }] }));
      return { modelArtifactsInfo: { dateSaved: new Date(), modelTopologyType: "JSON" } };
    }),
  );
  keep("metadata.json", text(model.getMetadata()));
  return files;
}

export async function run(task: Open | Train): Promise<Predicted> {
  await setBackend("cpu");
  const trained = task.do === "train" ? await train(task) : undefined;
  const model = trained ?? (task.do === "open" ? await load(task.model, task.metadata) : undefined);
  if (model === undefined) throw new Error("nothing to do");
  const answer = await model.predict(canvasOf(PICTURE, model.getMetadata().imageSize ?? 224));
  return {
    labels: answer.map(({ className }) => className),
    probabilities: answer.map(({ probability }) => probability),
    files: trained === undefined ? {} : await exported(trained),
  };
}

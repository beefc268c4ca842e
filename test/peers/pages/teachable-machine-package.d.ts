/** What the page uses of @teachablemachine/image and of TensorFlow.js. */
import type { IOHandler } from "@tensorflow/tfjs-core";

export { io, setBackend } from "@tensorflow/tfjs-core";

export interface Metadata {
  readonly tfjsVersion: string;
  readonly tmVersion?: string;
  readonly modelName?: string;
  readonly imageSize?: number;
}

export interface CustomMobileNet {
  getMetadata(): Metadata;
  predict(image: HTMLCanvasElement): Promise<readonly { readonly className: string; readonly probability: number }[]>;
}

export interface TeachableMobileNet extends CustomMobileNet {
  setLabels(labels: readonly string[]): void;
  setSeed(seed: string): void;
  addExample(className: number, sample: HTMLCanvasElement): Promise<void>;
  train(params: {
    readonly denseUnits: number;
    readonly epochs: number;
    readonly learningRate: number;
    readonly batchSize: number;
  }): Promise<object>;
  save(handler: IOHandler): Promise<object>;
}

export function load(model: string, metadata: string): Promise<CustomMobileNet>;
export function createTeachable(
  metadata: Metadata,
  options: { readonly checkpointUrl: string; readonly trainingLayer: string },
): Promise<TeachableMobileNet>;

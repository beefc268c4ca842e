/** What the tests use of the packages in package.json, which need not be installed for types to be checked. */
declare module "onnxruntime-node" {
  export class Tensor {
    constructor(type: "float32", data: Float32Array, dims: readonly number[]);
    readonly data: Float32Array;
  }
  export class InferenceSession {
    static create(bytes: Uint8Array): Promise<InferenceSession>;
    readonly inputNames: readonly string[];
    readonly outputNames: readonly string[];
    run(feeds: Readonly<Record<string, Tensor>>): Promise<Readonly<Record<string, Tensor>>>;
    release(): Promise<void>;
  }
}

declare module "@tensorflow/tfjs-core" {
  export interface Tensor {
    readonly shape: readonly number[];
    data(): Promise<Float32Array>;
    dataSync(): Float32Array;
    dispose(): void;
  }
  export interface ModelArtifacts {
    readonly modelTopology?: object;
    readonly format?: string;
    readonly generatedBy?: string;
    readonly convertedBy?: string | null;
    readonly weightSpecs?: readonly object[];
    readonly weightData?: ArrayBuffer;
    readonly userDefinedMetadata?: object;
  }
  export interface IOHandler {
    load?(): Promise<ModelArtifacts>;
    save?(artifacts: ModelArtifacts): Promise<object>;
  }
  export function tensor(values: Float32Array, shape: readonly number[]): Tensor;
  export function setBackend(name: string): Promise<boolean>;
  export function ready(): Promise<void>;
  export const io: {
    withSaveHandler(save: (artifacts: ModelArtifacts) => Promise<object>): IOHandler;
  };
}

declare module "@tensorflow/tfjs-backend-wasm" {
  export function setWasmPaths(folder: string): void;
}

declare module "@tensorflow/tfjs-layers" {
  import type { IOHandler, Tensor } from "@tensorflow/tfjs-core";
  export interface LayersModel {
    readonly layers: readonly { readonly name: string }[];
    predict(x: Tensor): Tensor;
    save(handler: IOHandler): Promise<object>;
    dispose(): void;
  }
  export function loadLayersModel(handler: IOHandler): Promise<LayersModel>;
}

declare module "@tensorflow/tfjs-converter" {
  import type { IOHandler, Tensor } from "@tensorflow/tfjs-core";
  export interface GraphModel {
    predict(x: Tensor): Tensor;
    dispose(): void;
  }
  export function loadGraphModel(handler: IOHandler): Promise<GraphModel>;
}

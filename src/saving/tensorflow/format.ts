/** TensorFlow's own formats: SavedModels, graphs with their weights, and checkpoints. They are only read. */
import type { Format } from "../format.ts";
import { isCheckpoint, isGraphDef, isSavedModel } from "./sniff.ts";

export const tensorflow: Format = {
  mainFile: {
    whole: [/^saved_model\.pb$/],
    own: [/^(?!keras_metadata|fingerprint).*\.pb$/],
    shared: [/^checkpoint$/, /\.index$/],
  },
  readers: [
    { id: "saved-model", recognizes: isSavedModel, code: () => import("./saved-model-checkpoint.ts") },
    { id: "frozen-graph", recognizes: isGraphDef, code: () => import("./graph-checkpoint.ts") },
    { id: "tf-checkpoint", recognizes: isCheckpoint, code: () => import("./checkpoint.ts") },
  ],
};

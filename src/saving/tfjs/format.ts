/** TensorFlow.js's format: a model.json of layers or of a graph, with its weights in shards beside it; Teachable Machine's is one of them. */
import type { Format } from "../format.ts";
import { isTfjs } from "./sniff.ts";

export const tfjs: Format = {
  mainFile: { whole: [/^model\.json$/] },
  readers: [
    {
      id: "tfjs",
      recognizes: isTfjs,
      code: () => import("./checkpoint.ts"),
    },
  ],
  writers: [
    {
      id: "tfjs-layers",
      endings: [".json"],
      write: async (saved, name) => (await import("./write.ts")).writeTfjs(saved, name),
    },
    {
      id: "teachable-machine",
      endings: [],
      write: async (saved, name) => (await import("./write.ts")).writeTeachableMachine(saved, name),
    },
  ],
};

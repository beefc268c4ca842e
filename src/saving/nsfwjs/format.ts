/** The format of the npm package nsfwjs: a TensorFlow.js layers model in scripts. It is only read. */
import type { Format } from "../format.ts";
import { isNsfwjs } from "./sniff.ts";

export const nsfwjs: Format = {
  mainFile: { whole: [/^model\.min\.js$/] },
  readers: [
    {
      id: "nsfwjs",
      recognizes: isNsfwjs,
      code: () => import("./checkpoint.ts"),
    },
  ],
};

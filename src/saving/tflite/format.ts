/** TFLite: graphs of operators, which are read into layers. It is not written. */
import type { Format } from "../format.ts";
import { isTflite } from "./sniff.ts";

export const tflite: Format = {
  mainFile: { own: [/\.tflite$/] },
  readers: [
    {
      id: "tflite",
      recognizes: isTflite,
      code: () => import("./checkpoint.ts"),
    },
  ],
};

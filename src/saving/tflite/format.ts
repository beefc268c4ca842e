/** TFLite: graphs of operators, which are read into layers and written from them. */
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
  writers: [
    {
      id: "tflite",
      endings: [".tflite"],
      holdsFloat16: true,
      write: async (saved, name) => [(await import("./write.ts")).tfliteFile(saved, name)],
    },
  ],
};

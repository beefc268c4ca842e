/** ONNX: graphs of operators, read as layers and written of them. */
import type { Format } from "../format.ts";
import { isOnnx } from "./sniff.ts";

export const onnx: Format = {
  mainFile: { own: [/\.onnx$/] },
  readers: [
    {
      id: "onnx",
      recognizes: isOnnx,
      code: () => import("./checkpoint.ts"),
    },
  ],
  writers: [
    {
      id: "onnx",
      endings: [".onnx"],
      write: async (saved, name) => [(await import("./write.ts")).onnxFile(saved, name)],
    },
  ],
};

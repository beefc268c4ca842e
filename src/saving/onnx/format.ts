/** ONNX: graphs of operators, which are read into layers and written from them. */
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
      holdsFloat16: true,
      write: async (saved, name) => [(await import("./write.ts")).onnxFile(saved, name)],
    },
  ],
};

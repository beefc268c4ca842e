/** safetensors: our own files are read and written, the state dicts of PyTorch's packages are read; writers for these are in torch/. */
import type { Format } from "../format.ts";
import { isSafetensors } from "./sniff.ts";

export const safetensors: Format = {
  mainFile: { own: [/^model\.safetensors$/, /\.safetensors$/] },
  readers: [
    {
      id: "safetensors",
      recognizes: isSafetensors,
      code: () => import("./checkpoint.ts"),
    },
  ],
  writers: [
    {
      id: "safetensors",
      endings: [".safetensors"],
      holdsFloat16: true,
      write: async (saved, name) => (await import("./write.ts")).writeOurSafetensors(saved, name),
    },
  ],
};

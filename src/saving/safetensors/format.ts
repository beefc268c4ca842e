/** safetensors: our own files, and the state dicts of PyTorch's packages. What is written in their names is torch/'s. */
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
      write: async (saved, name) => (await import("./write.ts")).writeOurSafetensors(saved, name),
    },
  ],
};

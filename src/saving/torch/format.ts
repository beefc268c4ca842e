/** PyTorch's formats: the files of `torch.save` are read; what is written is safetensors in the names of PyTorch's packages. */
import type { Format } from "../format.ts";
import { isTorchFile } from "./sniff.ts";

export const torch: Format = {
  mainFile: { shared: [/\.(?:pth|pt|bin)$/] },
  readers: [
    {
      id: "pth",
      recognizes: isTorchFile,
      code: () => import("./checkpoint.ts"),
    },
  ],
  writers: (["torchvision", "timm", "huggingface"] as const).map((id) => ({
    id,
    endings: [],
    holdsFloat16: true,
    write: async (saved, name) => (await import("./write.ts")).writeAs(id, saved, name),
  })),
};

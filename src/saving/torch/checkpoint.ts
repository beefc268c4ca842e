/** The files of `torch.save` (`.pth`, `.pt`, `pytorch_model.bin`) as checkpoints. */
import type { Checkpoint, FileSource } from "../checkpoint.ts";
import { readTorchFile } from "./pth.ts";
import { openStateDict } from "./state-dict.ts";

/** @throws FormatError, UnsupportedError, LimitError. */
export function open(source: FileSource): Promise<Checkpoint> {
  return openStateDict(source, {
    format: "PyTorch (torch.save)",
    tensors: readTorchFile(source.bytes),
    metadata: new Map(),
  });
}

/** TensorFlow's checkpoints alone: the index, with the files of values beside it. */
import type { Checkpoint, FileSource } from "../checkpoint.ts";
import { readBundle } from "./bundle.ts";

/** @throws FormatError, UnsupportedError, LimitError */
export async function open(source: FileSource): Promise<Checkpoint> {
  const { tensors } = await readBundle(source.bytes, source.name, source.sibling);
  return {
    format: "TensorFlow checkpoint",
    origin: "tensorflow",
    model: undefined,
    tensors: [...tensors.values()],
    weights: tensors,
  };
}

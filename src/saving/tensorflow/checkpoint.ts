/** TensorFlow's checkpoints alone: the index, with the files of values beside it. */
import type { Checkpoint, FileSource } from "../checkpoint.ts";
import { formatError } from "../file-errors.ts";
import { readBundle } from "./bundle.ts";
import { layersOfObjects } from "./keras-objects.ts";
import { isSlim, readSlim } from "./slim.ts";
import { isState } from "./sniff.ts";

const MAX_STATE = 4096;

/** Google's own checkpoints are whole models, Keras's have the layers in their order. @throws FormatError, UnsupportedError, LimitError */
export async function open(source: FileSource): Promise<Checkpoint> {
  const { name, bytes } = isState(source.bytes) ? await latest(source) : source;
  const { tensors } = await readBundle(bytes, name, source.sibling);
  return {
    format: "TensorFlow checkpoint",
    origin: "tensorflow",
    tensors: [...tensors.values()],
    ...(isSlim(tensors)
      ? readSlim(tensors, name)
      : { model: undefined, weights: tensors, layers: layersOfObjects(tensors) }),
  };
}

/** The index of the latest checkpoint, as the file `checkpoint` names it: relative to itself, or with the folders of another machine. */
async function latest({ bytes, sibling }: FileSource): Promise<Pick<FileSource, "name" | "bytes">> {
  const text = new TextDecoder().decode(bytes.subarray(0, MAX_STATE));
  const [, path = ""] = /^model_checkpoint_path:\s*"([^"\n]+)"/.exec(text) ?? [];
  const name = `${path.slice(path.lastIndexOf("/") + 1)}.index`;
  const index = await sibling(name);
  if (index !== undefined) return { name, bytes: index };
  throw formatError(
    `The file 'checkpoint' names ${JSON.stringify(name.slice(0, 200))} as the latest, which is missing beside it.`,
  );
}

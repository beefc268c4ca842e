/** Keras 3's models, `.keras` (keras.src.saving.saving_lib): a zip archive with a config, the weights, and metadata. */
import type { Checkpoint, FileSource } from "../checkpoint.ts";
import { readExtras } from "../extras.ts";
import { formatError, unsupportedError } from "../file-errors.ts";
import { openHdf5 } from "../hdf5/hdf5.ts";
import { member, parseJson } from "../bytes/json.ts";
import { byName } from "../stored-tensor.ts";
import { unlessUnsupported } from "../unread.ts";
import { trainingOf } from "./compile.ts";
import { readKerasModel } from "./config.ts";
import { modelEnds } from "./ends.ts";
import { WEIGHTS } from "./sniff.ts";
import { allKerasTensors, datasetsOf, kerasTensors } from "./weights-h5.ts";
import { uncheckedMember, zipMember } from "../zip/zip.ts";

export const CONFIG = "config.json";
export const METADATA = "metadata.json";

/** @throws FormatError, UnsupportedError; LimitError for a description that is too large. */
export async function open({ bytes }: FileSource): Promise<Checkpoint> {
  const config = zipMember(bytes, CONFIG);
  if (config === undefined) throw formatError(`The .keras archive has no '${CONFIG}'.`);
  const weights = uncheckedMember(bytes, WEIGHTS);
  if (weights === undefined) {
    throw unsupportedError(`The .keras archive has no '${WEIGHTS}', the one form of weights in it that is read.`);
  }
  const description = parseJson(config);
  const root = openHdf5(weights);
  const metadata = zipMember(bytes, METADATA);
  const common = {
    format: "Keras 3 model (.keras)",
    origin: "keras",
    // Keras's own metadata say when and by which version the file was made; ours say more.
    ...(metadata !== undefined && readExtras(parseJson(metadata))),
  } as const;
  return unlessUnsupported<Checkpoint>(
    () => {
      const model = readKerasModel(description);
      const tensors = kerasTensors(root, model);
      const training = trainingOf(
        () => member(description, "compile_config"),
        () => datasetsOf(root, "optimizer"),
      );
      return { ...common, model, tensors: [...tensors.values()], weights: tensors, ...training };
    },
    (reason) => {
      const tensors = allKerasTensors(root);
      const unread = { reason, ...modelEnds(description) };
      return { ...common, model: undefined, unread, tensors, weights: byName(tensors) };
    },
  );
}

/** Keras 3's models, `.keras` (keras.src.saving.saving_lib): a zip archive with a config, the weights, and metadata. */
import type { Checkpoint, FileSource } from "../checkpoint.ts";
import { readExtras } from "../extras.ts";
import { formatError, unsupportedError } from "../file-errors.ts";
import { foundNow, readHdf5 } from "../hdf5/read.ts";
import { type Json, member, parseJson } from "../bytes/json.ts";
import { byName } from "../stored-tensor.ts";
import { unlessUnsupported } from "../unread.ts";
import { trainingOf } from "./compile.ts";
import { readKerasModel } from "./config.ts";
import { modelEnds } from "./ends.ts";
import { WEIGHTS } from "./sniff.ts";
import { allKerasTensors, datasetsOf, kerasTensors } from "./weights-h5.ts";
import { unpackedMember } from "../zip/zip.ts";

export const CONFIG = "config.json";
export const METADATA = "metadata.json";

/** @throws FormatError, UnsupportedError; LimitError for a description that is too large, and for what unpacks to too much. */
export async function open({ bytes }: FileSource): Promise<Checkpoint> {
  const config = await unpackedMember(bytes, CONFIG);
  if (config === undefined) throw formatError(`The .keras archive has no '${CONFIG}'.`);
  const weights = await unpackedMember(bytes, WEIGHTS, false);
  if (weights === undefined) {
    throw unsupportedError(`The .keras archive has no '${WEIGHTS}', the one form of weights in it that is read.`);
  }
  const metadata = await unpackedMember(bytes, METADATA);
  return kerasModel("Keras 3 model (.keras)", { description: parseJson(config), weights, metadata });
}

/** The parts of a Keras 3 model, in an archive or in the folder that `save(zipped=False)` writes. */
interface Parts {
  readonly description: Json;
  readonly weights: Uint8Array;
  readonly metadata: Uint8Array | undefined;
}

/** `format`: its name in messages. */
export function kerasModel(format: string, { description, weights, metadata }: Parts): Promise<Checkpoint> {
  const common = {
    format,
    origin: "keras",
    // Keras's own metadata say when and by which version the file was made; ours say more.
    ...(metadata !== undefined && readExtras(parseJson(metadata))),
  } as const;
  return readHdf5(weights, (root) =>
    unlessUnsupported<Checkpoint>(
      () => {
        const model = readKerasModel(description);
        const tensors = kerasTensors(root, model);
        const training = trainingOf(
          () => member(description, "compile_config"),
          foundNow(() => datasetsOf(root, "optimizer")),
        );
        return { ...common, model, tensors: [...tensors.values()], weights: tensors, ...training };
      },
      (reason) => {
        const tensors = allKerasTensors(root);
        const unread = { reason, ...modelEnds(description) };
        return { ...common, model: undefined, unread, tensors, weights: byName(tensors) };
      },
    ),
  );
}

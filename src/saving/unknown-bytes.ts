/** Bytes of no known format: what a user most likely has in place of a checkpoint. */
import { formatError, unsupportedError } from "./file-errors.ts";
import { FOREIGN, FOREIGN_JSON, FOREIGN_ZIPS, type Foreign } from "./foreign-formats.ts";
import { isZip, zipMembers } from "./zip/zip.ts";

const READ =
  "Read are Keras's .keras, .h5 and .weights.h5, TensorFlow's saved_model.pb, frozen .pb and .index, TF.js's model.json, safetensors, PyTorch's .pth, ONNX and TFLite.";

/** Licences may stand before what tells a text. */
const HEAD = 16_384;
/** FlatBuffers are written from their end. */
const TAIL = 64;
/** So many names of an archive are looked at, and so much of each. */
const [MAX_NAMES, MAX_NAME] = [1000, 300];
/** The endings of files that are read, of which a folder within an archive may have some. */
const MODELS = /\.(?:keras|h5|hdf5|tflite|onnx|safetensors|pth|pt)$|(?:^|\/)model\.json$/;

/** The error for bytes of no known format. `name`, of the file, is only asked where bytes have nothing to tell them by. */
export function describeUnknown(bytes: Uint8Array, name = ""): Error {
  if (bytes.length === 0) return formatError("The weights file is empty.");
  const head = textOf(bytes.subarray(0, HEAD));
  const isJson = /^(?:\xef\xbb\xbf)?\s*[[{]/.test(head);
  const foreign = isJson ? foreignOf(head, FOREIGN_JSON) : foreignOf(head + textOf(bytes.subarray(-TAIL)), FOREIGN);
  if (foreign !== undefined) return foreign;
  if (/^(?:\xef\xbb\xbf)?\s*<(?:!doctype|html|head|body|\?xml|!--)/i.test(head)) {
    return formatError(
      "This is a web page, not a weights file: the server answered with HTML. Check the address, or download the file by hand.",
    );
  }
  if (/^\s*version https:\/\/git-lfs\.github\.com\/spec\//.test(head)) {
    return formatError("This is a Git LFS pointer, not the weights file itself. Run `git lfs pull` to get the file.");
  }
  if (isJson) return unsupportedError(`This is JSON: a model's description, not its weights. ${READ}`);
  // Throws if the archive is broken, and says how.
  if (isZip(bytes)) return describeZip([...zipMembers(bytes).keys()]);
  if (/(?:^|\/)(?:group\d+-shard\d+of\d+|weights)(?:\.bin)?$/.test(name)) {
    return unsupportedError(
      `The name says that these are the weights of a TF.js model. Open its model.json or its folder.`,
    );
  }
  if (/^\0+$/.test(head)) {
    return formatError(
      "The file begins with nothing but zeros: it was not written to its end. Download or copy it again.",
    );
  }
  const start = [...bytes.subarray(0, 8)].map((byte) => byte.toString(16).padStart(2, "0")).join(" ");
  return formatError(`Not a weights file: it begins with the bytes ${start}. ${READ}`);
}

/** One character for each byte. TextDecoder has no such encoding: its "latin1" is windows-1252. */
function textOf(bytes: Uint8Array): string {
  return String.fromCharCode(...bytes);
}

function describeZip(names: readonly string[]): Error {
  const foreign = foreignOf(
    names
      .slice(0, MAX_NAMES)
      .map((name) => name.slice(0, MAX_NAME))
      .join("\n"),
    FOREIGN_ZIPS,
  );
  if (foreign !== undefined) return foreign;
  const model = names.find((name) => MODELS.test(name));
  if (model !== undefined) {
    return formatError(
      `There is no checkpoint at the top of the zip archive. Unpack it, and open '${model.slice(0, 200)}'.`,
    );
  }
  return formatError(
    `There is no checkpoint in the zip archive, at its top: ${names.slice(0, 5).join(", ").slice(0, 300)}${names.length > 5 ? ", …" : ""}`,
  );
}

function foreignOf(text: string, kinds: readonly Foreign[]): Error | undefined {
  const kind = kinds.find(([signature]) => signature.test(text));
  if (kind === undefined) return undefined;
  const [, what, wayOn] = kind;
  return unsupportedError(`This is ${what}, which is not read. ${wayOn}`);
}

/** Bytes of no known format: what a user most likely has in place of a checkpoint. */
import { formatError, unsupportedError } from "./file-errors.ts";
import { isZip, zipMembers } from "./zip/zip.ts";

const READ =
  "Read are Keras's .keras, .h5 and .weights.h5, TensorFlow's saved_model.pb, frozen .pb and .index, TF.js's model.json, safetensors, PyTorch's .pth, ONNX and TFLite.";

/** The error for bytes of no known format. */
export function describeUnknown(bytes: Uint8Array): Error {
  if (bytes.length === 0) return formatError("The weights file is empty.");
  const head = new TextDecoder().decode(bytes.subarray(0, 512)).trimStart().toLowerCase();
  if (/^<(!doctype|html|head|body|\?xml|!--)/.test(head)) {
    return formatError(
      "This is a web page, not a weights file: the server answered with HTML. Check the address, or download the file by hand.",
    );
  }
  if (head.startsWith("version https://git-lfs.github.com/spec/")) {
    return formatError("This is a Git LFS pointer, not the weights file itself. Run `git lfs pull` to get the file.");
  }
  if (head.startsWith("{")) {
    return unsupportedError(`This is JSON: a model's description, not its weights. ${READ}`);
  }
  if (isZip(bytes)) {
    // Throws if the archive is broken, and says how.
    const names = [...zipMembers(bytes).keys()];
    return formatError(
      `There is no checkpoint in the zip archive, at its top: ${names.slice(0, 5).join(", ").slice(0, 300)}${names.length > 5 ? ", …" : ""}`,
    );
  }
  const start = [...bytes.subarray(0, 8)].map((byte) => byte.toString(16).padStart(2, "0")).join(" ");
  return formatError(`Not a weights file: it begins with the bytes ${start}. ${READ}`);
}

/**
 * The MobileNetV2 weights that the npm package nsfwjs ships: a TF.js layers model whose model.json and shards are wrapped in
 * scripts (browserify modules). The scripts are read as text, never run.
 *
 * The model is MobileNetV2 1.0 at 224 × 224 without top, then AveragePooling2D(7), Flatten, Dense(256, relu), Dense(128, relu)
 * and Dense(5, softmax); it takes pixels in [0, 1].
 */
import type { Checkpoint, FileSource } from "../checkpoint.ts";
import { decodeBase64 } from "../bytes/base64.ts";
import { formatError } from "../file-errors.ts";
import { parseLiteral, textOf } from "../bytes/json.ts";
import { NSFWJS_CLASSES } from "./classes.ts";
import { tfjsCheckpoint } from "../tfjs/checkpoint.ts";

/** The place at which the value that a script exports begins. */
function exported(text: string, opening: string): number {
  const assignment = `.exports=${opening}`;
  // The wrapper of browserify has one of these for an empty object.
  const start = text.lastIndexOf(assignment);
  if (start < 0) throw formatError("The script exports nothing that we know: is it one of nsfwjs's models?");
  return start + assignment.length - opening.length;
}

const QUOTE = 0x22;
/** The most bytes before the weights: more than browserify's wrapper takes. */
const WRAPPER = 4096;

/** The text between quotes that a script exports, as bytes. */
function exportedText(script: Uint8Array): Uint8Array {
  const head = new TextDecoder("latin1").decode(script.subarray(0, WRAPPER));
  const start = exported(head, '"') + 1;
  const end = script.indexOf(QUOTE, start);
  if (end < 0) throw formatError("The script with the weights is truncated. Install nsfwjs again.");
  return script.subarray(start, end);
}

const SCRIPT_SUFFIX = ".min.js";

/**
 * The model that `dist/models/mobilenet_v2/model.min.js` describes, with the weights in the scripts beside it.
 * @throws FormatError if the scripts are not what the package ships; UnsupportedError for its other models.
 */
export async function open(source: FileSource): Promise<Checkpoint> {
  const text = textOf(source.bytes);
  const checkpoint = await tfjsCheckpoint(parseLiteral(text, exported(text, "{")), async (path) => {
    const script = await source.sibling(path + SCRIPT_SUFFIX);
    return script === undefined ? undefined : decodeBase64(exportedText(script));
  });
  return {
    ...checkpoint,
    format: "nsfwjs",
    classNames: NSFWJS_CLASSES,
    preprocessing: { scale: 1 / 255, offset: 0 },
  };
}

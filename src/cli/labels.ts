/** Files of class names: plain text, or the JSON that Keras and its users write. */
import { readBytes } from "#platform";
import { type ClassName, MobileNetV2Error } from "../index.ts";

export type Labels = readonly (string | ClassName)[];

const MAX_BYTES = 2 ** 24;

/** Reads and parses a file of labels. Throws IOError, LimitError, FormatError. */
export async function readLabels(path: string): Promise<Labels> {
  const bytes = await readBytes(path, { maxBytes: MAX_BYTES });
  try {
    return parseLabels(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch (error) {
    const reason = error instanceof MobileNetV2Error || error instanceof TypeError ? error.message : String(error);
    throw new MobileNetV2Error("FormatError", `${path} is no file of labels: ${reason}`, { cause: error });
  }
}

/**
 * The labels in the order of the model's outputs. `text` is one label a line; or JSON: a list of labels, an index
 * `{"0": ["n01440764", "tench"], "1": "goldfish"}` as Keras's imagenet_class_index.json, or the `class_indices` of its
 * data generators, `{"cat": 0, "dog": 1}`.
 */
export function parseLabels(text: string): Labels {
  const trimmed = text.trim();
  if (trimmed === "") throw bad("it is empty");
  if (!/^[[{]/.test(trimmed)) return trimmed.split(/\r\n|\r|\n/).map((line) => line.trim());
  const value = parseJson(trimmed);
  if (Array.isArray(value)) return value.map(asLabel);
  const entries = Object.entries(value ?? {});
  return entries.every(([, index]) => typeof index === "number")
    ? inOrder(entries.map(([label, index]) => [Number(index), label]))
    : inOrder(entries.map(([index, label]) => [/^\d+$/.test(index) ? Number(index) : Number.NaN, asLabel(label)]));
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw bad(`it begins as JSON does but is none (${error instanceof Error ? error.message : String(error)})`);
  }
}

function asLabel(value: unknown): string | ClassName {
  if (typeof value === "string") return value;
  if (Array.isArray(value)) {
    const [wnid, label]: readonly unknown[] = value;
    if (typeof wnid === "string" && typeof label === "string" && value.length === 2) return { wnid, label };
  }
  throw bad('a label must be a text, or a pair of texts such as ["n01440764", "tench"]');
}

/** Labels by their index: each from 0 on must be there once. */
function inOrder(entries: readonly (readonly [number, string | ClassName])[]): Labels {
  const sorted = entries.toSorted(([a], [b]) => a - b);
  if (sorted.some(([index], position) => index !== position)) {
    throw bad(`it has ${entries.length} labels, so the indexes must be 0 to ${entries.length - 1}, each once`);
  }
  return sorted.map(([, label]) => label);
}

function bad(message: string): MobileNetV2Error {
  return new MobileNetV2Error("FormatError", message);
}

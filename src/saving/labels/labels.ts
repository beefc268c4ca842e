/** Files of class names: plain text, and the JSON that Keras and its users write. */
import { messageOf } from "../../core/errors.ts";
import { TEXT, TEXTS, check } from "../../core/kinds.ts";
import { formatError } from "../file-errors.ts";
import { type Json, parseJson } from "../bytes/json.ts";

/** The name of a class, alone or with its WordNet id as in Keras's class index. */
export type Label = string | { readonly wnid: string; readonly label: string };

/**
 * The labels in the order of the model's output.
 *
 * @param text one label a line, perhaps numbered from 0 as in Teachable Machine's `0 cat`; or JSON: a list of labels, an index
 *   `{"0": ["n01440764", "tench"], "1": "goldfish"}` as in Keras's imagenet_class_index.json, or the `class_indices` of its data
 *   generators, `{"cat": 0, "dog": 1}`
 * @throws FormatError that says why the text is none of these.
 */
export function parseLabels(text: string): readonly Label[] {
  check("parseLabels()", "text", text, TEXT);
  const trimmed = text.trim();
  if (trimmed === "") throw formatError("it is empty");
  if (!/^[[{]/.test(trimmed)) return withoutNumbers(trimmed.split(/\r\n|\r|\n/).map((line) => line.trim()));
  const value = parsed(trimmed);
  if (Array.isArray(value)) return value.map(asLabel);
  const entries = value instanceof Map ? [...value] : [];
  return entries.every(([, index]) => typeof index === "number")
    ? inOrder(entries.map(([label, index]) => [Number(index), label]))
    : inOrder(entries.map(([index, label]) => [/^\d+$/.test(index) ? Number(index) : Number.NaN, asLabel(label)]));
}

/** The lines without the numbers before them, if every line begins with its own. */
function withoutNumbers(lines: readonly string[]): readonly string[] {
  const names = lines.map((line, i) => (line.startsWith(`${i} `) ? line.slice(`${i} `.length).trim() : undefined));
  return names.every((name) => name !== undefined) ? names : lines;
}

/** The text of a file of labels, as `parseLabels` reads it: one name a line if lines can hold them all, else a JSON list. */
export function labelsText(names: readonly string[]): string {
  check("labelsText()", "names", names, TEXTS);
  const plain =
    names.every((name) => name === name.trim() && !/[\r\n]/.test(name)) && !/^[[{]|^$|^0 /.test(names[0] ?? "");
  return plain ? `${names.join("\n")}\n` : `${JSON.stringify(names, null, 1)}\n`;
}

function parsed(text: string): Json {
  try {
    return parseJson(new TextEncoder().encode(text));
  } catch (error) {
    throw formatError(`it begins as JSON does but is none (${messageOf(error)})`, { cause: error });
  }
}

function asLabel(value: Json): Label {
  if (typeof value === "string") return value;
  if (Array.isArray(value)) {
    const [wnid, label]: readonly Json[] = value;
    if (typeof wnid === "string" && typeof label === "string" && value.length === 2) return { wnid, label };
  }
  throw formatError('a label must be a text, or a pair of texts such as ["n01440764", "tench"]');
}

/** The labels in the order of their indexes, which must be 0, 1, …, each once. */
function inOrder(entries: readonly (readonly [number, Label])[]): readonly Label[] {
  const sorted = entries.toSorted(([a], [b]) => a - b);
  if (sorted.some(([index], position) => index !== position)) {
    throw formatError(`it has ${entries.length} labels, so the indexes must be 0 to ${entries.length - 1}, each once`);
  }
  return sorted.map(([, label]) => label);
}

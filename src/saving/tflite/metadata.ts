/** The metadata that TFLite models for applications carry (metadata_schema.fbs): how pictures are scaled, and the names of classes. */
import type { Preprocessing } from "../checkpoint.ts";
import { zipMember, zipNames } from "../zip/zip.ts";
import { rootTable } from "./flatbuffer.ts";

/** The most entries of a list that are read. */
const MAX_LIST = 100;
/** ProcessUnitOptions.NormalizationOptions. */
const NORMALIZATION = 1;

/** (pixel − mean) / deviation of the first input as a `Preprocessing`; undefined if the metadata do not have it. */
export function normalizationOf(metadata: Uint8Array): Preprocessing | undefined {
  const model = rootTable(metadata);
  if (model.length(3) === 0 || model.length(3) > MAX_LIST) return undefined;
  const [graph] = model.tables(3);
  if (graph === undefined || graph.length(2) > MAX_LIST) return undefined;
  const [input] = graph.tables(2);
  if (input === undefined || input.length(4) > MAX_LIST) return undefined;
  const options = input
    .tables(4)
    .find((unit) => unit.uint8(0) === NORMALIZATION)
    ?.table(1);
  if (options === undefined || options.length(0) > MAX_LIST || options.length(1) > MAX_LIST) return undefined;
  const means = options.float32s(0);
  const deviations = options.float32s(1);
  const scale = deviations.map((deviation) => 1 / deviation);
  const offset = means.map((mean, i) => -mean * (scale[scale.length === 1 ? 0 : i] ?? NaN));
  if (![...scale, ...offset].every(Number.isFinite) || scale.length === 0) return undefined;
  return { scale: oneOrAll(scale), offset: oneOrAll(offset) };
}

function oneOrAll(list: readonly number[]): number | readonly number[] {
  const [first = 0] = list;
  return list.every((item) => item === first) ? first : list;
}

/** The names of classes, a line each, in a text of the zip archive that is packed behind the model; undefined if there is none. */
export function packedLabels(file: Uint8Array): readonly string[] | undefined {
  const name = zipNames(file).find((member) => /(?:^|[_-])labels?\b.*\.txt$/i.test(member));
  if (name === undefined) return undefined;
  try {
    const text = new TextDecoder("utf-8", { fatal: true }).decode(zipMember(file, name));
    return text.trimEnd().split(/\r?\n/);
  } catch {
    // Names are no reason not to open the model.
    return undefined;
  }
}

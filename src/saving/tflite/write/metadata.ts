/** The metadata that applications read in TFLite files (metadata_schema.fbs, `M001`): how pixels are scaled, and where the names of classes are. */
import type { Shape } from "../../../core/shape.ts";
import type { Preprocessing } from "../../checkpoint.ts";
import { writeZip } from "../../zip/write.ts";
import { type FlatTable, flatbuffer, float32s, list, table, text, uint8 } from "./flatbuffer-writer.ts";

const IDENTIFIER = "M001";
/** The first version of the metadata's parser, which reads all that is written here. */
const PARSER = "1.0.0";
const LABELS = "labels.txt";
/** AssociatedFileType: a line for each place along the output's last axis. */
const AXIS_LABELS = 2;
/** ContentProperties. */
const [FEATURES, IMAGE] = [1, 2] as const;
/** ColorSpaceType. */
const [RGB, GRAYSCALE] = [1, 2] as const;
/** ProcessUnitOptions: NormalizationOptions. */
const NORMALIZATION = 1;

export interface Described {
  readonly name: string;
  /** The name and shape of the first input. */
  readonly input: { readonly name: string; readonly shape: Shape };
  readonly outputs: readonly string[];
  readonly preprocessing: Preprocessing;
  readonly classNames: readonly string[] | undefined;
}

/** The content of the file's part `TFLITE_METADATA`. */
export function metadataOf({ name, input, outputs, preprocessing, classNames }: Described): Uint8Array {
  const channels = input.shape.length === 4 ? input.shape[3] : undefined;
  const colors = channels === 3 ? RGB : channels === 1 ? GRAYSCALE : undefined;
  const image = colors && table([uint8(IMAGE), table([uint8(colors)])]);
  const units = channels === undefined ? undefined : list([normalization(preprocessing)]);
  const labels = classNames && list([table([text(LABELS), undefined, uint8(AXIS_LABELS)])]);
  const features = table([uint8(FEATURES), table()]);
  const graph = table([
    undefined,
    undefined,
    list([tensor(input.name, image, units)]),
    list(outputs.map((output, i) => tensor(output, features, undefined, i === 0 ? labels : undefined))),
  ]);
  const none = undefined;
  return flatbuffer(table([text(name), none, none, list([graph]), none, none, none, text(PARSER)]), IDENTIFIER);
}

function tensor(name: string, content: FlatTable | undefined, units: Field, labels?: Field): FlatTable {
  return table([text(name), undefined, undefined, content, units, undefined, labels]);
}

type Field = FlatTable["fields"][number];

/** (pixel − mean) / deviation, of which applications make what the model takes. */
function normalization({ scale, offset }: Preprocessing): FlatTable {
  const [scales, offsets] = [scale, offset].map((value) => (typeof value === "number" ? [value] : value));
  const count = Math.max(scales?.length ?? 1, offsets?.length ?? 1);
  const each = (values: readonly number[] | undefined): readonly number[] =>
    Array.from({ length: count }, (_, c) => values?.[c] ?? values?.[0] ?? 0);
  const factors = each(scales);
  const means = each(offsets).map((value, c) => -value / (factors[c] ?? 1));
  return table([uint8(NORMALIZATION), table([float32s(means), float32s(factors.map((factor) => 1 / factor))])]);
}

/** The file with the names of the classes behind it, a line each, in a zip archive as applications look for them. */
export function withLabels(file: Uint8Array<ArrayBuffer>, classNames: readonly string[]): Uint8Array<ArrayBuffer> {
  const lines = classNames.map((name) => `${name.replaceAll(/[\r\n]+/g, " ")}\n`);
  return writeZip([{ name: LABELS, bytes: new TextEncoder().encode(lines.join("")) }], file);
}

/** How pixels become what a TFLite network takes: by its metadata, or by the integers that it, or its first operator, makes of them. */
import type { Preprocessing } from "../checkpoint.ts";
import { RAW_PIXELS } from "../pixels-inside.ts";
import { onlyReader } from "./input-use.ts";
import { normalizationOf } from "./metadata.ts";
import { type TfliteModel, type TfliteTensor, tensorAt } from "./model.ts";
import { operatorName } from "./operator-names.ts";

/** As the metadata say; but if the network takes bytes, which are pixels or pixels − 128, by what those stand for, if that is something else. */
export function preprocessingOf(file: TfliteModel): Preprocessing | undefined {
  const input = tensorAt(file, file.inputs[0] ?? -1);
  const metadata = file.metadata("TFLITE_METADATA");
  const said = metadata && normalizationOf(metadata);
  const bytes = ofBytes(input);
  // The zero point of bytes is rounded, the metadata are not.
  if (bytes !== undefined && said !== undefined && isWithinStep(said, input)) return said;
  return bytes ?? said ?? ofFirstIntegers(file, input);
}

/** Whether black and white pixels are within a step of the bytes that stand for them. */
function isWithinStep({ scale, offset }: Preprocessing, input: TfliteTensor): boolean {
  const [low, high] = rangeOf(input) ?? [NaN, NaN];
  const step = (high - low) / 255;
  const each = (value: number | readonly number[]): readonly number[] => (typeof value === "number" ? [value] : value);
  const [scales, offsets] = [each(scale), each(offset)];
  return Array.from({ length: Math.max(scales.length, offsets.length) }).every((_, c) => {
    const black = offsets[c] ?? offsets[0] ?? NaN;
    const white = black + 255 * (scales[c] ?? scales[0] ?? NaN);
    return Math.abs(black - low) < step && Math.abs(white - high) < step;
  });
}

/** The numbers that the bytes 0 to 255, or −128 to 127, stand for; undefined if the tensor has others, or none. */
function rangeOf({ dtype, quantization, isQuantized }: TfliteTensor): readonly [number, number] | undefined {
  const least = dtype === "uint8" ? 0 : dtype === "int8" ? -128 : undefined;
  const { scale, zeroPoint } = isQuantized
    ? (quantization ?? { scale: NaN, zeroPoint: 0 })
    : { scale: 1, zeroPoint: least ?? 0 };
  if (least === undefined || !Number.isFinite(scale) || !Number.isFinite(zeroPoint)) return undefined;
  return [(least - zeroPoint) * scale, (least + 255 - zeroPoint) * scale];
}

function ofBytes(input: TfliteTensor): Preprocessing | undefined {
  const [low = NaN] = rangeOf(input) ?? [];
  const scale = input.isQuantized ? (input.quantization?.scale ?? NaN) : 1;
  return Number.isFinite(low) ? { scale, offset: low } : undefined;
}

/** The ranges of what pixels are scaled to, and how; undefined is x / 127.5 − 1, as everywhere. */
const KNOWN: readonly (readonly [low: number, high: number, Preprocessing | undefined])[] = [
  [0, 1, { scale: 1 / 255, offset: 0 }],
  [-1, 1, undefined],
  [0, 255, RAW_PIXELS],
  [-128, 127, { scale: 1, offset: -128 }],
  // From the darkest red to the brightest blue of what torchvision makes of pictures.
  [
    -0.485 / 0.229,
    (1 - 0.406) / 0.225,
    {
      scale: [1 / (255 * 0.229), 1 / (255 * 0.224), 1 / (255 * 0.225)],
      offset: [-0.485 / 0.229, -0.456 / 0.224, -0.406 / 0.225],
    },
  ],
];

/** How far an end of the range may be from the scaling that it shows, as a part of the whole: pictures that a converter was shown need not be black and white. */
const TOLERANCE = 0.1;

/** A network that takes floats and makes integers of them at once was made to take what those integers stand for. */
function ofFirstIntegers(file: TfliteModel, input: TfliteTensor): Preprocessing | undefined {
  if (!input.dtype.startsWith("float")) return undefined;
  const reader = onlyReader(file, file.inputs[0] ?? -1);
  if (reader === undefined || operatorName(reader.code, reader.customName) !== "QUANTIZE") return undefined;
  const integers = tensorAt(file, reader.outputs[0] ?? -1);
  const [low = NaN, high = NaN] = integers.isQuantized ? (rangeOf(integers) ?? []) : [];
  const isNear = (a: number, b: number, width: number): boolean => Math.abs(a - b) <= TOLERANCE * width;
  const known = KNOWN.find(([least, most]) => isNear(low, least, most - least) && isNear(high, most, most - least));
  return known?.[2];
}

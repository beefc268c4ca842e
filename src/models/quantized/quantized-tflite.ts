/** Quantized models as TFLite: int8 weights and activations, int32 biases. */
import type { Preprocessing } from "../../saving/checkpoint.ts";
import { checkClassNames } from "../../saving/plausible.ts";
import type { TfliteIo } from "../../saving/tflite/write/values.ts";
import { tfliteBytes } from "../../saving/tflite/write.ts";
import { describeModel } from "../files/describe-model.ts";
import { type QuantizedParts, classCountOf } from "./quantized-file.ts";

interface Extras {
  readonly classNames: readonly string[] | undefined;
  readonly preprocessing: Preprocessing | undefined;
}

/** The bytes of the file. @throws ValueError, UnsupportedError as `tfliteBytes` does. */
export function quantizedTflite(
  { architecture, network, named }: QuantizedParts,
  io: TfliteIo,
  { classNames, preprocessing }: Extras,
): Uint8Array<ArrayBuffer> {
  const model = describeModel(architecture);
  checkClassNames(classNames, classCountOf(architecture));
  return tfliteBytes(named, { model, classNames, preprocessing, integers: { network, io } });
}

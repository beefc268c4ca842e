/** Reading files of class names for a command. */
import { readBytes } from "#platform";
import { MobileNetV2Error } from "../index.ts";
import { type Label, parseLabels } from "../public/saving.ts";

export type Labels = readonly Label[];

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

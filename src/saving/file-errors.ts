/** The two errors of every reader of files: broken or hostile, and well formed but not read here. */
import { MobileNetV2Error } from "../core/errors.ts";

/** A file that is broken, hostile, or not what it should be. */
export function formatError(message: string, options?: ErrorOptions): MobileNetV2Error {
  return new MobileNetV2Error("FormatError", message, options);
}

/** A file that is well formed but uses something that we do not read. */
export function unsupportedError(message: string): MobileNetV2Error {
  return new MobileNetV2Error("UnsupportedError", message);
}

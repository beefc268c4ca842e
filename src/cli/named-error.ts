/** Errors that name what they are about, also where the library had only its bytes. */
import { MobileNetV2Error } from "../index.ts";

export function namedError(error: unknown, source: string): unknown {
  if (!(error instanceof MobileNetV2Error) || error.message.includes(source)) return error;
  return new MobileNetV2Error(error.code, `${source}: ${error.message}`, { cause: error });
}

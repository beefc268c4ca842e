/** Files whose model is not read here: what can be said of them all the same is said, and whoever wants the model gets the reason. */
import { MobileNetV2Error } from "../core/errors.ts";
import type { Checkpoint } from "./checkpoint.ts";
import { unsupportedError } from "./file-errors.ts";

/** What `read` gives; if that meets something that is not read here, what `otherwise` makes of the message. Other errors pass. */
export function unlessUnsupported<T>(read: () => T, otherwise: (reason: string) => T): T {
  try {
    return read();
  } catch (error) {
    if (error instanceof MobileNetV2Error && error.code === "UnsupportedError") return otherwise(error.message);
    throw error;
  }
}

/** @throws UnsupportedError if the file has a model that is not read here. */
export function refuseUnread({ unread }: Pick<Checkpoint, "unread">): void {
  if (unread !== undefined) throw unsupportedError(unread.reason);
}

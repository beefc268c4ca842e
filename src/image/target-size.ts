/** The size that pictures are resized to. */
import { MobileNetV2Error, show, valueError } from "../core/errors.ts";
import { whole } from "../core/kinds.ts";

/**
 * Checks a target size.
 * @throws ValueError if it is not two whole numbers of 1 or more; LimitError for more than 2^26 pixels.
 */
export function checkTargetSize(size: readonly [number, number]): void {
  if (!Array.isArray(size) || size.length !== 2 || !Array.from(size).every(whole(1)[1])) {
    throw valueError(
      `A target size is [rows, columns], two whole numbers of 1 or more (height and width must be > 0). Received: targetSize=${show(size)}`,
    );
  }
  if (size[0] * size[1] > 2 ** 26) {
    throw new MobileNetV2Error(
      "LimitError",
      `A target size has at most 2^26 pixels. Received: targetSize=${show(size)}`,
    );
  }
}

/** How `.keras` archives are told apart: by the member with the weights, which no other zip archive has. */
import { isZip, zipNames } from "../zip/zip.ts";

/** The member of a `.keras` archive that holds the weights, itself a `.weights.h5`. */
export const WEIGHTS = "model.weights.h5";

export function isKerasArchive(bytes: Uint8Array): boolean {
  return isZip(bytes) && zipNames(bytes).includes(WEIGHTS);
}

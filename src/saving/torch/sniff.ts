/** How the files of `torch.save` begin. */
import { isZip } from "../zip/zip.ts";

/** The member of the archive, in a folder of any name, that holds the pickle. It comes first. */
export const PICKLE = "/data.pkl";

/** The protocol and the long number with which every file of before torch 1.6 begins. */
const LEGACY_START = [0x80, 2, 0x8a, 10, 0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19];
const LOCAL_HEADER_SIZE = 30;
const NAME_LENGTH = 26;

/** True for a zip archive whose first member is torch's pickle, or for a file of before torch 1.6. */
export function isTorchFile(bytes: Uint8Array): boolean {
  if (LEGACY_START.every((byte, i) => bytes[i] === byte)) return true;
  if (!isZip(bytes) || bytes.length < LOCAL_HEADER_SIZE) return false;
  const length = (bytes[NAME_LENGTH] ?? 0) | ((bytes[NAME_LENGTH + 1] ?? 0) << 8);
  const name = bytes.subarray(LOCAL_HEADER_SIZE, LOCAL_HEADER_SIZE + length);
  return new TextDecoder().decode(name.slice(-PICKLE.length)) === PICKLE;
}

/** Files beside an address, and chosen files, in browsers. Folders cannot be opened by their path. */
import { absolute, readBytes } from "./files.ts";
import type { FileSet, FilesSource, ReadOptions } from "../contract.ts";
import { chosenFiles, fetchedFiles, isFileList, singleFile } from "../file-set.ts";

export async function openFiles(source: FilesSource, options: ReadOptions = {}): Promise<FileSet> {
  if (isFileList(source)) return chosenFiles(source);
  if (typeof source === "string" || source instanceof URL) {
    const address = absolute(String(source));
    if (/^https?:/i.test(address)) return fetchedFiles(address, options);
  }
  return singleFile(source instanceof File ? source.name : "", await readBytes(source, options));
}

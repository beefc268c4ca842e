/** What all sets of files share: which names are allowed, sets of files at hand, and files beside an address. */
import { MobileNetV2Error, show } from "../core/errors.ts";
import type { FileSet, FilesSource, ReadOptions } from "./contract.ts";
import { fetchBytes } from "./fetch-bytes.ts";

/**
 * Gives the name back where it is that of a file, perhaps in folders within: nothing that an address or a file system takes for more.
 * @throws FormatError for any other.
 */
export function plainName(name: string): string {
  const plain =
    name.length <= 1000 &&
    /^[\p{L}\p{N}_.-][\p{L}\p{N}\p{M}_. +(),@=&'-]*(?:\/[\p{L}\p{N}_.-][\p{L}\p{N}\p{M}_. +(),@=&'-]*)*$/u.test(name);
  if (plain && !name.split("/").some((part) => /^\.+$/.test(part) || /[. ]$/.test(part))) return name;
  throw new MobileNetV2Error(
    "FormatError",
    `The file names ${JSON.stringify(show(name))} as another one. Allowed are plain names, relative to the file itself.`,
  );
}

export function isFileList(source: FilesSource): source is readonly File[] {
  return Array.isArray(source);
}

/** One file without neighbours. */
export function singleFile(name: string, bytes: Uint8Array): FileSet {
  return {
    main: name,
    names: async () => [name],
    read: async (wanted) => (wanted === name ? bytes : undefined),
  };
}

/** Files that a user chose, or a folder of them. */
export function chosenFiles(files: readonly File[]): FileSet {
  // A chosen folder comes first in the names of its files.
  const named = new Map(files.map((file) => [file.webkitRelativePath?.replace(/^[^/]*\//, "") || file.name, file]));
  const [only, ...more] = named.keys();
  return {
    main: more.length === 0 ? only : undefined,
    names: async () => [...named.keys()].filter((name) => !name.includes("/")),
    async read(name) {
      const file = named.get(name);
      return file === undefined ? undefined : new Uint8Array(await file.arrayBuffer());
    },
  };
}

/** A file at an http or https address, and those in the folder of the address. */
export async function fetchedFiles(address: string, options: ReadOptions): Promise<FileSet> {
  const url = new URL(address);
  const main = lastPart(url);
  const bytes = await fetchBytes(address, options);
  return {
    main,
    names: async () => [main],
    async read(name) {
      if (name === main) return bytes;
      const other = new URL(plainName(name).split("/").map(encodeURIComponent).join("/"), url);
      // Signed addresses sign the folder.
      other.search = url.search;
      other.username = url.username;
      other.password = url.password;
      try {
        return await fetchBytes(other.href, options);
      } catch (error) {
        if (error instanceof MobileNetV2Error && /answered (?:403|404|410)/.test(error.message)) return undefined;
        throw error;
      }
    },
  };
}

function lastPart(url: URL): string {
  const part = url.pathname.slice(url.pathname.lastIndexOf("/") + 1);
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

/** What all sets of files share: which names are allowed, files that are passed in, and files beside an address. */
import { MobileNetV2Error, show } from "../core/errors.ts";
import { check, instanceOf, listOf } from "../core/kinds.ts";
import type { FileSet, FilesSource, ReadOptions } from "./contract.ts";
import { fetchBytes } from "./fetch-bytes.ts";

/**
 * Returns the name if it is that of a file, possibly in folders inside: one that neither an address nor a file system takes for anything
 * else.
 * @throws FormatError for any other name.
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

/** A set of one file. */
export function singleFile(name: string, bytes: Uint8Array): FileSet {
  return {
    main: name,
    names: async () => [name],
    read: async (wanted) => (wanted === name ? bytes : undefined),
  };
}

const FILES = listOf("a list of File objects", instanceOf("", Blob));

/** A set of files that the user chose, or of a folder that the user chose. */
export function chosenFiles(files: readonly File[]): FileSet {
  check("a list of files", "source", files, FILES);
  // If the user chose a folder, its name begins the name of every file.
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

/** A file at an http or https address, with the files in the same folder of the address. */
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
      // A signed address signs the whole folder.
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

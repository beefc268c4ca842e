/** The files of a data set: a folder of the system, or a folder that the user of a page chose. */
import { warn } from "#platform";
import { MobileNetV2Error, valueError } from "../../../core/errors.ts";
import { check, instanceOf, listOf } from "../../../core/kinds.ts";
import type { BytesSource } from "../../../platform/contract.ts";
import { comparePython } from "./python-order.ts";
import { foldersIn, joinPath, walkFolders } from "./walk.ts";

/** A folder of files, with the folders in it. */
export interface FileTree {
  /** The path of the root, with which the paths of its files begin. */
  readonly root: string;
  /** The names of the folders in the root, links to folders included, in Python's order. */
  folders(): Promise<readonly string[]>;
  /** The paths of the wanted files at any depth below a folder (`""` is the root), sorted by folder and then by name, as Keras does. */
  walk(folder: string, wanted: (name: string) => boolean): Promise<readonly string[]>;
  /** The source to read the file of a path from. */
  source(path: string): BytesSource;
}

/** A folder of the system. Links to folders in the root are always followed, deeper ones only with `followLinks`; never in a circle. */
export function systemTree(root: string, followLinks: boolean): FileTree {
  return {
    root,
    folders: () => foldersIn(root),
    async walk(folder, wanted) {
      const { folders, unreadable } = await walkFolders(root, folder, followLinks);
      for (const { message } of unreadable) warn(message);
      return folders.flatMap(({ path, files }) =>
        files
          .map(({ name }) => name)
          .filter(wanted)
          .toSorted(comparePython)
          .map((name) => joinPath(path, name)),
      );
    },
    source: (path) => path,
  };
}

const FILES = listOf("a list of File objects", instanceOf("", Blob));

/** The files of a chosen folder, as `<input type="file" webkitdirectory>` gives them. @throws ValueError if they are of several folders. */
export function chosenTree(files: readonly File[]): FileTree {
  check("imageDatasetFromDirectory()", "directory", files, FILES);
  const byPath = new Map(files.map((file) => [file.webkitRelativePath || file.name, file]));
  const roots = new Set([...byPath.keys()].map((path) => (path.includes("/") ? path.slice(0, path.indexOf("/")) : "")));
  const [root = ""] = roots;
  if (roots.size > 1) {
    throw valueError(`Expected the files of one folder. Received files of: ${[...roots].slice(0, 5).join(", ")}`);
  }
  const paths = [...byPath.keys()];
  const folderOf = (path: string): string => path.slice(0, Math.max(0, path.lastIndexOf("/")));
  const nameOf = (path: string): string => path.slice(path.lastIndexOf("/") + 1);
  return {
    root,
    async folders() {
      const below = paths.map((path) => path.slice(root.length + 1)).filter((path) => path.includes("/"));
      return [...new Set(below.map((path) => path.slice(0, path.indexOf("/"))))].toSorted(comparePython);
    },
    async walk(folder, wanted) {
      const place = folder === "" ? root : joinPath(root, folder);
      return paths
        .filter((path) => (place === "" || path.startsWith(`${place}/`)) && wanted(nameOf(path)))
        .toSorted((a, b) => comparePython(folderOf(a), folderOf(b)) || comparePython(nameOf(a), nameOf(b)));
    },
    source(path) {
      const file = byPath.get(path);
      if (file === undefined) throw new MobileNetV2Error("IOError", `${path} is not among the chosen files.`);
      return file;
    },
  };
}

/** Where the files of a data set are: a folder of the system, or the files that a user of a page chose. */
import { readFolder } from "#platform";
import { MobileNetV2Error } from "../../../core/errors.ts";
import type { BytesSource } from "../../../platform/contract.ts";
import { comparePython } from "./python-order.ts";

export interface FileTree {
  /** What to call it in messages, and what the paths of its files begin with. */
  readonly root: string;
  /** The names of the folders in the root, links to folders included, in Python's order. */
  folders(): Promise<readonly string[]>;
  /** The paths below a folder (`""`: the root) of the files that are wanted, as `os.walk` and two sorts give them. */
  walk(folder: string, wanted: (name: string) => boolean): Promise<readonly string[]>;
  /** What to read for a path. */
  source(path: string): BytesSource;
}

/** A path below another, as `os.path.join` makes it. */
export function joinPath(folder: string, name: string): string {
  if (folder === "") return name;
  return folder.endsWith("/") ? folder + name : `${folder}/${name}`;
}

/** A folder of the system. Links to folders are followed only if asked to, but for those in the root; never in a circle. */
export function systemTree(root: string, followLinks: boolean): FileTree {
  return {
    root,
    async folders() {
      const { folders } = await readFolder(root);
      return folders.map(({ name }) => name).toSorted(comparePython);
    },
    async walk(folder, wanted) {
      const found: { readonly folder: string; readonly files: readonly string[] }[] = [];
      const visit = async (place: string, above: readonly string[]): Promise<void> => {
        const { real, folders, files } = await readFolder(place);
        if (above.includes(real)) return;
        found.push({ folder: place, files: files.filter(wanted).toSorted(comparePython) });
        for (const { name, isLink } of folders) {
          // oxlint-disable-next-line no-await-in-loop -- a folder at a time
          if (!isLink || followLinks) await visit(joinPath(place, name), [...above, real]);
        }
      };
      await visit(joinPath(root, folder), []);
      return found
        .toSorted((a, b) => comparePython(a.folder, b.folder))
        .flatMap(({ folder: place, files }) => files.map((name) => joinPath(place, name)));
    },
    source: (path) => path,
  };
}

/** The files of a chosen folder: `<input type="file" webkitdirectory>` gives them with their paths. */
export function chosenTree(files: readonly File[]): FileTree {
  const byPath = new Map(files.map((file) => [file.webkitRelativePath || file.name, file]));
  const roots = new Set([...byPath.keys()].map((path) => (path.includes("/") ? path.slice(0, path.indexOf("/")) : "")));
  const [root = ""] = roots;
  if (roots.size > 1) {
    throw new MobileNetV2Error(
      "ValueError",
      `Expected the files of one folder. Received files of: ${[...roots].slice(0, 5).join(", ")}`,
    );
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

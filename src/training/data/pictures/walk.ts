/** The walk through a folder and those within. It knows where it has been, so links that form a circle end it (`os.walk` does not know). */
import { readFolder } from "#platform";
import { MobileNetV2Error } from "../../../core/errors.ts";
import type { FolderFile } from "../../../platform/contract.ts";
import { comparePython } from "./python-order.ts";

/** The path of a name in a folder (`os.path.join`). */
export function joinPath(folder: string, name: string): string {
  if (folder === "") return name;
  return folder.endsWith("/") ? folder + name : `${folder}/${name}`;
}

/** A folder that the walk came to. */
export interface WalkedFolder {
  readonly path: string;
  /** Whether a link to a folder was followed on the way. */
  readonly isLinked: boolean;
  /** Everything in it that is no folder, in no particular order. */
  readonly files: readonly FolderFile[];
}

/** What a walk found. */
export interface Walked {
  /** The folders, in Python's order of their paths. */
  readonly folders: readonly WalkedFolder[];
  /** An error for each folder that cannot be read. */
  readonly unreadable: readonly MobileNetV2Error[];
}

/** The names of the folders in a folder, links to folders included, in Python's order. */
export async function foldersIn(root: string): Promise<readonly string[]> {
  const { folders } = await readFolder(root);
  return folders.map(({ name }) => name).toSorted(comparePython);
}

/**
 * Walks through a folder of the root (`""` is the root itself) and all below it. Each folder is visited once, and links are followed last: what
 * has several paths is found by the one without a link. Below the root's folders, no link leads back to the root.
 * @throws IOError if the root cannot be read
 */
export async function walkFolders(root: string, folder: string, followLinks: boolean): Promise<Walked> {
  const been = new Set<string>();
  if (folder !== "") been.add((await readFolder(root)).identity);
  const found: WalkedFolder[] = [];
  const unreadable: MobileNetV2Error[] = [];
  const links: string[] = [];
  const visit = async (start: string, isLinked: boolean): Promise<void> => {
    for (const waiting = [start]; waiting.length > 0;) {
      const path = waiting.pop() ?? "";
      try {
        // oxlint-disable-next-line no-await-in-loop -- a folder at a time
        const { identity, folders, files } = await readFolder(path);
        if (been.has(identity)) continue;
        been.add(identity);
        found.push({ path, isLinked, files });
        for (const { name, isLink } of folders) (isLink ? links : waiting).push(joinPath(path, name));
      } catch (error) {
        if (path === root || !(error instanceof MobileNetV2Error)) throw error;
        unreadable.push(error);
      }
    }
  };
  await visit(folder === "" ? root : joinPath(root, folder), false);
  for (let next = followLinks ? links.splice(0) : []; next.length > 0; next = links.splice(0)) {
    // oxlint-disable-next-line no-await-in-loop -- a link at a time
    for (const link of next.toSorted(comparePython)) await visit(link, true);
  }
  return { folders: found.toSorted((a, b) => comparePython(a.path, b.path)), unreadable };
}

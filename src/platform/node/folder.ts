/** Lists a folder in Node. */
import { readdir, realpath, stat } from "node:fs/promises";
import { join } from "node:path";

import type { FolderContent } from "../contract.ts";
import { asIOError, pathOf } from "./files.ts";

/** The number of links that are looked up at once. */
const LINKS_AT_ONCE = 64;

export async function readFolder(path: string): Promise<FolderContent> {
  const folder = pathOf(path);
  try {
    const [real, entries] = await Promise.all([realpath(folder), readdir(folder, { withFileTypes: true })]);
    const folders = entries.filter((entry) => entry.isDirectory()).map(({ name }) => ({ name, isLink: false }));
    const links = entries.filter((entry) => entry.isSymbolicLink());
    const files = entries.filter((entry) => !entry.isDirectory() && !entry.isSymbolicLink()).map(({ name }) => name);
    for (let from = 0; from < links.length; from += LINKS_AT_ONCE) {
      const some = links.slice(from, from + LINKS_AT_ONCE);
      // oxlint-disable-next-line no-await-in-loop -- a limited number at once
      const leadToFolders = await Promise.all(some.map(({ name }) => isFolder(join(folder, name))));
      for (const [i, { name }] of some.entries()) {
        if (leadToFolders[i] === true) folders.push({ name, isLink: true });
        else files.push(name);
      }
    }
    return { real, folders, files };
  } catch (error) {
    throw asIOError(error, `read the folder ${folder}`);
  }
}

/** Whether the path is that of a folder; false for a link that leads nowhere. */
async function isFolder(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isDirectory();
  } catch {
    return false;
  }
}

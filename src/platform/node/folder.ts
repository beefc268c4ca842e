/** Lists a folder in Node. Names that are not UTF-8 are read as bytes (byte-names.ts). */
import type { Stats } from "node:fs";
import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";

import type { FolderContent, FolderFile } from "../contract.ts";
import { systemPath, textOfName } from "./byte-names.ts";
import { asIOError, identity, pathOf } from "./files.ts";

/** The number of links that are looked up at once. */
const LINKS_AT_ONCE = 64;

export async function readFolder(path: string): Promise<FolderContent> {
  const folder = pathOf(path);
  try {
    const place = systemPath(folder);
    const [stats, entries] = await Promise.all([
      stat(place, { bigint: true }),
      readdir(place, { withFileTypes: true, encoding: "buffer" }),
    ]);
    const folders: { readonly name: string; readonly isLink: boolean }[] = [];
    const files: FolderFile[] = [];
    const links: string[] = [];
    for (const entry of entries) {
      const name = textOfName(entry.name);
      if (entry.isDirectory()) folders.push({ name, isLink: false });
      else if (entry.isSymbolicLink()) links.push(name);
      else files.push({ name, isLink: false, kind: entry.isFile() ? "file" : "other" });
    }
    for (let from = 0; from < links.length; from += LINKS_AT_ONCE) {
      const some = links.slice(from, from + LINKS_AT_ONCE);
      // oxlint-disable-next-line no-await-in-loop -- a limited number at once
      const targets = await Promise.all(some.map((name) => targetOf(join(folder, name))));
      for (const [i, name] of some.entries()) {
        const target = targets[i];
        if (target?.isDirectory() === true) folders.push({ name, isLink: true });
        else
          files.push({ name, isLink: true, kind: target === undefined ? "none" : target.isFile() ? "file" : "other" });
      }
    }
    return { identity: identity(stats), folders, files };
  } catch (error) {
    throw asIOError(error, `read the folder ${folder}`);
  }
}

/** What a link leads to; undefined for one that leads nowhere. */
async function targetOf(path: string): Promise<Stats | undefined> {
  try {
    return await stat(systemPath(path));
  } catch {
    return undefined;
  }
}

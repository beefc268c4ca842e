/** A folder of pictures in which each file counts once, whatever links lead to it, and is of one class. */
import { warn } from "#platform";
import { valueError } from "../../core/errors.ts";
import { identityOf } from "../../platform/node/files.ts";
import { comparePython } from "../../training/data/pictures/python-order.ts";
import type { FileTree } from "../../training/data/pictures/tree.ts";
import { foldersIn, joinPath, walkFolders } from "../../training/data/pictures/walk.ts";

/** The number of files that are looked at together. */
const AT_ONCE = 64;
/** How many names that are left out are named. */
const NAMED = 5;

interface Found {
  readonly folder: string;
  readonly name: string;
  readonly path: string;
  /** Whether a link leads there, of a folder or of the file itself. */
  readonly isLinked: boolean;
}

/** A folder whose links are followed. Hidden files, such as those that macOS leaves beside others, are none of its pictures. */
export class PictureTree implements FileTree {
  readonly root: string;
  /** The files so far, by their identities. */
  readonly #seen = new Map<string, { readonly path: string; readonly part: string }>();
  readonly #leftOut: string[] = [];

  constructor(root: string) {
    this.root = root.length > 1 ? root.replace(/[/\\]+$/, "") : root;
  }

  folders(): Promise<readonly string[]> {
    return foldersIn(this.root);
  }

  /** @throws ValueError if a file was found by `walk` below another folder: it would be of two classes. */
  async walk(part: string, wanted: (name: string) => boolean): Promise<readonly string[]> {
    const { folders, unreadable } = await walkFolders(this.root, part, true);
    for (const { message } of unreadable) this.#leftOut.push(message.replace(/\.$/, ""));
    const found: Found[] = [];
    for (const { path: folder, isLinked, files } of folders) {
      for (const { name, isLink, kind } of files) {
        if (name.startsWith(".") || !wanted(name)) continue;
        const path = joinPath(folder, name);
        if (kind === "file") found.push({ folder, name, path, isLinked: isLinked || isLink });
        else
          this.#leftOut.push(
            `${path}: ${kind === "none" ? "a link that leads nowhere" : "a pipe, a socket or a device"}`,
          );
      }
    }
    const kept = await this.#eachOnce(
      found.toSorted((a, b) => Number(a.isLinked) - Number(b.isLinked) || comparePlaces(a, b)),
      part,
    );
    return kept.toSorted(comparePlaces).map(({ path }) => path);
  }

  source(path: string): string {
    return path;
  }

  /** Names in a warning what was found and left out. */
  sayLeftOut(): void {
    const all = this.#leftOut.splice(0);
    if (all.length === 0) return;
    const more = all.length > NAMED ? [`  … and ${all.length - NAMED} more`] : [];
    const named = all.slice(0, NAMED).map((one) => `  ${one}`);
    warn([`Left out in ${this.root}:`, ...named, ...more].join("\n"));
  }

  /** Of files that are one by symbolic links, the first. */
  async #eachOnce(found: readonly Found[], part: string): Promise<readonly Found[]> {
    const kept: Found[] = [];
    const shared: string[] = [];
    let other: string | undefined;
    for (let from = 0; from < found.length; from += AT_ONCE) {
      const some = found.slice(from, from + AT_ONCE);
      // oxlint-disable-next-line no-await-in-loop -- so many at once
      const identities = await Promise.all(some.map(({ path }) => identityOf(path)));
      for (const [i, one] of some.entries()) {
        const identity = identities[i] ?? one.path;
        const before = this.#seen.get(identity);
        if (before === undefined) {
          this.#seen.set(identity, { path: one.path, part });
          kept.push(one);
        } else if (before.part === part && !one.isLinked) {
          // A hard link: a file of its own to all who look at it, if it is of the same class.
          kept.push(one);
        } else if (before.part === part) {
          this.#leftOut.push(`${one.path}: the same file as ${before.path}`);
        } else {
          other ??= before.part;
          shared.push(`${before.path} and ${one.path}`);
        }
      }
    }
    if (other === undefined) return kept;
    const more = shared.length > 1 ? `, and ${shared.length - 1} more` : "";
    throw valueError(
      `${shared[0]} are one file, which would be of two classes, ${other} and ${part}${more}. Take the link away, or one of both.`,
    );
  }
}

function comparePlaces(a: Found, b: Found): number {
  return comparePython(a.folder, b.folder) || comparePython(a.name, b.name);
}

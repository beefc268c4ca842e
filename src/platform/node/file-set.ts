/** Folders and neighbouring files in Node. Links are followed only inside the folder of what was opened. */
import { readdir, realpath, stat } from "node:fs/promises";
import { basename, dirname, join, sep } from "node:path";

import { MobileNetV2Error } from "../../core/errors.ts";
import type { FileSet, FilesSource, ReadOptions } from "../contract.ts";
import { chosenFiles, fetchedFiles, isFileList, plainName, singleFile } from "../file-set.ts";
import { systemPath, textOfName } from "./byte-names.ts";
import { asIOError, errorCode, pathOf, readBytes, readFileBytes } from "./files.ts";

export async function openFiles(source: FilesSource, options: ReadOptions = {}): Promise<FileSet> {
  if (isFileList(source)) return chosenFiles(source);
  if (typeof source === "string" || source instanceof URL) {
    const place = String(source);
    if (/^https?:/i.test(place)) return fetchedFiles(place, options);
    if (!/^(?:data|blob):/i.test(place)) return openPath(pathOf(place), options);
  }
  const name = source instanceof File ? source.name : "";
  return singleFile(name, await readBytes(source, options));
}

async function openPath(given: string, options: ReadOptions): Promise<FileSet> {
  const path = await withIndex(given);
  try {
    const isFolder = (await stat(systemPath(path))).isDirectory();
    const folder = isFolder ? path : dirname(path);
    // The file that was opened may itself be a link, as in Hugging Face's cache; its neighbours then lie where it leads.
    const homes = await Promise.all([
      realPath(folder),
      realPath(path).then((real) => (isFolder ? real : dirname(real))),
    ]);
    const main = isFolder ? undefined : basename(path);
    return {
      main,
      async names() {
        const entries = await readdir(systemPath(folder), { withFileTypes: true, encoding: "buffer" });
        return entries.filter((entry) => !entry.isDirectory()).map(({ name }) => textOfName(name));
      },
      async read(name) {
        const isMain = name === main;
        const wanted = isMain ? path : join(folder, plainName(name));
        try {
          const real = await realPath(wanted);
          if (!isMain && !homes.some((home) => real.startsWith(home.endsWith(sep) ? home : home + sep))) {
            throw new MobileNetV2Error(
              "FormatError",
              `${wanted} is a link that leads out of its folder. It is not followed.`,
            );
          }
          return (await readFileBytes(real, options)).bytes;
        } catch (error) {
          if (!isMain && ["ENOENT", "ENOTDIR"].includes(errorCode(error) ?? "")) return undefined;
          throw error;
        }
      },
    };
  } catch (error) {
    throw asIOError(error, `read ${path}`);
  }
}

/** TensorFlow names a checkpoint by what the names of its files have in common: `ckpt` is that of `ckpt.index`. */
async function withIndex(path: string): Promise<string> {
  const exists = (name: string): Promise<boolean> =>
    stat(systemPath(name)).then(
      () => true,
      () => false,
    );
  return !(await exists(path)) && (await exists(`${path}.index`)) ? `${path}.index` : path;
}

/** The path without links. */
async function realPath(path: string): Promise<string> {
  return textOfName(await realpath(systemPath(path), { encoding: "buffer" }));
}

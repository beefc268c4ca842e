/** What a command reads and what it writes are different files, whatever their paths are. */
import { fstat } from "node:fs";
import { readdir } from "node:fs/promises";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import { valueError } from "../../core/errors.ts";
import { systemPath, textOfName } from "../../platform/node/byte-names.ts";
import { identity, identityOf, isFolder } from "../../platform/node/files.ts";
import { placeOf } from "../../platform/node/outputs.ts";

/** The number of files that are looked at together. */
const AT_ONCE = 64;
const STANDARD_INPUT = 0;

/**
 * Refuses outputs that would replace an input or one another: before any work, and by what the file system knows the files by, since links
 * give a file several names.
 * @param inputs paths of files and of folders, whose files count; `-` is standard input; addresses and undefined are passed over
 * @throws ValueError naming both
 */
export async function requireApart(
  outputs: readonly (string | undefined)[],
  inputs: readonly (string | undefined)[],
): Promise<void> {
  const written = new Map<string, string>();
  let replaces = false;
  for (const output of outputs) {
    // What cannot be written is said where it is written.
    // oxlint-disable-next-line no-await-in-loop -- few
    const place = output === undefined ? undefined : await placeOf(output).catch(() => undefined);
    if (output === undefined || place === undefined || place.streams) continue;
    const key = place.stats === undefined ? resolve(place.path) : identity(place.stats);
    const other = written.get(key);
    if (other !== undefined) throw valueError(`${other} and ${output} are one file: two outputs cannot go there.`);
    written.set(key, output);
    replaces ||= place.stats !== undefined;
  }
  if (!replaces) return;
  const read = inputs.filter((input) => input !== undefined);
  for (let from = 0; from < read.length; from += AT_ONCE) {
    const some = read.slice(from, from + AT_ONCE);
    // oxlint-disable-next-line no-await-in-loop -- so many at once
    const files = await Promise.all(some.map(filesOf));
    for (const [i, found] of files.entries()) {
      const output = found.map((file) => written.get(file)).find((one) => one !== undefined);
      if (output === undefined) continue;
      const named = output === some[i] ? "" : `, as ${some[i] === "-" ? "standard input" : some[i]}`;
      throw valueError(`${output} would be replaced, but it is read too${named}. Choose another output.`);
    }
  }
}

/** What the files of an input are known by. */
async function filesOf(input: string): Promise<readonly string[]> {
  if (input === "-") return [identity(await promisify(fstat)(STANDARD_INPUT, { bigint: true }))];
  const names = (await isFolder(input)) ? await readdir(systemPath(input), { encoding: "buffer" }) : undefined;
  const paths = names?.map((name) => join(input, textOfName(name))) ?? [input];
  return (await Promise.all(paths.map(identityOf))).filter((one) => one !== undefined);
}

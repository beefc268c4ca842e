/** Where pictures come from: files, folders and addresses, standard input, and the sample photograph. */
import { readFile } from "node:fs/promises";
import { MobileNetV2Error, valueError } from "../../core/errors.ts";
import type { BytesSource } from "../../platform/contract.ts";
import { isFolder } from "../../platform/node/files.ts";
import { packageFile } from "../files/installed-package.ts";
import { picturesIn } from "./folder.ts";

export interface Picture {
  /** As the user named it. */
  readonly name: string;
  read(): Promise<BytesSource>;
}

const SAMPLE_PACKAGE = "baboon-image-uri";
/** The same limit as for files: no picture within the limit of pixels is larger. */
const MAX_INPUT_BYTES = 2 ** 28;

/**
 * The pictures of a command line, with those of folders in the place of each folder, and whether there was one. A folder that has none, or that
 * cannot be read, stands for a picture that cannot be read.
 */
export async function picturesWithin(
  names: readonly string[],
): Promise<{ readonly pictures: readonly Picture[]; readonly hasFolder: boolean }> {
  const pictures: Picture[] = [];
  let hasFolder = false;
  for (const picture of picturesOf(names)) {
    const { name } = picture;
    // oxlint-disable-next-line no-await-in-loop -- in order
    if (!names.includes(name) || !(await isFolder(name))) {
      pictures.push(picture);
      continue;
    }
    hasFolder = true;
    try {
      // oxlint-disable-next-line no-await-in-loop -- in order
      for (const path of await picturesIn(name)) pictures.push({ name: path, read: () => Promise.resolve(path) });
    } catch (error) {
      pictures.push({ name, read: () => Promise.reject(error) });
    }
  }
  return { pictures, hasFolder };
}

/** The pictures of a command line that takes no folders: at most one is standard input. */
export function picturesOf(names: readonly string[]): readonly Picture[] {
  if (names.length === 0) return [samplePicture()];
  if (names.filter((name) => name === "-").length > 1) {
    throw valueError("Standard input (-) holds one picture. It was named more than once.");
  }
  return names.map((name) => (name === "-" ? standardInput() : { name, read: () => Promise.resolve(name) }));
}

/**
 * A photograph of a baboon (USC-SIPI), 128 × 128: a development dependency of the repository.
 * @throws MissingError if it is not installed.
 */
function samplePicture(): Picture {
  const path = packageFile(SAMPLE_PACKAGE, "baboon.js");
  if (path === undefined) {
    throw new MobileNetV2Error(
      "MissingError",
      `Name a picture: mobilenet-v2 classify photo.jpg\n(None was named, and the sample photograph is in the npm package ${SAMPLE_PACKAGE}, which is not installed.)`,
    );
  }
  return { name: `sample photograph (${SAMPLE_PACKAGE})`, read: () => readSample(path) };
}

async function readSample(path: string): Promise<Uint8Array> {
  // The file is a script that exports one string.
  const uri = /"data:image\/png;base64,([A-Za-z0-9+/=]+)"/.exec(await readFile(path, "utf8"));
  if (uri?.[1] === undefined) {
    throw new MobileNetV2Error("FormatError", `${path} does not hold the picture that it should. Install it again.`);
  }
  return Buffer.from(uri[1], "base64");
}

/** Read when first asked for, and kept. */
function standardInput(): Picture {
  let input: Promise<Uint8Array> | undefined;
  return { name: "standard input", read: () => (input ??= readInput()) };
}

async function readInput(): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  let length = 0;
  for await (const part of process.stdin as AsyncIterable<Uint8Array>) {
    length += part.length;
    if (length > MAX_INPUT_BYTES) {
      throw new MobileNetV2Error("LimitError", `There is no end to it: over ${MAX_INPUT_BYTES} bytes were read.`);
    }
    parts.push(part);
  }
  return Buffer.concat(parts, length);
}

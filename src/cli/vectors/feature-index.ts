/** Files of vectors that `features` wrote, read row by row: .npy with its .json, or .safetensors. */
import { type FileHandle, open, stat } from "node:fs/promises";
import { readBytes } from "#platform";
import { MobileNetV2Error } from "../../core/errors.ts";
import { systemPath } from "../../platform/node/byte-names.ts";
import { asIOError } from "../../platform/node/files.ts";
import { besideName, isLittleEndian } from "./files.ts";

export interface FeatureIndex {
  readonly names: readonly string[];
  readonly length: number;
  /** How the vectors were made, as far as the file says: values of JSON by their names. */
  readonly facts: ReadonlyMap<string, unknown>;
  /** The vectors in order, some at a time; the next ones overwrite the array. */
  vectors(): AsyncGenerator<{ readonly first: number; readonly count: number; readonly data: Float32Array }>;
  close(): Promise<void>;
}

/** How many numbers are read at once: 16 MB of them. */
const AT_ONCE = 2 ** 22;
const MAX_HEADER = 2 ** 28;

/** @throws FormatError if the file is no such file, IOError if it cannot be read. */
export async function openFeatureIndex(path: string): Promise<FeatureIndex> {
  const file = await openFile(path);
  try {
    return await (path.toLowerCase().endsWith(".npy") ? openNpy(file, path) : openSafetensors(file, path));
  } catch (error) {
    await file.close();
    throw error;
  }
}

/** A pipe or a device is refused before it is opened, which would wait or have effects. */
async function openFile(path: string): Promise<FileHandle> {
  try {
    if ((await stat(systemPath(path))).isFile()) return await open(systemPath(path), "r");
  } catch (error) {
    throw asIOError(error, `read ${path}`);
  }
  throw new MobileNetV2Error("IOError", `${path} is no file.`);
}

async function openNpy(file: FileHandle, path: string): Promise<FeatureIndex> {
  const start = await bytesAt(file, 0, 12, path);
  const [major = 0] = start.subarray(6);
  if (start.subarray(0, 6).toString("latin1") !== "\u0093NUMPY" || major < 1 || major > 3) {
    throw broken(path, "it is no .npy file");
  }
  const at = major === 1 ? 10 : 12;
  const size = major === 1 ? start.readUInt16LE(8) : start.readUInt32LE(8);
  const header = (await bytesAt(file, at, size, path)).toString("latin1");
  const [, rows, length] = /'shape'\s*:\s*\(\s*(\d+)\s*,\s*(\d+)\s*,?\s*\)/.exec(header) ?? [];
  if (!/'descr'\s*:\s*'<f4'/.test(header) || !/'fortran_order'\s*:\s*False/.test(header) || length === undefined) {
    throw broken(path, "it is no matrix of float32 in rows");
  }
  const beside = await readBytes(besideName(path)).catch(() => undefined);
  if (beside === undefined) throw broken(path, `the names of its pictures should be beside it, in ${besideName(path)}`);
  const { files, ...facts } = objectOf(new TextDecoder().decode(beside), besideName(path));
  return indexOf(file, path, { start: at + size, rows: Number(rows), length: Number(length), files, facts });
}

async function openSafetensors(file: FileHandle, path: string): Promise<FeatureIndex> {
  const size = Number((await bytesAt(file, 0, 8, path)).readBigUInt64LE(0));
  const header = objectOf((await bytesAt(file, 8, size, path)).toString("utf8"), path);
  const { __metadata__: metadata, features } = header;
  const { shape, dtype, data_offsets: offsets }: Readonly<Record<string, unknown>> = { ...asObject(features) };
  const [rows, length] = numbersOf(shape);
  const [from] = numbersOf(offsets);
  if (dtype !== "F32" || rows === undefined || length === undefined || from !== 0) {
    throw broken(path, "it has no matrix `features` of float32");
  }
  const { files, ...facts }: Readonly<Record<string, unknown>> = { ...asObject(metadata) };
  const names: unknown = typeof files === "string" ? parsed(files, path) : undefined;
  return indexOf(file, path, { start: 8 + size, rows, length, files: names, facts });
}

interface Layout {
  readonly start: number;
  readonly rows: number;
  readonly length: number;
  readonly files: unknown;
  readonly facts: object;
}

async function indexOf(
  file: FileHandle,
  path: string,
  { start, rows, length, files, facts }: Layout,
): Promise<FeatureIndex> {
  const names = Array.isArray(files) ? files.filter((name) => typeof name === "string") : [];
  const { size } = await file.stat();
  if (names.length !== rows) throw broken(path, `it has ${rows} vectors, and the names of ${names.length} pictures`);
  if (!(length > 0) || size !== start + rows * length * 4) {
    throw broken(
      path,
      `${rows} vectors of ${length} numbers take ${start + rows * length * 4} bytes, but it has ${size}`,
    );
  }
  return {
    names,
    length,
    facts: new Map(Object.entries(facts)),
    async *vectors() {
      const together = Math.max(1, Math.floor(AT_ONCE / length));
      const buffer = Buffer.alloc(Math.min(together, rows) * length * 4);
      for (let first = 0; first < rows; first += together) {
        const count = Math.min(together, rows - first);
        const bytes = buffer.subarray(0, count * length * 4);
        await readInto(file, bytes, start + first * length * 4, path);
        yield { first, count, data: floats(bytes) };
      }
    },
    close: () => file.close(),
  };
}

/** The numbers without a copy: with hundreds of megabytes, reading them one by one would take most of the time. */
function floats(bytes: Buffer): Float32Array {
  if (!isLittleEndian()) bytes.swap32();
  return new Float32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4);
}

async function bytesAt(file: FileHandle, position: number, size: number, path: string): Promise<Buffer> {
  const { size: whole } = await file.stat();
  if (!(size <= MAX_HEADER) || position + size > whole) throw broken(path, "it is cut off, or its header is too large");
  const bytes = Buffer.alloc(size);
  await readInto(file, bytes, position, path);
  return bytes;
}

async function readInto(file: FileHandle, bytes: Buffer, position: number, path: string): Promise<void> {
  let done = 0;
  while (done < bytes.length) {
    // oxlint-disable-next-line no-await-in-loop -- one after the other
    const { bytesRead } = await file.read(bytes, done, bytes.length - done, position + done);
    if (bytesRead === 0) throw broken(path, "it is cut off");
    done += bytesRead;
  }
}

function objectOf(text: string, path: string): Readonly<Record<string, unknown>> {
  const value = asObject(parsed(text, path));
  if (value === undefined) throw broken(path, "its description is no JSON object");
  return { ...value };
}

function parsed(text: string, path: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw broken(path, "its description is no JSON");
  }
}

function asObject(value: unknown): object | undefined {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? value : undefined;
}

function numbersOf(value: unknown): readonly number[] {
  return Array.isArray(value) ? value.filter((one) => Number.isSafeInteger(one) && one >= 0) : [];
}

function broken(path: string, why: string): MobileNetV2Error {
  return new MobileNetV2Error("FormatError", `${path} is no file of vectors that \`features\` wrote: ${why}.`);
}

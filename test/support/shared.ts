/** The reference folder beside the project: where it is, and how tests skip without it. */
import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const folder = new URL("../../../shared/", import.meta.url);

/** For `test(name, { skip: needsShared }, …)`. */
export const needsShared: string | false = existsSync(folder)
  ? false
  : "needs the reference folder ../shared beside the project, which is missing";

export function sharedPath(path: string): string {
  return fileURLToPath(new URL(path, folder));
}

export function sharedBytes(path: string): Uint8Array {
  return new Uint8Array(readFileSync(new URL(path, folder)));
}

/** The JSON file of that name, as the caller knows it to be. */
export function sharedJson<T>(path: string): T {
  return JSON.parse(readFileSync(new URL(path, folder), "utf8")) as T;
}

/** The float32 tensors of a safetensors file of the folder. */
export function sharedTensors(path: string): Map<string, { shape: readonly number[]; data: Float32Array }> {
  const bytes = sharedBytes(path);
  const headerLength = Number(new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true));
  const header = JSON.parse(new TextDecoder().decode(bytes.subarray(8, 8 + headerLength))) as Record<
    string,
    { shape: number[]; data_offsets: [number, number] }
  >;
  return new Map(
    Object.entries(header)
      .filter(([name]) => name !== "__metadata__")
      .map(
        ([
          name,
          {
            shape,
            data_offsets: [from, to],
          },
        ]) => [
          name,
          { shape, data: new Float32Array(bytes.slice(8 + headerLength + from, 8 + headerLength + to).buffer) },
        ],
      ),
  );
}

/** The page's side of images.test.ts: pictures decoded by the browser, their samples told by a checksum. */
import { loadImg, type LoadImgOptions, MobileNetV2Error } from "mobilenet-v2";

export interface Job {
  /** An address, or bytes in base64. */
  readonly source: { readonly address: string } | { readonly base64: string };
  readonly options: LoadImgOptions;
  /** Send the samples too. */
  readonly samples?: boolean;
  /** Say how long it took, too. Errors say so always. */
  readonly timed?: boolean;
}

export type Answer =
  | {
      readonly size: readonly [number, number];
      readonly crc: number;
      readonly samples?: readonly number[];
      readonly milliseconds?: number;
    }
  | { readonly code: string; readonly message: string; readonly milliseconds: number };

const crcTable = Uint32Array.from({ length: 256 }, (_, byte) => {
  let value = byte;
  for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ 0xedb88320 : value >>> 1;
  return value;
});

function crc32(bytes: Uint8Array): number {
  let crc = ~0;
  for (const byte of bytes) crc = (crc >>> 8) ^ (crcTable[(crc ^ byte) & 255] ?? 0);
  return ~crc >>> 0;
}

async function answerTo({ source, options, samples = false, timed = false }: Job): Promise<Answer> {
  const start = performance.now();
  try {
    const from = "address" in source ? source.address : Uint8Array.from(atob(source.base64), (c) => c.charCodeAt(0));
    const { width, height, data } = await loadImg(from, options);
    const milliseconds = performance.now() - start;
    return {
      size: [width, height],
      crc: crc32(data),
      ...(samples && { samples: [...data] }),
      ...(timed && { milliseconds }),
    };
  } catch (error) {
    const code = error instanceof MobileNetV2Error ? error.code : "not ours";
    return { code, message: String(error), milliseconds: performance.now() - start };
  }
}

export async function run(jobs: readonly Job[]): Promise<readonly Answer[]> {
  const answers: Answer[] = [];
  for (const job of jobs) answers.push(await answerTo(job));
  return answers;
}

/**
 * Vectors as Parquet: a row for each picture, with its `file` and its `features`, a list of floats. hyparquet-writer writes it, an optional
 * dependency that is loaded when it is first used.
 */
import { open } from "node:fs/promises";
import type * as library from "hyparquet-writer";
import { MobileNetV2Error } from "../../core/errors.ts";
import { escapedBytes, systemPath } from "../../platform/node/byte-names.ts";
import { type FeatureContent, type FeatureWriter, writeAll } from "./writer.ts";

/** How many numbers a group of rows has at least: 1 MB of them, for which the library needs some tens of MB. */
const GROUP = 2 ** 18;

async function loadLibrary(): Promise<typeof library> {
  try {
    return await import("hyparquet-writer");
  } catch (cause) {
    throw new MobileNetV2Error(
      "MissingError",
      'Writing .parquet needs the package "hyparquet-writer", which could not be loaded. Install it: npm install hyparquet-writer\n' +
        `(${String(cause).split("\n", 1)[0]})`,
      { cause },
    );
  }
}

export async function openParquet(path: string, { facts, length }: FeatureContent): Promise<FeatureWriter> {
  const { ByteWriter, ParquetWriter } = await loadLibrary();
  const file = await open(systemPath(path), "wx");
  const bytes = new ByteWriter(GROUP * 4);
  const writer = new ParquetWriter({
    writer: bytes,
    createdBy: "mobilenet-v2",
    codec: "UNCOMPRESSED",
    statistics: false,
    kvMetadata: [{ key: "mobilenet-v2", value: JSON.stringify({ ...facts, length }) }],
    schema: [
      { name: "root", num_children: 2 },
      { name: "file", type: "BYTE_ARRAY", converted_type: "UTF8", repetition_type: "REQUIRED" },
      { name: "features", repetition_type: "REQUIRED", converted_type: "LIST", num_children: 1 },
      { name: "list", repetition_type: "REPEATED", num_children: 1 },
      { name: "element", type: "FLOAT", repetition_type: "REQUIRED" },
    ],
  });
  let position = 0;
  let names: string[] = [];
  let rows: number[][] = [];

  const flush = async (): Promise<void> => {
    const made = bytes.getBytes();
    await writeAll(file, made, position);
    position += made.length;
    bytes.index = 0;
  };
  const writeGroup = async (): Promise<void> => {
    if (names.length === 0) return;
    const columnData = [
      { name: "file", data: names },
      { name: "features", data: rows, encoding: "PLAIN" as const },
    ];
    await writer.write({ columnData, rowGroupSize: names.length });
    [names, rows] = [[], []];
    await flush();
  };
  return {
    async write(more, vectors) {
      for (const [i, name] of more.entries()) {
        // A text of Parquet is UTF-8.
        names.push(escapedBytes(name));
        rows.push(Array.from(vectors.subarray(i * length, (i + 1) * length)));
      }
      if (names.length * length >= GROUP) await writeGroup();
    },
    async finish() {
      await writeGroup();
      await writer.finish();
      await flush();
      await file.sync();
    },
    close: () => file.close(),
  };
}

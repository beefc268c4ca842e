/** Checkpoints at hand: the files that a writer gives, as a source for readers. */
import { readFileSync } from "node:fs";
import { deflateRawSync, gunzipSync } from "node:zlib";
import type { FileSource, WrittenFile } from "../../src/saving/checkpoint.ts";
import { crc32 } from "../../src/saving/bytes/crc32.ts";
import { writeZip } from "../../src/saving/zip/write.ts";

/** The files of a written checkpoint, the main one first. */
export function sourceOf(files: readonly WrittenFile[]): FileSource {
  const byName = new Map(files.map(({ name, bytes }) => [name, bytes]));
  const [main] = files;
  return {
    name: main?.name ?? "",
    bytes: main?.bytes ?? new Uint8Array(),
    sibling: async (name) => byName.get(name),
  };
}

/** What a user drops on a page. */
export function chosen(files: readonly WrittenFile[]): readonly File[] {
  return files.map(({ name, bytes }) => new File([bytes.slice()], name));
}

/** A file of test/fixtures/saving, unpacked where it is compressed. */
export function savingFixture(name: string): Uint8Array {
  const bytes = readFileSync(new URL(`../fixtures/saving/${name}`, import.meta.url));
  return new Uint8Array(name.endsWith(".gz") ? gunzipSync(bytes) : bytes);
}

/** An archive of compressed members, which may lie about their size. */
export function deflatedZip(members: readonly WrittenFile[], declared?: number): Uint8Array {
  const packed = members.map(({ name, bytes }) => ({ name, bytes: new Uint8Array(deflateRawSync(bytes)) }));
  const archive = Buffer.from(writeZip(packed));
  let directory = archive.readUInt32LE(archive.length - 6);
  for (const [i, { bytes }] of members.entries()) {
    const local = archive.readUInt32LE(directory + 42);
    for (const [at, sizes] of [
      [local, 14],
      [directory, 16],
    ] as const) {
      archive.writeUInt16LE(8, at + sizes - 6);
      archive.writeUInt32LE(crc32(bytes), at + sizes);
      archive.writeUInt32LE(packed[i]?.bytes.length ?? 0, at + sizes + 4);
      archive.writeUInt32LE(declared ?? bytes.length, at + sizes + 8);
    }
    directory += 46 + archive.readUInt16LE(directory + 28);
  }
  return new Uint8Array(archive);
}

/** The files of a TF.js graph model, which a fixture holds in one: model.json, and its shards in Base64. */
export function graphModelFiles(name: string): readonly WrittenFile[] {
  const { model, shards } = JSON.parse(new TextDecoder().decode(savingFixture(name))) as {
    model: object;
    shards: Record<string, string>;
  };
  return [
    { name: "model.json", bytes: new TextEncoder().encode(JSON.stringify(model)) },
    ...Object.entries(shards).map(([shard, base64]) => ({
      name: shard,
      bytes: new Uint8Array(Buffer.from(base64, "base64")),
    })),
  ];
}

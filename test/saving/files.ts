/** Checkpoints at hand: the files that a writer gives, as a source for readers. */
import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import type { FileSource, WrittenFile } from "../../src/saving/checkpoint.ts";

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

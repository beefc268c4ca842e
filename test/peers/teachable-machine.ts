/** @teachablemachine/image in a page of Chromium: it opens exports, and trains models on top of a MobileNetV2 of ours and exports them. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { WrittenFile } from "../../src/saving/checkpoint.ts";
import { runInPage } from "../browser/harness.ts";
import type { AnyModel } from "./models.ts";
import type { Open, Predicted, Train } from "./pages/teachable-machine.ts";
import { temporaryFolder } from "./peers.ts";

const page = fileURLToPath(new URL("pages/teachable-machine.ts", import.meta.url));

async function inPage(files: readonly WrittenFile[], task: Open | Train): Promise<Predicted> {
  const folder = temporaryFolder();
  mkdirSync(join(folder, "model"));
  for (const { name, bytes } of files) writeFileSync(join(folder, "model", name), bytes);
  return (await runInPage(page, task, { folders: { model: join(folder, "model") } })) as Predicted;
}

/** What the package answers for the picture. */
export function openExport(files: readonly WrittenFile[]): Promise<Predicted> {
  return inPage(files, { do: "open", model: "/model/model.json", metadata: "/model/metadata.json" });
}

/** Trains it on a few pictures of noise; `base` ends with a layer `out_relu`. */
export async function trainExport(
  base: AnyModel,
  settings: Pick<Train, "size" | "denseUnits" | "labels">,
): Promise<Predicted & { readonly written: readonly WrittenFile[] }> {
  const files = await base.toFiles("tfjs-layers");
  const predicted = await inPage(files, { do: "train", checkpoint: "/model/model.json", ...settings });
  const written = ["model.json", "weights.bin", "metadata.json"].map((name) => ({
    name,
    bytes: new Uint8Array(Buffer.from(predicted.files[name] ?? "", "base64")),
  }));
  return { ...predicted, written };
}

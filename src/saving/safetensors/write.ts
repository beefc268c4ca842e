/** Writes our own safetensors: every weight as `layer/weight`, and in the metadata Keras's config, so that the file is a whole model. */
import type { SavedModel, WrittenFile } from "../checkpoint.ts";
import { kerasModelConfig } from "../keras/config-write.ts";
import { OUR_METADATA } from "./checkpoint.ts";
import { toWriteAs, writeSafetensors } from "./safetensors.ts";

export async function writeOurSafetensors(saved: SavedModel, name: string): Promise<readonly WrittenFile[]> {
  const { model, weights, classNames, preprocessing, dtype } = saved;
  const toWrite = toWriteAs(dtype);
  const config = kerasModelConfig(model, "keras 3");
  const metadata = new Map<string, string>([[OUR_METADATA.model, JSON.stringify(config)]]);
  if (classNames !== undefined) metadata.set(OUR_METADATA.classNames, JSON.stringify(classNames));
  if (preprocessing !== undefined) metadata.set(OUR_METADATA.preprocessing, JSON.stringify(preprocessing));
  const tensors = [...weights].map(([path, { shape, data }]) => toWrite(path, shape, data));
  return [{ name, bytes: writeSafetensors(tensors, metadata) }];
}

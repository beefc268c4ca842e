/** What `inspect` says of a checkpoint, for people and as JSON. */
import type { CheckpointFile } from "../../models/files/load-model.ts";
import { factLines, factsOf } from "../checkpoints/facts.ts";
import { printable } from "../terminal/format.ts";
import type { Style } from "../terminal/style.ts";

/** @param tensors whether the tensors are listed too */
export function inspectionJson(checkpoint: CheckpointFile, tensors: boolean): string {
  const listed = checkpoint.tensors.map(({ name, shape, dtype }) => ({ name, shape, dtype }));
  return JSON.stringify({ ...factsOf(checkpoint), ...(tensors && { tensorList: listed }) }, null, 2);
}

/** @param tensors whether the tensors are listed too */
export function inspectionText(checkpoint: CheckpointFile, tensors: boolean, { bold }: Style): string {
  const lines = factLines(factsOf(checkpoint)).map(([name, said]) => `${bold(name.padEnd(8))} ${said}`);
  const names = tensors
    ? checkpoint.tensors.map(({ name, shape, dtype }) => `  ${printable(name)}  ${dtype} (${shape.join(", ")})`)
    : [];
  return [...lines, ...names].join("\n");
}

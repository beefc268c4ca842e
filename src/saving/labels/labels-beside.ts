/** Names of classes in a labels.txt beside a checkpoint. */
import type { Checkpoint } from "../checkpoint.ts";
import { parseLabels } from "./labels.ts";
import { leavesOf } from "../layer-weights.ts";

export const LABELS = "labels.txt";

/** The checkpoint with the names in a labels.txt, if it has none itself and as many classes as there are names. */
export function namedClasses<C extends Checkpoint>(checkpoint: C, labels: Uint8Array | undefined): C {
  if (labels === undefined || checkpoint.classNames !== undefined) return checkpoint;
  const classNames = parseLabels(new TextDecoder().decode(labels)).map((label) =>
    typeof label === "string" ? label : label.label,
  );
  return classNames.length === classesOf(checkpoint) ? { ...checkpoint, classNames } : checkpoint;
}

function classesOf({ model, weights }: Checkpoint): unknown {
  if (model === undefined) return [...weights.values()].findLast(({ shape }) => shape.length === 2)?.shape[1];
  const last = leavesOf(model).findLast(({ layer }) => layer.className === "Dense" || layer.className === "Conv2D");
  return last?.layer.config.units ?? last?.layer.config.filters;
}

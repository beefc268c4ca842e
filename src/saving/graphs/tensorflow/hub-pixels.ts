/** The scaling of pixels of TensorFlow Hub's image models: they take numbers from 0 to 1 (tensorflow.org/hub/common_signatures/images). */
import type { Checkpoint, ModelDescription, Preprocessing } from "../../checkpoint.ts";

const UNITS: Preprocessing = { scale: 1 / 255, offset: 0 };

/** That scaling, if the first that a model does is to bring numbers from 0 to 1 to those from −1 to 1. */
export function hubPixels({ layers, inputs }: ModelDescription): Pick<Checkpoint, "preprocessing"> {
  const [input] = inputs;
  const [first, ...more] = layers.filter(({ nodes }) =>
    nodes.some((node) => node.some(({ layer }) => layer === input?.layer)),
  );
  const isHubs =
    first?.className === "Rescaling" && more.length === 0 && first.config.scale === 2 && first.config.offset === -1;
  return isHubs ? { preprocessing: UNITS } : {};
}

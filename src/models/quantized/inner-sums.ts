/** Layers with an activation once more without it, so that calibration sees what goes into it: the logits before a softmax. */
import type { Program, Step } from "../../graph/program.ts";
import { Conv2D } from "../../layers/convolutional/conv2d.ts";
import { DepthwiseConv2D } from "../../layers/convolutional/depthwise-conv2d.ts";
import { Dense } from "../../layers/core/dense.ts";
import type { Layer } from "../../layers/layer.ts";
import { layerFromConfig } from "../../layers/registry.ts";
import { BOUNDS } from "../../lowering/bounds.ts";
import type { InnerSums } from "../../quantization/calibrate.ts";

/** The program with a step more for each such layer. Activations that are nothing but bounds are part of what makes the sums. */
export function innerSumsOf(program: Program): InnerSums {
  const shapes = [...program.shapes];
  const before = new Map<number, number>();
  const more = program.steps.flatMap(({ layer, inputs, output }): Step[] => {
    if (!hasInnerSums(layer)) return [];
    const sums = shapes.push(shapes[output] ?? []) - 1;
    before.set(output, sums);
    const linear = layerFromConfig(layer.className, { ...layer.getConfig(), activation: "linear" });
    linear.build(inputs.map((input) => shapes[input] ?? []));
    for (const weight of layer.weights) linear.weight(weight.name).assign(weight.values);
    return [{ layer: linear, inputs, output: sums }];
  });
  return { program: { ...program, steps: [...program.steps, ...more], shapes }, before };
}

function hasInnerSums(layer: Layer): boolean {
  if (!(layer instanceof Conv2D || layer instanceof DepthwiseConv2D || layer instanceof Dense)) return false;
  return layer.activation !== "linear" && !BOUNDS.has(layer.activation);
}

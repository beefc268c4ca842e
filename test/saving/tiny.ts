/** The layers of the small models that test/fixtures/saving/make.py saves, and the values that they have there. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { uniform } from "../../src/core/random.ts";
import type { Graph } from "../../src/graph/graph.ts";
import { buildGraph } from "../../src/graph/graph.ts";
import { Network } from "../../src/graph/network.ts";
import { BatchNormalization } from "../../src/layers/normalization/batch-normalization.ts";
import { Conv2D } from "../../src/layers/convolutional/conv2d.ts";
import { Dense } from "../../src/layers/core/dense.ts";
import { Dropout } from "../../src/layers/regularization/dropout.ts";
import { GlobalAveragePooling2D } from "../../src/layers/pooling/global-average-pooling2d.ts";
import { Input } from "../../src/layers/core/input-layer.ts";
import type { Layer } from "../../src/layers/layer.ts";

export function fixture(name: string): Uint8Array {
  return new Uint8Array(readFileSync(new URL(`../fixtures/saving/${name}`, import.meta.url)));
}

/** A functional model as a layer; what models need of the engine is left out. */
class TestNetwork extends Network {
  readonly className = "Functional";
  readonly graph: Graph;

  constructor(graph: Graph) {
    super({ name: "tiny" });
    this.graph = graph;
  }
}

/** The layers of the tiny model, under other names than in the files: loading goes by order. */
export function tinyLayers(prefix = ""): readonly Layer[] {
  return tinyNetwork(prefix).layers;
}

function tinyNetwork(prefix: string): TestNetwork {
  const image = Input({ shape: [4, 4, 1], name: `${prefix}image` });
  let x = new Conv2D({ filters: 2, kernelSize: 3, useBias: false, name: `${prefix}conv` }).apply(image);
  x = new BatchNormalization({ name: `${prefix}bn` }).apply(x);
  x = new GlobalAveragePooling2D({ name: `${prefix}pool` }).apply(x);
  x = new Dropout({ rate: 0.5, name: `${prefix}drop` }).apply(x);
  x = new Dense({ units: 3, name: `${prefix}head` }).apply(x);
  return new TestNetwork(buildGraph([image], [x]));
}

/** The layers of the Sequential that has the tiny model as its first layer. */
export function nestedLayers(): readonly Layer[] {
  const tiny = tinyNetwork("");
  const last = new Dense({ units: 2, name: "last" });
  last.apply(tiny.apply(Input({ shape: [4, 4, 1] })));
  return [tiny, last];
}

/** Asserts that every weight has the value that the fixtures' script gave it. `prefix`: of our layers' names. */
export function assertSeeded(layers: readonly Layer[], prefix = ""): void {
  for (const layer of layers) {
    if (layer instanceof Network) assertSeeded(layer.layers, prefix);
    else {
      for (const weight of layer.weights) {
        const name = `${layer.name.slice(prefix.length)}/${weight.name}`;
        assert.deepEqual([...weight.values], [...uniform(name, weight.size, 0, 1)], name);
      }
    }
  }
}

/** How often weights were assigned: to see that nothing was. */
export function versions(layers: readonly Layer[]): number {
  return layers.flatMap((layer) => layer.weights).reduce((sum, { version }) => sum + version, 0);
}

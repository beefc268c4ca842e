/** `.keras` archives of configs that tests write, as Keras 3 writes them. */
import type { Tensor } from "../../../src/core/tensor.ts";
import { GroupSpec, writeHdf5 } from "../../../src/saving/hdf5/write.ts";
import { writeZip } from "../../../src/saving/zip/write.ts";

/** A layer or an operation of a chain: its class, and its arguments as Keras spells them. */
export interface Link {
  readonly className: string;
  readonly config?: object;
  /** The module of the class. Default: that of the layers. */
  readonly module?: string;
  /** What it is called with besides the tensor before it, and after it: Default: nothing. */
  readonly args?: readonly unknown[];
  readonly kwargs?: object;
}

/** The config of a functional model in which each layer is applied to the one before; layer i is called `className_i`. */
export function chainConfig(shape: readonly (number | null)[], links: readonly Link[]): object {
  const names = ["image", ...links.map(({ className }, i) => `${className}_${i}`)];
  const input = { class_name: "InputLayer", name: "image", config: { name: "image", batch_shape: [null, ...shape] } };
  const layers = links.map(({ className, config = {}, module = "keras.layers", args = [], kwargs = {} }, i) => ({
    module,
    class_name: className,
    config: { name: names[i + 1], ...config },
    registered_name: module === "keras.layers" ? null : className,
    name: names[i + 1],
    inbound_nodes: [{ args: [keptTensor(names[i] ?? ""), ...args], kwargs }],
  }));
  const config = {
    name: "chain",
    trainable: true,
    layers: [{ ...input, inbound_nodes: [] }, ...layers],
    input_layers: [["image", 0, 0]],
    output_layers: [[names.at(-1), 0, 0]],
  };
  return { module: "keras.src.models.functional", class_name: "Functional", config, registered_name: "Functional" };
}

/** A tensor as configs have it: the output of a layer. */
export function keptTensor(layer: string): object {
  return {
    class_name: "__keras_tensor__",
    config: { shape: [null], dtype: "float32", keras_history: [layer, 0, 0] },
  };
}

/** The archive of a config, with tensors at paths such as `layers/dense/vars/0`. */
export function kerasArchive(config: object, tensors: Readonly<Record<string, Tensor>> = {}): Uint8Array {
  const root = new GroupSpec();
  root.group("layers");
  for (const [path, values] of Object.entries(tensors)) {
    const slash = path.lastIndexOf("/");
    root.groupAt(path.slice(0, slash)).members.set(path.slice(slash + 1), values);
  }
  return writeZip([
    { name: "config.json", bytes: new TextEncoder().encode(JSON.stringify(config)) },
    { name: "model.weights.h5", bytes: writeHdf5(root) },
  ]);
}

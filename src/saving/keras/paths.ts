/** Where each layer's weights lie in Keras 3's files (keras.src.saving.saving_lib): in groups named after classes, numbered within a model. */
import { toSnakeCase } from "../../layers/naming.ts";

/** Every layer that is no model, with the path of its group. `within` gives the layers of a model, and undefined for other layers. */
export function* kerasPaths<L extends { readonly className: string }>(
  layers: readonly L[],
  within: (layer: L) => readonly L[] | undefined,
  container: string,
  root = container,
): Generator<{ readonly layer: L; readonly path: string }> {
  const used = new Map<string, number>();
  for (const layer of layers) {
    const name = toSnakeCase(layer.className);
    const count = used.get(name) ?? 0;
    used.set(name, count + 1);
    const path = `${root}/${count === 0 ? name : `${name}_${count}`}`;
    const inner = within(layer);
    if (inner === undefined) yield { layer, path };
    else yield* kerasPaths(inner, within, container, `${path}/${container}`);
  }
}

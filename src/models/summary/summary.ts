/** `model.summary()`: the same table as Keras prints with rich, character for character (keras.src.utils.summary_utils). */
import { consoleColumns } from "#platform";
import { valueError } from "../../core/errors.ts";
import { FLAG, FUNCTION, PATTERNS, between, listOf, whole } from "../../core/kinds.ts";
import { checkOptions } from "../../core/options.ts";
import { formatShape } from "../../core/shape.ts";
import { Network } from "../../graph/network.ts";
import type { Layer, Node } from "../../layers/layer.ts";
import { type Column, renderTable } from "./table.ts";

/** The options of `summary`. */
export interface SummaryOptions {
  /**
   * The width of the table in characters. Default: 108 if the table shows connections, else 88, and 12 more with `showTrainable`; but at most 4
   * less than the terminal has (80 if there is none), as in Keras.
   */
  readonly lineLength?: number | undefined;
  /**
   * The ends of the columns, as fractions of the line. Default: [0.3, 0.56, 0.74, 1] if the table shows connections, else [0.45, 0.8, 1].
   */
  readonly positions?: readonly number[] | undefined;
  /** The function that is called with the whole text. Default: `console.log`. */
  readonly printFn?: ((text: string) => void) | undefined;
  /** Whether to list the layers of nested models. Default: false. */
  readonly expandNested?: boolean | undefined;
  /** Whether to add a column that shows which layers are trainable. Default: false. */
  readonly showTrainable?: boolean | undefined;
  /** The first and the last layer to list: names, or regular expressions that match from the start of a name. Default: all layers. */
  readonly layerRange?: readonly [string, string] | undefined;
}

/** The bytes by which the number of an optimizer's steps, a 64-bit integer, is larger than a float32. */
const MORE_OF_STEPS = 4;

/**
 * The summary of a model as text, without a final line break.
 *
 * @param optimizer the number of values in each variable of the optimizer, if it is built
 * @throws ValueError if the line is too short or the range matches no layer. */
export function summaryText(model: Network, options: SummaryOptions = {}, optimizer?: readonly number[]): string {
  checkOptions("summary()", options, {
    lineLength: whole(1, 2 ** 16),
    positions: listOf("a list of fractions", between(0, 1)),
    printFn: FUNCTION,
    expandNested: FLAG,
    showTrainable: FLAG,
    layerRange: PATTERNS,
  });
  const connections = !isSequentialLike(model);
  const showTrainable = options.showTrainable ?? false;
  const preferred = (connections ? 108 : 88) + (showTrainable ? 12 : 0);
  const length = options.lineLength ?? Math.min(preferred, consoleColumns() - 4);
  const positions = options.positions ?? (connections ? [0.3, 0.56, 0.74, 1] : [0.45, 0.8, 1]);
  const columns = columnsOf(connections, showTrainable, positions, length);

  const relevant = new Set(model.graph.nodes);
  const rows: string[][] = [];
  const addRows = (layer: Layer, level: number): void => {
    const prefix = level > 0 ? `${"   ".repeat(level)}└ ` : "";
    const row = [
      `${prefix}${layer.name} (${layer.className})`,
      outputShapeOf(layer),
      layer.built || layer.inboundNodes.length > 0 ? layer.countParams().toLocaleString("en-US") : "0 (unbuilt)",
    ];
    if (connections) row.push(connectionsOf(layer, relevant));
    if (showTrainable) row.push(layer.weights.length === 0 ? "-" : layer.trainable ? "Y" : "N");
    rows.push(row);
    if (options.expandNested === true && layer instanceof Network) {
      for (const inner of layer.layers) addRows(inner, level + 1);
    }
  };
  for (const layer of layersInRange(model.layers, options.layerRange)) addRows(layer, 0);

  const [trainable, fixed] = [model.trainableWeights, model.nonTrainableWeights].map((weights) =>
    weights.map(({ size }) => size),
  );
  return [
    `Model: "${model.name}"`,
    ...renderTable(columns, rows, length),
    ` Total params: ${amount(
      [trainable, fixed, optimizer].flatMap((sizes) => sizes ?? []),
      optimizer && MORE_OF_STEPS,
    )}`,
    ` Trainable params: ${amount(trainable)}`,
    ` Non-trainable params: ${amount(fixed)}`,
    ...(optimizer === undefined ? [] : [` Optimizer params: ${amount(optimizer, MORE_OF_STEPS)}`]),
  ].join("\n");
}

/** Whether Keras leaves out the connections: every node has one input, and no two are at the same depth. */
function isSequentialLike(model: Network): boolean {
  if (model.className === "Sequential") return true;
  const { nodes, layers } = model.graph;
  const seen = new Set<Layer>();
  for (const [i, node] of nodes.entries()) {
    if (node.inputs.length > 1 || seen.has(node.layer)) return false;
    seen.add(node.layer);
    if (i > 0 && node.inputs[0]?.node !== nodes[i - 1]) return false;
  }
  return layers.length === nodes.length;
}

function columnsOf(connections: boolean, trainable: boolean, positions: readonly number[], length: number): Column[] {
  const headers: { readonly header: string; readonly align: Column["align"] }[] = [
    { header: "Layer (type)", align: "left" },
    { header: "Output Shape", align: "left" },
    { header: "Param #", align: "right" },
    ...(connections ? [{ header: "Connected to", align: "left" } as const] : []),
    ...(trainable ? [{ header: "Trainable", align: "center" } as const] : []),
  ];
  const ends = trainable ? [...positions.map((end) => end * 0.9), 1] : positions;
  let start = 0;
  return headers.map(({ header, align }, i) => {
    const width = Math.trunc((ends[i] ?? 1) * length) - start;
    if (width < 4) throw valueError("Insufficient console width to print summary.");
    start += width;
    return { header, align, width };
  });
}

function outputShapeOf(layer: Layer): string {
  const node = layer.inboundNodes.at(-1);
  const outputs = node?.outputs ?? (layer instanceof Network && layer.built ? layer.outputs : undefined);
  if (outputs === undefined) return "?";
  const shapes = outputs.map(({ shape }) => (shape.length === 1 ? `(${shape[0] ?? "None"})` : formatShape(shape)));
  return shapes.length === 1 ? (shapes[0] ?? "?") : `[${shapes.join(", ")}]`;
}

function connectionsOf(layer: Layer, relevant: ReadonlySet<Node>): string {
  const links = layer.inboundNodes
    .filter((node) => relevant.has(node))
    .flatMap((node) => node.inputs)
    .map(({ node, index }) => `${node.layer.name}[${node.layer.inboundNodes.indexOf(node)}][${index}]`);
  return links.length === 0 ? "-" : links.join(", ");
}

function layersInRange(layers: readonly Layer[], range: readonly [string, string] | undefined): readonly Layer[] {
  if (range === undefined) return layers;
  const indexes = range.map((pattern) => {
    const regex = new RegExp(`^(?:${pattern})`);
    return layers.flatMap(({ name }, i) => (name === pattern || regex.test(name) ? [i] : []));
  });
  const [first, last] = [indexes[0]?.[0], indexes[1]?.at(-1)];
  if (first === undefined || last === undefined) {
    throw valueError("Passed layer_names do not match the layer names in the model. Received: " + range.join(", "));
  }
  return layers.slice(Math.min(first, last), Math.max(first, last) + 1);
}

function amount(sizes: readonly number[] = [], more = 0): string {
  const count = sizes.reduce((sum, size) => sum + size, 0);
  let size = count * 4 + more;
  const units = ["B", "KB", "MB", "GB", "TB", "PB"];
  let unit = 0;
  while (size >= 1024 && unit < units.length - 1) {
    size /= 1024;
    unit++;
  }
  return `${count.toLocaleString("en-US")} (${size.toFixed(2)} ${units[unit]})`;
}

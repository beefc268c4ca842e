/**
 * What follows the pooled features, from the tensors that are left: the fully connected layers of a head, under whatever names. A state dict
 * has no activations and no order of calls; the order follows from the names and the widths.
 */
import type { Dims } from "../../core/shape.ts";
import { transposed } from "../derived-tensor.ts";
import type { StoredTensor } from "../stored-tensor.ts";
import type { HeadLayer } from "./parts.ts";

export interface FoundHead {
  readonly layers: readonly HeadLayer<StoredTensor>[];
  /** The modules of the layers, in their order: `classifier.1`. */
  readonly modules: readonly string[];
  /** True if activations were put between layers of which the file says nothing. */
  readonly isGuessed: boolean;
  /** The names of the tensors that no layer of the head took. */
  readonly unused: readonly string[];
}

/** A Linear or a BatchNorm1d of PyTorch, by the name of its module. */
interface Module {
  readonly name: string;
  readonly layer: Exclude<HeadLayer<StoredTensor>, { readonly kind: "relu" }>;
  readonly from: number;
  readonly to: number;
}

const DENSE_AXES: Dims = [1, 0];
const NORMALIZATION = ["weight", "bias", "running_mean", "running_var"];
/** Orders of so many layers are tried one by one, if that of the names does not fit. */
const MAX_TRIED = 6;

/**
 * The head whose layers take every Linear and BatchNorm1d among the tensors, one after the other; without layers if there are none, or they do not
 * fit one another.
 * @param features the width of what the first layer takes
 */
export function headOf(tensors: ReadonlyMap<string, StoredTensor>, features: number): FoundHead {
  const modules = modulesOf(tensors);
  const order = inOrder(modules, features);
  const used = new Set(order.map(({ name }) => name));
  const unused = [...tensors.keys()].filter((name) => !used.has(moduleOf(name)));
  const activated = activations(order);
  return {
    layers: order.flatMap(({ layer }, i) => (activated.has(i) ? [layer, { kind: "relu" }] : [layer])),
    modules: order.map(({ name }) => name),
    isGuessed: activated.size > 0,
    unused,
  };
}

function moduleOf(name: string): string {
  return name.slice(0, Math.max(0, name.lastIndexOf(".")));
}

function lastOf(name: string): string {
  return name.slice(name.lastIndexOf(".") + 1);
}

function modulesOf(tensors: ReadonlyMap<string, StoredTensor>): readonly Module[] {
  const parts = new Map<string, Map<string, StoredTensor>>();
  for (const [name, tensor] of tensors) {
    const module = moduleOf(name);
    const own = parts.get(module) ?? new Map<string, StoredTensor>();
    parts.set(module, own.set(lastOf(name), tensor));
  }
  const modules: Module[] = [];
  for (const [name, own] of parts) {
    const module = linearOf(name, own) ?? normalizationOf(name, own);
    if (module !== undefined) modules.push(module);
  }
  return modules;
}

function linearOf(name: string, own: ReadonlyMap<string, StoredTensor>): Module | undefined {
  const [weight, bias] = [own.get("weight"), own.get("bias")];
  const [to = 0, from = 0] = weight?.shape ?? [];
  const fits = weight?.shape.length === 2 && to > 0 && from > 0 && isVector(bias, to);
  if (!fits || own.size > (bias === undefined ? 1 : 2)) return undefined;
  return { name, layer: { kind: "dense", kernel: transposed(weight, DENSE_AXES), bias }, from, to };
}

function normalizationOf(name: string, own: ReadonlyMap<string, StoredTensor>): Module | undefined {
  const [gamma, beta, mean, variance] = NORMALIZATION.map((key) => own.get(key));
  const width = mean?.shape[0] ?? 0;
  if (gamma === undefined || beta === undefined || mean === undefined || variance === undefined) return undefined;
  if (width === 0 || own.size > 4 || ![gamma, beta, mean, variance].every((part) => isVector(part, width))) {
    return undefined;
  }
  return { name, layer: { kind: "normalization", gamma, beta, mean, variance }, from: width, to: width };
}

/** True for no tensor too. */
function isVector(tensor: StoredTensor | undefined, length: number): boolean {
  return tensor === undefined || (tensor.shape.length === 1 && tensor.shape[0] === length);
}

/** All modules, each taking what the one before it gives: by their names, else the one order that the widths allow; none if there is no such order. */
function inOrder(modules: readonly Module[], features: number): readonly Module[] {
  // Without a Linear there is no head: a normalization alone may stand anywhere.
  if (!modules.some(({ layer }) => layer.kind === "dense")) return [];
  const named = byName(modules);
  if (named.every(({ from }, i) => from === (i === 0 ? features : named[i - 1]?.to))) return named;
  if (modules.length > MAX_TRIED) return [];
  const [only = [], ...others] = ordersOf(named, features);
  return others.length === 0 ? only : [];
}

function ordersOf(modules: readonly Module[], width: number): readonly (readonly Module[])[] {
  if (modules.length === 0) return [[]];
  return modules
    .filter(({ from }) => from === width)
    .flatMap((first) =>
      ordersOf(
        modules.filter((other) => other !== first),
        first.to,
      ).map((rest) => [first, ...rest]),
    );
}

/** In the file's order, in which modules were made; but those whose names differ in a number, by that number. */
function byName(modules: readonly Module[]): readonly Module[] {
  const places = new Map<string, number>();
  const keyed = modules.map((module) => {
    const key: number[] = [];
    let path = "";
    for (const part of module.name.split(".")) {
      const [, stem = "", number = "0"] = /^(.*?)(\d*)$/s.exec(part) ?? [];
      const family = `${path}.${stem}`;
      const place = places.get(family) ?? places.size;
      places.set(family, place);
      key.push(place, Number(number));
      path = `${path}.${part}`;
    }
    return { module, key };
  });
  return keyed.toSorted((a, b) => compared(a.key, b.key)).map(({ module }) => module);
}

function compared(a: readonly number[], b: readonly number[]): number {
  for (let i = 0; i < Math.min(a.length, b.length); i++) {
    const difference = (a[i] ?? 0) - (b[i] ?? 0);
    if (difference !== 0) return difference;
  }
  return a.length - b.length;
}

/**
 * After which modules an activation stands: one before every Linear but the first, where the numbers of a Sequential leave room for it, or else
 * just before that Linear. Neighbours in one Sequential have nothing between them.
 */
function activations(order: readonly Module[]): ReadonlySet<number> {
  const places = new Set<number>();
  let last = -1;
  for (const [i, { layer }] of order.entries()) {
    if (layer.kind !== "dense") continue;
    if (last >= 0) {
      const steps = Array.from({ length: i - last }, (_, k) => last + k);
      const place = steps.find((k) => hasRoom(order[k]?.name ?? "", order[k + 1]?.name ?? ""));
      if (place !== undefined) places.add(isNumbered(order[place], order[place + 1]) ? place : i - 1);
    }
    last = i;
  }
  return places;
}

function isNumbered(a: Module | undefined, b: Module | undefined): boolean {
  return numbersOf(a?.name ?? "", b?.name ?? "") !== undefined;
}

/** False for neighbours of one Sequential. */
function hasRoom(a: string, b: string): boolean {
  const [from, to] = numbersOf(a, b) ?? [0, 2];
  return to - from > 1;
}

/** The numbers of two modules of one Sequential: `classifier.1` and `classifier.4`; undefined if they are in none. */
function numbersOf(a: string, b: string): readonly [number, number] | undefined {
  const ends = [lastOf(a), lastOf(b)];
  const areNumbers = moduleOf(a) === moduleOf(b) && ends.every((end) => /^\d+$/.test(end));
  return areNumbers ? [Number(ends[0]), Number(ends[1])] : undefined;
}

/** Which of a model's classes a text means: a WordNet id, a name, a number. */
import { frozen } from "../core/frozen.ts";
import { LABELS } from "../applications/class-names.ts";
import { TEXT, check } from "../core/kinds.ts";
import type { Label } from "../saving/labels/labels.ts";
import { nameOfLabel } from "./labels.ts";

/** Finds the index of a class by its name or WordNet id. Case does not matter, nor do spaces, `_` and `-` between words. */
export class ClassLookup {
  /** The names of the classes, in the model's order. */
  readonly names: readonly string[];
  readonly #ids = new Map<string, number>();
  /** Null for a name that several classes have. */
  readonly #names = new Map<string, number | null>();

  /** @param labels the names of the classes, perhaps with WordNet ids, in the model's order */
  constructor(labels: readonly Label[]) {
    check("ClassLookup", "labels", labels, LABELS);
    this.names = frozen(labels.map(nameOfLabel));
    for (const [index, label] of labels.entries()) {
      if (typeof label !== "string") this.#ids.set(label.wnid, index);
      const key = plain(this.names[index] ?? "");
      this.#names.set(key, this.#names.has(key) ? null : index);
    }
  }

  /** Whether the classes have WordNet ids. */
  get hasIds(): boolean {
    return this.#ids.size > 0;
  }

  /** The index of the class whose WordNet id begins the text (as in `n02110958_pug`) or whose name it is; undefined if none or several fit. */
  find(text: string): number | undefined {
    check("find()", "text", text, TEXT);
    const id = wordNetId(text);
    const byId = id === undefined ? undefined : this.#ids.get(id);
    return byId ?? this.#names.get(plain(text)) ?? undefined;
  }

  /** The index of a class as `find` gives it; a text that is neither a name nor an id, but a whole number, is taken as the index, from 0. */
  findOrNumber(text: string): number | undefined {
    const found = this.find(text);
    if (found !== undefined || !/^\d+$/.test(text.trim())) return found;
    const number = Number(text);
    return number < this.names.length ? number : undefined;
  }
}

/** The WordNet id that a text begins with; undefined if it begins with none. */
export function wordNetId(text: string): string | undefined {
  return /^n\d{8}(?!\d)/.exec(text)?.[0];
}

/** Names are the same whatever their case, and with blanks, `_` or `-` between their words. */
function plain(name: string): string {
  return name
    .trim()
    .toLowerCase()
    .replaceAll(/[\s_-]+/g, " ");
}

/** Which of a model's classes a text means: a WordNet id, a name, a number. */
import type { Label } from "../public/saving.ts";

export class ClassLookup {
  readonly names: readonly string[];
  readonly #ids = new Map<string, number>();
  /** Null where several classes have the name. */
  readonly #names = new Map<string, number | null>();

  constructor(labels: readonly Label[]) {
    this.names = labels.map((label) => (typeof label === "string" ? label : label.label));
    for (const [index, label] of labels.entries()) {
      if (typeof label !== "string") this.#ids.set(label.wnid, index);
      const key = plain(this.names[index] ?? "");
      this.#names.set(key, this.#names.has(key) ? null : index);
    }
  }

  get hasIds(): boolean {
    return this.#ids.size > 0;
  }

  /** By WordNet id (also before more text, as in `n02110958_pug`), or by name; undefined where none or several are meant. */
  find(text: string): number | undefined {
    const id = wordNetId(text);
    const byId = id === undefined ? undefined : this.#ids.get(id);
    return byId ?? this.#names.get(plain(text)) ?? undefined;
  }

  /** The same, or by number from 0. */
  findOrNumber(text: string): number | undefined {
    const found = this.find(text);
    if (found !== undefined || !/^\d+$/.test(text.trim())) return found;
    const number = Number(text);
    return number < this.names.length ? number : undefined;
  }
}

/** What a text begins with, if it is a WordNet id. */
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

/** Guesses which known name was meant: one that is a few edits away (Levenshtein 1966), or one that was abbreviated. */

/** Only this many characters of a name are compared, so that no name takes long. */
const LONGEST = 40;

/** The known names that resemble the given one, the most similar first. Case and underscores are ignored. */
export function nearNames(given: string, known: readonly string[]): readonly string[] {
  const wanted = plain(given);
  const near: { readonly name: string; readonly edits: number }[] = [];
  for (const name of known) {
    const other = plain(name);
    const edits = editsBetween(wanted, other);
    const isNear = edits * 2 < Math.max(wanted.length, other.length) || isShortFor(wanted, other);
    if (isNear) near.push({ name, edits });
  }
  return near.toSorted((a, b) => a.edits - b.edits).map(({ name }) => name);
}

/** The form of a name in which names are compared. */
function plain(name: string): string {
  return name.slice(0, LONGEST).replaceAll("_", "").toLowerCase();
}

/**
 * Whether one name abbreviates the other, as `rate` and `lr` do `learningrate`: it is a part of the other, or some of its letters in order,
 * beginning with the first.
 */
function isShortFor(short: string, long: string): boolean {
  if (short.length > 2 && long.includes(short)) return true;
  let at = 0;
  for (const letter of long) if (letter === short[at]) at++;
  return at > 1 && at === short.length && short[0] === long[0];
}

/** The least number of letters to insert, delete or replace that turns `a` into `b`. */
function editsBetween(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 0; i < a.length; i++) {
    const next = [i + 1];
    for (let j = 0; j < b.length; j++) {
      const replaced = (row[j] ?? 0) + (a[i] === b[j] ? 0 : 1);
      next.push(Math.min(replaced, (row[j + 1] ?? 0) + 1, (next[j] ?? 0) + 1));
    }
    row = next;
  }
  return row.at(-1) ?? 0;
}

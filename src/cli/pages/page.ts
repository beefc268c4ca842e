/** What all pages have: how they look, what they may not do, tables of facts, and text that is safe in them. */
import { escapedBytes } from "../../platform/node/byte-names.ts";

const UNREADABLE_SHOWN = 100;

/** A whole page that needs nothing from elsewhere. @param more a style sheet after the one of all pages */
export function page(title: string, body: string, more = ""): string {
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<meta name="color-scheme" content="light dark">
${CONTENT_POLICY}
<title>${escaped(title)}</title>
<style>${PAGE_STYLE}${more}</style>
<h1>${escaped(title)}</h1>
${body}
</html>
`;
}

/** Names of files and classes may come from anybody: whatever is in them, nothing runs and nothing is loaded. */
const CONTENT_POLICY = `<meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src data:; style-src 'unsafe-inline'">`;

/** The style sheet, for light and for dark pages. */
const PAGE_STYLE = `
:root { --ink: #1b1b1b; --page: #fff; --stripe: #f4f6f8; --line: #d5d8dc; --rule: #888 }
@media (prefers-color-scheme: dark) { :root { --ink: #e6e6e6; --page: #16181b; --stripe: #1f2327; --line: #3a4047; --rule: #777 } }
body { font: 15px/1.45 system-ui, sans-serif; margin: 2rem auto; max-width: 72rem; padding: 0 1rem; color: var(--ink); background: var(--page) }
table { border-collapse: collapse; margin: 1rem 0 2rem } th, td { padding: .2rem .6rem; text-align: left; vertical-align: top }
tbody tr:nth-child(odd) { background: var(--stripe) } thead th { border-bottom: 1px solid var(--rule) }
td.n, th.n { text-align: right; font-variant-numeric: tabular-nums } td.n { white-space: nowrap } .wide { overflow-x: auto } h1, h2, li, .facts td + td { overflow-wrap: anywhere }
.matrix td { text-align: center; border: 1px solid var(--line); min-width: 1.6rem } .matrix th { border: 0; font-weight: normal }
.matrix thead th { writing-mode: vertical-rl; transform: rotate(180deg); padding: .4rem .1rem }
`;

/** A table that scrolls sideways by itself if the page is too narrow for it. */
export function wide(rows: string): string {
  return `<div class="wide"><table>${rows}</table></div>`;
}

/** A table of names and what is to be said of them. */
export function factTable(facts: readonly (readonly [name: string, text: string])[]): string {
  return `<table class="facts"><tbody>${facts.map(([name, text]) => `<tr><td>${escaped(name)}<td>${escaped(text)}`).join("\n")}</tbody></table>`;
}

/** A list of why pictures were left out, cut to as many as one reads. */
export function unreadableList(reasons: readonly string[]): string {
  if (reasons.length === 0) return "";
  const items = reasons.slice(0, UNREADABLE_SHOWN).map((reason) => `<li>${escaped(reason)}`);
  const more = reasons.length - items.length;
  return `<h2>${reasons.length} pictures could not be read</h2>\n<ul>${items.join("\n")}${more > 0 ? `<li>… and ${more} more` : ""}</ul>`;
}

/** Text for any place in a page, attributes too; marks that turn the direction of writing are replaced. */
export function escaped(text: string): string {
  const shown = escapedBytes(text).replaceAll(/[\u202A-\u202E\u2066-\u2069]/g, "\uFFFD");
  return shown.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");
}

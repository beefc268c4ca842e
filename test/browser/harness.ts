/** Runs a module in a page of headless Chromium: bundled by esbuild, served from loopback, its answer taken back as JSON. */
import { basename, extname } from "node:path";
import type { Browser, Page } from "playwright-core";
import { launchChromium } from "../../scripts/chromium.ts";
import { type Folders, bundle, serve } from "../../scripts/page-server.ts";

export { withoutChromium } from "../../scripts/chromium.ts";

export interface PageOptions {
  /** Cross-origin isolated (COOP and COEP), as SharedArrayBuffer and threads need it. */
  readonly isolated?: boolean;
  /** Takes the package from src/ (the default) or, if false, as an installed one: from what its `exports` say. */
  readonly source?: boolean;
  /** More folders to serve, by the first part of their address: `{ images: "/…/images" }` → `/images/a.jpg`. */
  readonly folders?: Folders;
}

/** In milliseconds: no page that works takes so long. */
const HANGS_AFTER = 300_000;

let opened: Promise<Browser> | undefined;

/** Closes the browser; to be called once, after the last page. */
export async function closeBrowser(): Promise<void> {
  await (await opened)?.close();
  opened = undefined;
}

/**
 * Calls the function `run(args)` that `entryFile` exports in a fresh page and a fresh profile; resolves to what it returns.
 * Arguments and answer travel as JSON. What the page logs as an error is part of the error that is thrown.
 */
export async function runInPage(entryFile: string, args: unknown = null, options: PageOptions = {}): Promise<unknown> {
  const { isolated = false, source = true, folders = {} } = options;
  await using server = await serve({ files: await bundle(entryFile, source), folders, isolated });
  const entry = `/${basename(entryFile, extname(entryFile))}.js`;
  const answer = await withPage(server.address, (page) =>
    page.evaluate(callEntry, { entry, args: JSON.stringify(args) }),
  );
  return JSON.parse(answer) as unknown;
}

/** Opens an address in a fresh page and a fresh profile, for as long as `use` takes. */
export async function withPage<T>(address: string, use: (page: Page) => Promise<T>): Promise<T> {
  opened ??= launchChromium();
  const context = await (await opened).newContext();
  const complaints: string[] = [];
  try {
    const page = await context.newPage();
    page.on("pageerror", (error) => complaints.push(error.message));
    page.on("console", (message) => {
      if (message.type() === "error") complaints.push(message.text());
    });
    await page.goto(address);
    return await within(HANGS_AFTER, use(page));
  } catch (error) {
    const said = error instanceof Error ? error.message : String(error);
    throw new Error([`In the page: ${said}`, ...complaints].join("\n  "), { cause: error });
  } finally {
    await context.close();
  }
}

/** Runs in the page. */
async function callEntry({ entry, args }: { entry: string; args: string }): Promise<string> {
  const { run } = await import(entry);
  return JSON.stringify((await run(JSON.parse(args))) ?? null);
}

async function within<T>(milliseconds: number, work: Promise<T>): Promise<T> {
  const { promise, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new Error(`no answer within ${milliseconds} ms`)), milliseconds);
  try {
    return await Promise.race([work, promise]);
  } finally {
    clearTimeout(timer);
  }
}

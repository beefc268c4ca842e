/** Starts engines in pages of headless Chromium, isolated so that they can have threads, each in a process of its own. */
import { fileURLToPath } from "node:url";
import type { Browser } from "playwright-core";
import { launchChromium } from "../scripts/chromium.ts";
import { bundle, serve } from "../scripts/page-server.ts";
import type { PageEngine, PageRound } from "./chromium-page.ts";
import type { Engine, Running } from "./engines.ts";

const path = (place: string): string => fileURLToPath(new URL(place, import.meta.url));

/** Pages of one browser, which starts with the first of them. */
export class Pages implements AsyncDisposable {
  #browser: Promise<Browser> | undefined;
  readonly #bundles = new Map<string, ReturnType<typeof bundle>>();

  async start(engine: Engine): Promise<Running> {
    const files = new Map([...(await this.#bundle("chromium-page.ts")), ...(await this.#bundle(engine.module))]);
    const folders = { packages: path("thirdparty/node_modules"), peers: path("../../shared/peers") };
    const server = await serve({ files, folders, isolated: true });
    // A context of its own has a process of its own.
    const context = await (await this.#launched()).newContext();
    const stop = async (): Promise<void> => {
      await context.close();
      await server[Symbol.asyncDispose]();
    };
    try {
      const page = await context.newPage();
      await page.goto(server.address);
      const { firstMs, scores } = await page.evaluate(async ({ entry, engine: started }) => {
        const { start } = (await import(entry)) as { start: PageEngine };
        return start(started);
      }, given(engine));
      const round = (milliseconds: number): Promise<readonly number[]> =>
        page.evaluate(
          async ({ entry, milliseconds: length }) => {
            const { round: timedRound } = (await import(entry)) as { round: PageRound };
            return timedRound(length);
          },
          { ...given(engine), milliseconds },
        );
      return { engine, firstMs, scores, round, stop };
    } catch (error) {
      await stop();
      throw error;
    }
  }

  async version(): Promise<string> {
    return (await this.#launched()).version();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await (await this.#browser)?.close();
  }

  #bundle(module: string): ReturnType<typeof bundle> {
    const bundled = this.#bundles.get(module) ?? bundle(path(module));
    this.#bundles.set(module, bundled);
    return bundled;
  }

  #launched(): Promise<Browser> {
    this.#browser ??= launchChromium();
    return this.#browser;
  }
}

function given(engine: Engine): { readonly engine: Engine; readonly entry: string } {
  return { engine, entry: "/chromium-page.js" };
}

/** Serves pages on loopback, for tests and for the demo: modules bundled in memory, folders from disk. */
import { readFile } from "node:fs/promises";
import { type ServerResponse, createServer } from "node:http";
import { extname, join, normalize } from "node:path";
import { build } from "esbuild";

/** A folder on disk by the first part of its address. */
export type Folders = Readonly<Record<string, string>>;

export interface ServerOptions {
  /** Contents by path: `/entry.js`. Without a `/`, that is an empty page. */
  readonly files?: ReadonlyMap<string, Uint8Array>;
  readonly folders?: Folders;
  /** Sends the headers that make a page cross-origin isolated. */
  readonly isolated?: boolean;
  /** Any free one unless given. */
  readonly port?: number;
}

export interface RunningServer extends AsyncDisposable {
  /** `http://127.0.0.1:PORT/` */
  readonly address: string;
}

export async function serve({
  files = new Map(),
  folders = {},
  isolated = false,
  port = 0,
}: ServerOptions): Promise<RunningServer> {
  const roots = new Map(Object.entries(folders));

  async function contentOf(path: string): Promise<Uint8Array | undefined> {
    const content = files.get(path);
    if (content !== undefined) return content;
    if (path === "/") return new TextEncoder().encode("<!doctype html><meta charset=utf-8><title>test</title>");
    const [, first = "", ...rest] = normalize(path).split("/");
    const root = roots.get(first);
    if (root === undefined) return undefined;
    return await readFile(join(root, ...rest)).catch(() => undefined);
  }

  async function answer(path: string, response: ServerResponse): Promise<void> {
    const content = await contentOf(path);
    response.writeHead(content === undefined ? 404 : 200, {
      "content-type": types.get(extname(path)) ?? "application/octet-stream",
      "content-length": content?.length ?? 0,
      ...(isolated && isolation),
    });
    response.end(content);
  }

  const server = createServer((request, response) => {
    const path = decodeURIComponent(new URL(request.url ?? "/", "http://127.0.0.1").pathname);
    void answer(path, response);
  });
  const { promise: listening, resolve } = Promise.withResolvers<void>();
  server.listen(port, "127.0.0.1", resolve);
  await listening;
  const bound = server.address();
  if (bound === null || typeof bound === "string") throw new Error("The test server has no port.");
  return {
    address: `http://127.0.0.1:${bound.port}/`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((done) => server.close(done));
    },
  };
}

/**
 * Bundles a module for pages, with the package taken from src/ or, if not `source`, from what its `exports` say:
 * contents by path, the entry's being its own name with `.js`.
 */
export async function bundle(entryFile: string, source = true): Promise<ReadonlyMap<string, Uint8Array>> {
  const { outputFiles } = await build({
    entryPoints: [entryFile],
    bundle: true,
    splitting: true,
    format: "esm",
    platform: "browser",
    target: "es2022",
    conditions: source ? ["@mobilenet-v2/source"] : [],
    outdir: "/",
    write: false,
    logLevel: "error",
  });
  return new Map(outputFiles.map(({ path, contents }) => [path, contents]));
}

const types: ReadonlyMap<string, string> = new Map([
  ["", "text/html"],
  [".html", "text/html"],
  [".js", "text/javascript"],
  [".mjs", "text/javascript"],
  [".json", "application/json"],
  [".wasm", "application/wasm"],
  [".jpg", "image/jpeg"],
  [".png", "image/png"],
]);

const isolation = {
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-embedder-policy": "require-corp",
};

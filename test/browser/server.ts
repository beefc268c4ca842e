/** A static HTTP server on loopback for test pages: an empty page at `/`, files from memory, folders from disk. */
import { readFile } from "node:fs/promises";
import { type ServerResponse, createServer } from "node:http";
import { extname, join, normalize } from "node:path";

/** A folder on disk by the first part of its address. */
export type Folders = Readonly<Record<string, string>>;

export interface ServerOptions {
  /** Contents by path: `/entry.js`. */
  readonly files?: ReadonlyMap<string, Uint8Array>;
  readonly folders?: Folders;
  /** Sends the headers that make a page cross-origin isolated. */
  readonly isolated?: boolean;
}

export interface RunningServer {
  /** `http://127.0.0.1:PORT/` */
  readonly address: string;
  close(): Promise<void>;
}

export async function serve({ files, folders = {}, isolated = false }: ServerOptions): Promise<RunningServer> {
  const roots = new Map(Object.entries(folders));

  async function contentOf(path: string): Promise<Uint8Array | undefined> {
    if (path === "/") return new TextEncoder().encode("<!doctype html><meta charset=utf-8><title>test</title>");
    const [, first = "", ...rest] = normalize(path).split("/");
    const root = roots.get(first);
    if (root === undefined) return files?.get(path);
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
  server.listen(0, "127.0.0.1", resolve);
  await listening;
  const bound = server.address();
  if (bound === null || typeof bound === "string") throw new Error("The test server has no port.");
  return {
    address: `http://127.0.0.1:${bound.port}/`,
    async close() {
      server.closeAllConnections();
      await new Promise((done) => server.close(done));
    },
  };
}

const types: ReadonlyMap<string, string> = new Map([
  ["", "text/html"],
  [".html", "text/html"],
  [".js", "text/javascript"],
  [".json", "application/json"],
  [".wasm", "application/wasm"],
  [".jpg", "image/jpeg"],
  [".png", "image/png"],
]);

const isolation = {
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-embedder-policy": "require-corp",
};

/** A server on the loopback that serves one content, badly where a test asks for it. */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { gzipSync } from "node:zlib";

/** What happens to one request; those without a plan get the whole content, or the range that they ask for. */
export type Answer =
  | { readonly kind: "whole" }
  /** The connection breaks after so many bytes of the content. */
  | { readonly kind: "cut"; readonly after: number }
  /** Nothing more comes after so many bytes. */
  | { readonly kind: "stall"; readonly after: number }
  /** After so many bytes, they come one by one. */
  | { readonly kind: "drip"; readonly after: number }
  | { readonly kind: "status"; readonly status: number; readonly headers?: Record<string, string> }
  | { readonly kind: "redirect"; readonly to: string }
  | { readonly kind: "page" }
  | { readonly kind: "gzip" }
  /** Other bytes than the content. */
  | { readonly kind: "other"; readonly bytes: Uint8Array }
  /** The head, with any Content-Length, and the body as they are, and the end of the connection. */
  | { readonly kind: "raw"; readonly head: string; readonly body: Uint8Array }
  /** A 206 for another range than was asked for. */
  | { readonly kind: "wrong range" };

export interface ServerPlan {
  readonly content: Uint8Array;
  readonly answers?: readonly Answer[];
  /** The answer after `answers`. Default: the whole content. */
  readonly finally?: Answer;
  /** Whether the server honours Range. Default: true. */
  readonly ranges?: boolean;
  /** Changes with every answer, as where a file is replaced between two tries. */
  readonly changing?: boolean;
}

export interface TestServer extends AsyncDisposable {
  readonly url: string;
  /** The Range header of every request, "" for none. */
  readonly requests: string[];
  /** The path of every request. */
  readonly paths: string[];
}

export async function startServer(plan: ServerPlan): Promise<TestServer> {
  const requests: string[] = [];
  const paths: string[] = [];
  const server = createServer((request, response) => {
    const answer = plan.answers?.[requests.length] ?? plan.finally ?? { kind: "whole" };
    requests.push(request.headers.range ?? "");
    const version = plan.changing === true ? `"v${requests.length}"` : `"v"`;
    paths.push(request.url ?? "");
    // Pages come from another port, which is another origin.
    response.setHeader("access-control-allow-origin", "*");
    reply(request, response, plan, answer, version);
  });
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  return {
    url: `http://127.0.0.1:${address.port}/file`,
    requests,
    paths,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => {
        server.close(resolve);
      });
    },
  };
}

function reply(
  request: IncomingMessage,
  response: ServerResponse,
  plan: ServerPlan,
  answer: Answer,
  version: string,
): void {
  switch (answer.kind) {
    case "status":
      response.writeHead(answer.status, answer.headers).end("an explanation that nobody asked for");
      break;
    case "redirect":
      response.writeHead(302, { location: answer.to }).end();
      break;
    case "page":
      response.writeHead(200, { "content-type": "text/html" }).end("<!DOCTYPE html><title>Please log in</title>");
      break;
    case "gzip":
      response.writeHead(200, { "content-encoding": "gzip", etag: version }).end(gzipSync(plan.content));
      break;
    case "other":
      response.writeHead(200, { "content-length": answer.bytes.length }).end(answer.bytes);
      break;
    case "raw":
      request.socket.write(answer.head);
      request.socket.end(answer.body);
      break;
    case "wrong range":
      response.writeHead(206, { "content-range": `bytes 0-1/${plan.content.length}`, etag: version });
      response.end(plan.content.subarray(0, 2));
      break;
    case "whole":
    case "cut":
    case "stall":
    case "drip":
      send(request, response, plan, answer, version);
      break;
  }
}

function send(
  request: IncomingMessage,
  response: ServerResponse,
  plan: ServerPlan,
  answer: Extract<Answer, { kind: "whole" | "cut" | "stall" | "drip" }>,
  version: string,
): void {
  const { content } = plan;
  const asked = plan.ranges === false ? null : /^bytes=(\d+)-$/.exec(request.headers.range ?? "");
  const start = asked === null ? 0 : Number(asked[1]);
  const headers: Record<string, string | number> = { "content-length": content.length - start, etag: version };
  if (asked !== null) headers["content-range"] = `bytes ${start}-${content.length - 1}/${content.length}`;
  response.writeHead(asked === null ? 200 : 206, headers);
  if (answer.kind === "whole") {
    response.end(content.subarray(start));
    return;
  }
  response.flushHeaders();
  const end = Math.max(answer.after, start);
  response.write(content.subarray(start, end), () => {
    // Ended, not destroyed: the client reads all that came before.
    if (answer.kind === "cut") request.socket.end();
  });
  if (answer.kind !== "drip") return;
  let at = end;
  const drops = setInterval(() => response.write(content.subarray(at, ++at)), 20);
  response.on("close", () => clearInterval(drops));
}

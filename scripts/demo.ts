/** Serves the demo page, with the weights of Keras's cache beside it: npm run demo [-- PORT] */
import { readFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type RunningServer, bundle, serve } from "./page-server.ts";

const demo = fileURLToPath(new URL("../demo/", import.meta.url));

/** The demo, with weights from the folder of that path; its page is isolated, as threads need it. */
export async function serveDemo(weights: string, port = 0): Promise<RunningServer> {
  const files = new Map(await bundle(join(demo, "main.ts")));
  files.set("/", readFileSync(join(demo, "index.html")));
  return serve({ files, folders: { weights }, isolated: true, port });
}

if (import.meta.main) {
  const keras = process.env["KERAS_HOME"] ?? join(homedir(), ".keras");
  const { address } = await serveDemo(join(keras, "models"), Number(process.argv[2] ?? 8080));
  console.log(address);
}

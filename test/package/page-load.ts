/** What a page loads before it can classify: the package's program bundled and minified, or its files as they are; gzip's bytes. */
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";

const PROGRAM = `
  import { MobileNetV2, decodePredictions, imgToArray, loadImg, preprocessInput } from "mobilenet-v2";
  const model = await MobileNetV2({ weights: "weights.h5" });
  const y = await model.predict(preprocessInput(imgToArray(await loadImg("photo.jpg", { targetSize: [224, 224] }))));
  console.log(decodePredictions(y));
`;

function gzipped(bytes: Uint8Array | string): number {
  return gzipSync(bytes, { level: 9 }).length;
}

/** By a bundler, in a project where the package is installed: what is loaded with the page, without what is imported later. */
export async function bundledBytes(project: string): Promise<number> {
  const { outputFiles, metafile } = await build({
    stdin: { contents: PROGRAM, resolveDir: project },
    bundle: true,
    splitting: true,
    minify: true,
    format: "esm",
    target: "es2022",
    conditions: ["browser"],
    outdir: project,
    absWorkingDir: project,
    write: false,
    metafile: true,
    logLevel: "silent",
  });
  const loaded = new Set<string>();
  const load = (path: string): void => {
    if (loaded.has(path)) return;
    loaded.add(path);
    for (const { kind, path: next } of metafile.outputs[path]?.imports ?? []) {
      if (kind === "import-statement") load(next);
    }
  };
  load("stdin.js");
  return outputFiles
    .filter(({ path }) => loaded.has(path.slice(project.length + 1)))
    .reduce((sum, { contents }) => sum + gzipped(contents), 0);
}

/** By an import map: the face with all that it imports statically. */
export function unbundledBytes(dist: string): number {
  const loaded = new Map<string, number>();
  const load = (path: string): void => {
    if (loaded.has(path)) return;
    const text = readFileSync(path, "utf8");
    loaded.set(path, gzipped(text));
    for (const [, next = ""] of text.matchAll(/(?:from|import)\s*"(\.[^"]+)"/g)) load(join(dirname(path), next));
  };
  load(join(dist, "index.js"));
  load(join(dist, "browser.js"));
  return [...loaded.values()].reduce((sum, bytes) => sum + bytes, 0);
}

/** What a page loads to classify: a program bundled and minified, or the package's files minified one by one; gzip's bytes. */
import { readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { gzipSync } from "node:zlib";
import { build, transformSync } from "esbuild";
import { rolldown } from "rolldown";

const PROGRAM = `
  import { MobileNetV2, decodePredictions, imgToArray, loadImg, preprocessInput } from "mobilenet-v2";
  const model = await MobileNetV2({ weights: "weights.h5" });
  const y = await model.predict(preprocessInput(imgToArray(await loadImg("photo.jpg", { targetSize: [224, 224] }))));
  console.log(decodePredictions(y));
`;

function gzipped(bytes: Uint8Array | string): number {
  return gzipSync(bytes, { level: 9 }).length;
}

/** The bytes of a file and of all that it imports statically, by their names. */
function loadedBytes(
  entries: readonly string[],
  read: (name: string) => { readonly bytes: number; readonly imports: readonly string[] },
): number {
  const loaded = new Map<string, number>();
  const load = (name: string): void => {
    if (loaded.has(name)) return;
    const { bytes, imports } = read(name);
    loaded.set(name, bytes);
    imports.forEach(load);
  };
  entries.forEach(load);
  return [...loaded.values()].reduce((sum, bytes) => sum + bytes, 0);
}

/** By Rolldown, as Vite has it, in a project where the package is installed: without what a page may import later. */
export async function rolldownBytes(project: string): Promise<number> {
  const input = join(project, "page.js");
  writeFileSync(input, PROGRAM);
  const bundle = await rolldown({ input, cwd: project, platform: "browser", logLevel: "silent" });
  const { output } = await bundle.generate({ format: "es", minify: true });
  await bundle.close();
  const chunks = new Map(output.flatMap((one) => (one.type === "chunk" ? [[one.fileName, one] as const] : [])));
  return loadedBytes(["page.js"], (name) => {
    const { code = "", imports = [] } = chunks.get(name) ?? {};
    return { bytes: gzipped(code), imports };
  });
}

/** The same by esbuild, which keeps what index.js imports with the page as soon as anything that comes later needs it too. */
export async function esbuildBytes(project: string): Promise<number> {
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
  const files = new Map(outputFiles.map(({ path, contents }) => [path.slice(project.length + 1), contents]));
  return loadedBytes(["stdin.js"], (name) => ({
    bytes: gzipped(files.get(name) ?? ""),
    imports: (metafile.outputs[name]?.imports ?? [])
      .filter(({ kind }) => kind === "import-statement")
      .map(({ path }) => path),
  }));
}

/** By an import map: some of the package's faces with all that they import statically, each file minified as it would be served. */
export function unbundledBytes(dist: string, faces: readonly string[]): number {
  return loadedBytes(
    [...faces, "browser"].map((face) => join(dist, `${face}.js`)),
    (path) => {
      const { code } = transformSync(readFileSync(path, "utf8"), { minify: true, format: "esm", target: "es2022" });
      const imports = [...code.matchAll(/(?:from|import)\s*"(\.[^"]+)"/g)].map(([, next = ""]) =>
        join(dirname(path), next),
      );
      return { bytes: gzipped(code), imports };
    },
  );
}

/** A program bundled and minified as a page is served, by esbuild: contents by path. */
export async function esbuildPage(entry: string): Promise<ReadonlyMap<string, Uint8Array>> {
  const { outputFiles } = await build({
    entryPoints: [entry],
    bundle: true,
    splitting: true,
    minify: true,
    format: "esm",
    target: "es2022",
    conditions: ["browser"],
    outdir: "/",
    write: false,
    logLevel: "silent",
  });
  return new Map(outputFiles.map(({ path, contents }) => [path, contents]));
}

/** The same by Rolldown. */
export async function rolldownPage(entry: string): Promise<ReadonlyMap<string, Uint8Array>> {
  const bundle = await rolldown({ input: entry, cwd: dirname(entry), platform: "browser", logLevel: "silent" });
  const { output } = await bundle.generate({ format: "es", minify: true });
  await bundle.close();
  return new Map(
    output.flatMap((one) =>
      one.type === "chunk" ? [[`/${one.fileName}`, new TextEncoder().encode(one.code)] as const] : [],
    ),
  );
}

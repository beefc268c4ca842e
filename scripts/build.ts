/** Builds dist/: the package for Node and for browsers, the command line, and the types; prints what each file weighs. */
import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { type BuildOptions, build } from "esbuild";

const root = fileURLToPath(new URL("../", import.meta.url));
const dist = join(root, "dist");

const shared: BuildOptions = {
  absWorkingDir: root,
  bundle: true,
  format: "esm",
  splitting: true,
  minify: true,
  legalComments: "linked",
  logLevel: "warning",
  conditions: ["@mobilenet-v2/source"],
  chunkNames: "chunks/[name]-[hash]",
  external: ["sharp"],
};

/** The command line and the library share their chunks, so that the program has every part once. */
async function buildForNode(): Promise<void> {
  const cli = join(root, "src/cli/main.ts");
  await build({
    ...shared,
    entryPoints: { index: "src/index.ts", ...(existsSync(cli) && { cli }) },
    outdir: "dist/node",
    platform: "node",
    target: "node20.19",
  });
}

async function buildForBrowsers(): Promise<void> {
  await build({
    ...shared,
    entryPoints: { index: "src/index.ts" },
    outdir: "dist/browser",
    platform: "browser",
    target: "es2022",
  });
}

function buildTypes(): void {
  execFileSync(join(root, "node_modules/.bin/tsc"), ["--project", "tsconfig.build.json"], {
    cwd: root,
    stdio: "inherit",
  });
  // `Symbol.dispose` is younger than the `lib` that many projects name.
  const face = join(dist, "types/index.d.ts");
  writeFileSync(face, `/// <reference lib="esnext.disposable" />\n${readFileSync(face, "utf8")}`);
}

function printSizes(): void {
  for (const folder of ["node", "browser"]) {
    let raw = 0;
    let gzip = 0;
    const files = readdirSync(join(dist, folder), { recursive: true, encoding: "utf8" }).filter((name) =>
      name.endsWith(".js"),
    );
    for (const name of files.toSorted()) {
      const bytes = readFileSync(join(dist, folder, name));
      const packed = gzipSync(bytes, { level: 9 }).length;
      raw += bytes.length;
      gzip += packed;
      printSize(`${folder}/${name}`, bytes.length, packed);
    }
    printSize(`${folder} in all`, raw, gzip);
  }
}

function kilobytes(bytes: number): string {
  return `${(bytes / 1000).toFixed(1)} kB`.padStart(10);
}

function printSize(name: string, raw: number, gzip: number): void {
  console.log(`${name.padEnd(44)}${kilobytes(raw)}${kilobytes(gzip)} gzip`);
}

rmSync(dist, { recursive: true, force: true });
await Promise.all([buildForNode(), buildForBrowsers()]);
buildTypes();
printSizes();

/** Builds dist/: the package, the command line, and the types; prints what each file weighs. */
import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { isBuiltin } from "node:module";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { type Metafile, type Plugin, build } from "esbuild";
import { rolldown } from "rolldown";
import { dts } from "rolldown-plugin-dts";
import { faces } from "./faces.ts";

const root = fileURLToPath(new URL("../", import.meta.url));
const dist = join(root, "dist");

/**
 * One build for Node and browsers, readable: a page's bundler minifies, Node's stack traces name our functions. The seam stays open in
 * it: package.json's `imports` say which of the two faces, `node.js` or `browser.js`, `#platform` is, to Node as to bundlers. The command
 * line and all public faces share the chunks, so that a class is the same from each.
 */
async function buildCode(): Promise<void> {
  const { metafile } = await build({
    absWorkingDir: root,
    entryPoints: {
      ...Object.fromEntries(faces.map(({ name, source }) => [name, source])),
      node: "src/platform/node.ts",
      browser: "src/platform/browser.ts",
      cli: "src/cli/main.ts",
    },
    outdir: "dist",
    chunkNames: "chunks/[name]-[hash]",
    bundle: true,
    splitting: true,
    format: "esm",
    platform: "neutral",
    mainFields: ["module", "main"],
    target: "es2022",
    charset: "utf8",
    legalComments: "linked",
    logLevel: "warning",
    conditions: ["@mobilenet-v2/source"],
    external: ["#platform", "sharp", "hyparquet-writer", "node:*"],
    plugins: [requiredBuiltins, plainWidths],
    metafile: true,
  });
  nameChunks(metafile);
  nameClasses();
  writeLicences(metafile);
}

/** Chunks that files share are called by the largest module in them, so that a stack trace says where it leads. */
function nameChunks({ outputs }: Metafile): void {
  const names = new Map<string, string>();
  for (const [path, { inputs }] of Object.entries(outputs)) {
    const [, name, hash] = /^dist\/chunks\/(chunk-(\w+)\.js)$/.exec(path) ?? [];
    if (name === undefined) continue;
    const [largest] = Object.entries(inputs).toSorted(([, a], [, b]) => b.bytesInOutput - a.bytesInOutput);
    const module = largest === undefined ? "esbuild" : basename(largest[0]).replace(/\.\w+$/, "");
    names.set(name, `${module}-${hash}.js`);
  }
  rewriteScripts((text) => text.replaceAll(/\bchunk-\w+\.js\b/g, (name) => names.get(name) ?? name));
  for (const [from, to] of names) renameSync(join(dist, "chunks", from), join(dist, "chunks", to));
}

/** A class that names itself is `_Tensor` in what esbuild writes; users read `Tensor`. */
function nameClasses(): void {
  rewriteScripts((text) =>
    [...text.matchAll(/^var (\w+) = class (_\1)\b/gm)].reduce(
      (renamed, [, name = "", inner = ""]) => renamed.replaceAll(new RegExp(String.raw`\b${inner}\b`, "g"), name),
      text,
    ),
  );
}

/** The licences of the packages that the command line has in it. */
function writeLicences({ inputs }: Metafile): void {
  const folders = Object.keys(inputs).map((path) => /^node_modules\/(?:@[^/]+\/)?[^/]+/.exec(path)?.[0] ?? "");
  const texts = [...new Set(folders)]
    .filter(Boolean)
    .toSorted()
    .map((folder) => {
      const licence = readdirSync(join(root, folder)).find((name) => /^licen[cs]e/i.test(name));
      if (licence === undefined) throw new Error(`${folder} is in dist/ and has no licence`);
      return `${folder.slice("node_modules/".length)}\n\n${readFileSync(join(root, folder, licence), "utf8").trim()}\n`;
    });
  writeFileSync(join(dist, "licences.txt"), texts.join("\n\n"));
}

function rewriteScripts(change: (text: string) => string): void {
  for (const name of scripts()) writeFileSync(join(dist, name), change(readFileSync(join(dist, name), "utf8")));
}

function scripts(): readonly string[] {
  return readdirSync(dist, { recursive: true, encoding: "utf8" }).filter((name) => name.endsWith(".js"));
}

/** The command line's libraries `require` what is built into Node; ES modules have no `require`. */
const requiredBuiltins: Plugin = {
  name: "required-builtins",
  setup(plugged) {
    const namespace = "builtin";
    plugged.onResolve({ filter: /^(?:node:)?[a-z_/]+$/ }, ({ kind, path }) =>
      kind === "require-call" && isBuiltin(path) ? { path, namespace } : undefined,
    );
    plugged.onLoad({ filter: /.*/, namespace }, ({ path }) => ({
      contents: `module.exports = process.getBuiltinModule(${JSON.stringify(path)})`,
    }));
  },
};

/** The progress bar measures texts that are ours and plain: it needs no table of emoji. */
const plainWidths: Plugin = {
  name: "plain-widths",
  setup(plugged) {
    const namespace = "plain-width";
    plugged.onResolve({ filter: /^string-width$/ }, ({ path }) => ({ path, namespace }));
    plugged.onLoad({ filter: /.*/, namespace }, () => ({ contents: "module.exports = (text) => text.length;" }));
  },
};

/**
 * A file of declarations for each face, with what it names; what several name is shared. Declarations of what only our own modules see
 * would be a third of the package.
 */
async function buildTypes(): Promise<void> {
  execFileSync(join(root, "node_modules/.bin/tsc"), ["--project", "tsconfig.build.json"], {
    cwd: root,
    stdio: "inherit",
  });
  const modules = join(dist, "modules");
  for (const name of declarationsIn(modules)) {
    const text = readFileSync(join(modules, name), "utf8");
    writeFileSync(join(modules, name), text.replaceAll(/"(\.[^"]+)\.ts"/g, '"$1.js"'));
  }
  const declarations = await rolldown({
    input: Object.fromEntries(
      faces.map(({ name, source }) => [name, join(modules, source.replace(/^src\/(.+)\.ts$/, "$1.d.ts"))]),
    ),
    resolve: { alias: { "#platform": join(modules, "platform/node.d.ts") } },
    plugins: [dts({ dtsInput: true, tsconfig: false })],
  });
  await declarations.write({
    dir: dist,
    format: "es",
    chunkFileNames: "types/[name].js",
    minifyInternalExports: false,
  });
  rmSync(modules, { recursive: true });
  for (const name of declarationsIn(dist)) {
    const text = readFileSync(join(dist, name), "utf8").replaceAll(/^\/\/ dist\/modules\/.*\n/gm, "");
    // `Symbol.dispose` is younger than the `lib` that many projects name.
    const isDisposable = text.includes("[Symbol.dispose]");
    writeFileSync(join(dist, name), isDisposable ? `/// <reference lib="esnext.disposable" />\n${text}` : text);
  }
}

function declarationsIn(folder: string): readonly string[] {
  return readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((name) => name.endsWith(".d.ts"));
}

function printSizes(): void {
  let raw = 0;
  let gzip = 0;
  for (const name of scripts().toSorted()) {
    const bytes = readFileSync(join(dist, name));
    const packed = gzipSync(bytes, { level: 9 }).length;
    raw += bytes.length;
    gzip += packed;
    printSize(name, bytes.length, packed);
  }
  printSize("in all", raw, gzip);
}

function kilobytes(bytes: number): string {
  return `${(bytes / 1000).toFixed(1)} kB`.padStart(10);
}

function printSize(name: string, raw: number, gzip: number): void {
  console.log(`${name.padEnd(44)}${kilobytes(raw)}${kilobytes(gzip)} gzip`);
}

rmSync(dist, { recursive: true, force: true });
await buildCode();
await buildTypes();
printSizes();

/** Builds dist/: the package, the command line, and the types; prints what each file weighs. */
import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { isBuiltin } from "node:module";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { type Plugin, build } from "esbuild";
import { rolldown } from "rolldown";
import { dts } from "rolldown-plugin-dts";
import { minify } from "terser";

const root = fileURLToPath(new URL("../", import.meta.url));
const dist = join(root, "dist");

/**
 * One build for Node and browsers. The seam stays open in it: package.json's `imports` say which of the two faces, `node.js` or
 * `browser.js`, `#platform` is, to Node as to bundlers. The command line shares the chunks.
 */
async function buildCode(): Promise<void> {
  await build({
    absWorkingDir: root,
    entryPoints: {
      index: "src/index.ts",
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
    minify: true,
    legalComments: "linked",
    logLevel: "warning",
    conditions: ["@mobilenet-v2/source"],
    external: ["#platform", "sharp", "hyparquet-writer", "node:*"],
    plugins: [requiredBuiltins, plainWidths],
  });
}

/** What esbuild leaves: a thirtieth of the package. */
async function minifyAgain(): Promise<void> {
  for (const name of scripts()) {
    const file = join(dist, name);
    const options = { module: true, ecma: 2020, compress: { passes: 3 }, format: { comments: /^!/ } } as const;
    const { code } = await minify(readFileSync(file, "utf8"), options);
    if (code === undefined) throw new Error(`${name} cannot be minified`);
    writeFileSync(file, code);
  }
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

/** One file with what the face names: declarations of what only our own modules see would be a third of the package. */
async function buildTypes(): Promise<void> {
  execFileSync(join(root, "node_modules/.bin/tsc"), ["--project", "tsconfig.build.json"], {
    cwd: root,
    stdio: "inherit",
  });
  const modules = join(dist, "types");
  for (const name of readdirSync(modules, { recursive: true, encoding: "utf8" })) {
    if (!name.endsWith(".d.ts")) continue;
    const text = readFileSync(join(modules, name), "utf8");
    writeFileSync(join(modules, name), text.replaceAll(/"(\.[^"]+)\.ts"/g, '"$1.js"'));
  }
  const declarations = await rolldown({
    input: { index: join(modules, "index.d.ts") },
    resolve: { alias: { "#platform": join(modules, "platform/node.d.ts") } },
    plugins: [dts({ dtsInput: true, tsconfig: false })],
  });
  await declarations.write({ dir: dist, format: "es" });
  rmSync(modules, { recursive: true });
  // `Symbol.dispose` is younger than the `lib` that many projects name.
  const face = join(dist, "index.d.ts");
  writeFileSync(face, `/// <reference lib="esnext.disposable" />\n${readFileSync(face, "utf8")}`);
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
await minifyAgain();
await buildTypes();
printSizes();

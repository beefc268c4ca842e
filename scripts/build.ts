/** Builds dist/: the package, the command line, and the types; prints what each file weighs. */
import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { isBuiltin } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { type Plugin, build } from "esbuild";

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
    external: ["#platform", "sharp", "node:*"],
    plugins: [requiredBuiltins],
  });
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

function buildTypes(): void {
  execFileSync(join(root, "node_modules/.bin/tsc"), ["--project", "tsconfig.build.json"], {
    cwd: root,
    stdio: "inherit",
  });
  // `Symbol.dispose` is younger than the `lib` that many projects name.
  const face = join(dist, "types/index.d.ts");
  writeFileSync(face, `/// <reference lib="esnext.disposable" />\n${readFileSync(face, "utf8")}`);
  removeTypesThatNothingNames([face, join(dist, "types/platform/node.d.ts")]);
}

/** Declarations of what only our own modules see would be a third of the package. */
function removeTypesThatNothingNames(faces: readonly string[]): void {
  const named = new Set<string>();
  const follow = (file: string): void => {
    if (named.has(file)) return;
    named.add(file);
    for (const [, path = ""] of readFileSync(file, "utf8").matchAll(/(?:from|import\() ?"(\.[^"]+)\.[jt]s"/g)) {
      follow(join(dirname(file), `${path}.d.ts`));
    }
  };
  for (const file of faces) follow(file);
  const types = join(dist, "types");
  for (const name of readdirSync(types, { recursive: true, encoding: "utf8" })) {
    if (name.endsWith(".d.ts") && !named.has(join(types, name))) rmSync(join(types, name));
  }
}

function printSizes(): void {
  let raw = 0;
  let gzip = 0;
  const files = readdirSync(dist, { recursive: true, encoding: "utf8" }).filter((name) => name.endsWith(".js"));
  for (const name of files.toSorted()) {
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
buildTypes();
printSizes();

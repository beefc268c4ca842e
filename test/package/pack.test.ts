/** The packed package in an empty project: what is in it, its types, and that it runs on the system's Node and in a bundled page. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import {
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join, sep } from "node:path";
import { after, before, describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { transformSync } from "esbuild";
import { serve } from "../../scripts/page-server.ts";
import { esbuildBytes, rolldownBytes, unbundledBytes } from "./page-load.ts";
import { closeBrowser, runInPage, withPage, withoutChromium } from "../browser/harness.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));
const modules = join(root, "node_modules");
/** Bytes of the tarball without docs. */
const tarballAtMost = 337_000;

/** The environment without our own node_modules/.bin and npm's settings: `node` is then the system's. */
const environment = Object.fromEntries(
  Object.entries({
    ...process.env,
    PATH: (process.env["PATH"] ?? "")
      .split(delimiter)
      .filter((folder) => !folder.includes(`node_modules${sep}`))
      .join(delimiter),
  }).filter(
    ([name]) => !/^(?:npm_(?:package|lifecycle|command|node)|NODE_TEST_CONTEXT$|NODE_OPTIONS$|INIT_CWD$)/.test(name),
  ),
);

const systemNode = versionOfSystemNode();
const tooOld =
  systemNode !== undefined && systemNode.localeCompare("v20.19", undefined, { numeric: true }) >= 0
    ? false
    : `needs a Node of 20.19 or newer on the system's PATH; found ${systemNode ?? "none"}`;

function versionOfSystemNode(): string | undefined {
  try {
    return execFileSync("node", ["--version"], { env: environment, encoding: "utf8" }).trim();
  } catch {
    return undefined;
  }
}

describe("the packed package", () => {
  const folder = mkdtempSync(join(tmpdir(), "mobilenet-v2-pack-"));
  const project = join(folder, "project");
  const installed = join(project, "node_modules/mobilenet-v2");
  let tarball = "";

  /** Runs a program in the project, by the system's Node; what it prints. */
  function inProject(command: string, ...args: readonly string[]): string {
    return execFileSync(command, args, {
      cwd: project,
      env: environment,
      encoding: "utf8",
      // Only what hangs takes so long.
      timeout: 300_000,
      stdio: "pipe",
    });
  }

  /** Evaluates an expression over the exports of program.ts in the project; its value, through JSON. */
  function evaluate(expression: string): unknown {
    const code = `import * as program from "./program.js"; console.log(JSON.stringify(await (${expression})));`;
    return JSON.parse(inProject("node", "--input-type=module", "--eval", code));
  }

  before(() => {
    execFileSync(process.execPath, [join(root, "scripts/build.ts")], { cwd: root, stdio: "pipe" });
    execFileSync("npm", ["pack", "--ignore-scripts", "--silent", "--pack-destination", folder], { cwd: root });
    tarball = join(folder, readdirSync(folder).find((name) => name.endsWith(".tgz")) ?? "");
    mkdirSync(project);
    writeFileSync(join(project, "package.json"), JSON.stringify({ private: true, type: "module" }));
    inProject("npm", "install", "--offline", "--no-save", "--no-audit", "--no-fund", "--omit=optional", tarball);
    const program = fileURLToPath(new URL("program.ts", import.meta.url));
    copyFileSync(program, join(project, "program.ts"));
    const { code } = transformSync(readFileSync(program, "utf8"), { loader: "ts", format: "esm" });
    writeFileSync(join(project, "program.js"), code);
  });

  after(async () => {
    await closeBrowser();
    rmSync(folder, { recursive: true, force: true });
  });

  it(`weighs less than ${tarballAtMost / 1000} kB without docs: the README and the comments of the types`, (t) => {
    const bare = join(folder, "bare");
    cpSync(installed, bare, { recursive: true });
    rmSync(join(bare, "README.md"));
    const types = join(bare, "dist/index.d.ts");
    writeFileSync(types, readFileSync(types, "utf8").replaceAll(/\/\*\*.*?\*\//gs, ""));
    execFileSync("npm", ["pack", "--ignore-scripts", "--silent"], { cwd: bare });
    const packed = readdirSync(bare).find((name) => name.endsWith(".tgz")) ?? "";
    const { size } = statSync(join(bare, packed));
    const kilobytes = [size, statSync(tarball).size].map((bytes) => `${(bytes / 1000).toFixed(1)} kB`);
    t.diagnostic(`the tarball has ${kilobytes.join(" without docs, ")} with them`);
    assert.ok(size < tarballAtMost, `${size} bytes`);
  });

  for (const [how, atMost, load] of [
    ["bundled by Rolldown", 88_000, () => rolldownBytes(project)],
    ["bundled by esbuild", 115_000, () => esbuildBytes(project)],
    ["without a bundler", 140_500, () => unbundledBytes(join(installed, "dist"))],
  ] as const) {
    it(`makes a page load less than ${atMost / 1000} kB, gzip, to classify: ${how}`, async (t) => {
      const bytes = await load();
      t.diagnostic(`${(bytes / 1000).toFixed(1)} kB ${how}`);
      assert.ok(bytes > 50_000 && bytes < atMost, `${bytes} bytes`);
    });
  }

  it("holds nothing but dist, the licence, the README and package.json", () => {
    assert.deepEqual(readdirSync(installed).toSorted(), ["LICENSE", "README.md", "dist", "package.json"]);
    const parts = ["browser.js", "chunks", "cli.js", "index.d.ts", "index.js", "node.js"];
    assert.deepEqual(readdirSync(join(installed, "dist")).toSorted(), parts);
  });

  it("brings no other package with it, but sharp where optional ones are wanted; what writes Parquet is installed apart", () => {
    const names = readdirSync(join(project, "node_modules")).filter((name) => !name.startsWith("."));
    assert.deepEqual(names, ["mobilenet-v2"]);
    const manifest: Record<string, unknown> = JSON.parse(readFileSync(join(installed, "package.json"), "utf8"));
    const { dependencies, optionalDependencies, peerDependencies, peerDependenciesMeta } = manifest;
    assert.equal(dependencies, undefined);
    assert.deepEqual(Object.keys(optionalDependencies ?? {}), ["sharp"]);
    assert.deepEqual(Object.keys(peerDependencies ?? {}), ["hyparquet-writer"]);
    assert.deepEqual(peerDependenciesMeta, { "hyparquet-writer": { optional: true } });
  });

  it("names no path of the machine that built it", () => {
    const files = readdirSync(installed, { recursive: true, encoding: "utf8" }).filter((name) =>
      /\.(?:js|ts|json)$/.test(name),
    );
    assert.ok(files.length > 0);
    for (const name of files) {
      assert.ok(!readFileSync(join(installed, name), "utf8").includes(root), name);
    }
  });

  for (const [module, moduleResolution] of [
    ["nodenext", "nodenext"],
    ["esnext", "bundler"],
  ] as const) {
    it(`has types that hold under strict tsc, moduleResolution ${moduleResolution}`, () => {
      const config = join(project, `tsconfig.${moduleResolution}.json`);
      const compilerOptions = {
        module,
        moduleResolution,
        target: "es2022",
        lib: ["es2022", "dom"],
        types: [],
        strict: true,
        exactOptionalPropertyTypes: true,
        skipLibCheck: false,
        noEmit: true,
      };
      writeFileSync(config, JSON.stringify({ compilerOptions, files: ["program.ts"] }));
      assert.equal(inProject(join(modules, ".bin/tsc"), "--project", config), "");
    });
  }

  describe(`on the system's Node (${systemNode ?? "none"})`, { skip: tooOld }, () => {
    it("builds a model and predicts: softmax sums to 1 within 1e-5", () => {
      assertAnswer(evaluate("program.run()"));
    });

    it("without sharp, says what to install to load a picture", () => {
      assert.match(
        String(evaluate(`program.load(Buffer.from("${picture}", "base64"))`)),
        /^MissingError: .*npm install sharp/s,
      );
    });

    it("loads a picture once sharp is there", (t) => {
      if (!existsSync(join(modules, "sharp"))) return t.skip("sharp is not installed here");
      const link = join(project, "node_modules/sharp");
      symlinkSync(join(modules, "sharp"), link);
      try {
        assert.equal(evaluate(`program.load(Buffer.from("${picture}", "base64"))`), "2 × 3 × 3");
      } finally {
        rmSync(link);
      }
    });

    it("has a command line", () => {
      assert.match(inProject("npx", "--no-install", "mobilenet-v2", "--help"), /classify/);
    });

    it("without hyparquet-writer, says what to install to write .parquet; with it, writes", (t) => {
      if (!existsSync(join(modules, "sharp"))) return t.skip("sharp is not installed here");
      mkdirSync(join(project, "pictures"));
      writeFileSync(join(project, "pictures/one.png"), Buffer.from(picture, "base64"));
      assert.equal(evaluate("program.saveSmall('small.keras')"), "small.keras");
      const links = ["sharp", "hyparquet-writer"].map((name) => join(project, "node_modules", name));
      const [sharp = "", parquet = ""] = links;
      symlinkSync(join(modules, "sharp"), sharp);
      const features = (): string =>
        inProject(
          "npx",
          "--no-install",
          "mobilenet-v2",
          "features",
          "pictures",
          "-o",
          "x.parquet",
          "--weights",
          "small.keras",
        );
      try {
        assert.throws(features, /\.parquet needs the package "hyparquet-writer".*npm install hyparquet-writer/);
        assert.ok(!existsSync(join(project, "x.parquet")));
        symlinkSync(join(modules, "hyparquet-writer"), parquet);
        features();
        assert.equal(readFileSync(join(project, "x.parquet"), "latin1").slice(0, 4), "PAR1");
      } finally {
        for (const link of links) rmSync(link, { force: true });
      }
    });
  });

  it("works in a bundled page: softmax sums to 1 within 1e-5", { skip: withoutChromium }, async () => {
    assertAnswer(await runInPage(join(project, "program.ts"), null, { source: false }));
  });

  it("works in a page without a bundler, by an import map", { skip: withoutChromium }, async () => {
    const imports = { "mobilenet-v2": "/package/index.js", "#platform": "/package/browser.js" };
    const html = `<!doctype html><script type="importmap">${JSON.stringify({ imports })}</script>`;
    const files = new Map([["/", new TextEncoder().encode(html)]]);
    const folders = { package: join(installed, "dist"), project };
    await using server = await serve({ files, folders });
    const answer = await withPage(server.address, (page) =>
      page.evaluate("import('/project/program.js').then((program) => program.run())"),
    );
    assertAnswer(answer);
  });
});

/** A PNG of 1 × 1. */
const picture = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAIAAACQd1PeAAAADElEQVR42mP4z8AAAAMBAQD3A0FDAAAAAElFTkSuQmCC";

function assertAnswer(answer: unknown): void {
  assert.ok(typeof answer === "object" && answer !== null && "shape" in answer && "sum" in answer && "best" in answer);
  assert.deepEqual(answer.shape, [1, 1000]);
  assert.ok(Math.abs(Number(answer.sum) - 1) <= 1e-5, `the sum is ${String(answer.sum)}`);
  assert.ok(Array.isArray(answer.best) && answer.best.length === 3);
}

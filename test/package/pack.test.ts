/** The packed package in an empty project: what is in it, its types, and that it runs on the system's Node and in bundled pages. */
import assert from "node:assert/strict";
import { readFileSync, readdirSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { faces } from "../../scripts/faces.ts";
import { serve } from "../../scripts/page-server.ts";
import { closeBrowser, withPage, withoutChromium } from "../browser/harness.ts";
import { describeOnNode } from "./on-node.ts";
import { esbuildBytes, esbuildPage, rolldownBytes, rolldownPage, unbundledBytes } from "./page-load.ts";
import { type Packed, execute, isAnswer, modules, pack, remove, root, versionOf } from "./packed.ts";

/** Bytes of the tarball: readable code, types with documentation, the README. */
const tarballAtMost = 690_000;

const systemNode = versionOf();
const tooOld =
  systemNode !== undefined && systemNode.localeCompare("20.19", undefined, { numeric: true }) >= 0
    ? false
    : `needs a Node of 20.19 or newer on the system's PATH; found ${systemNode ?? "none"}`;

describe("the packed package", () => {
  let packed: Packed;

  before(() => {
    packed = pack();
  });

  after(async () => {
    await closeBrowser();
    remove(packed);
  });

  function manifest(): Readonly<Record<string, unknown>> {
    return JSON.parse(readFileSync(join(packed.installed, "package.json"), "utf8"));
  }

  it(`weighs less than ${tarballAtMost / 1000} kB`, (t) => {
    const { size } = statSync(packed.tarball);
    t.diagnostic(`the tarball has ${(size / 1000).toFixed(1)} kB`);
    assert.ok(size < tarballAtMost, `${size} bytes`);
  });

  const unbundled = (names: readonly string[], minified: boolean): number =>
    unbundledBytes(join(packed.installed, "dist"), names, minified);
  for (const [how, atMost, load] of [
    ["bundled by Rolldown", 93_000, () => rolldownBytes(packed.project)],
    ["bundled by esbuild", 98_000, () => esbuildBytes(packed.project)],
    ["without a bundler, files minified", 155_000, () => unbundled(["index"], true)],
    ["without a bundler, files as they are", 209_000, () => unbundled(["index"], false)],
    ["without a bundler, from subpaths, files minified", 116_000, () => unbundled(["applications", "image"], true)],
  ] as const) {
    it(`makes a page load less than ${atMost / 1000} kB, gzip, to classify: ${how}`, async (t) => {
      const bytes = await load();
      t.diagnostic(`${(bytes / 1000).toFixed(1)} kB ${how}`);
      assert.ok(bytes > 50_000 && bytes < atMost, `${bytes} bytes`);
    });
  }

  it("holds nothing but dist, the licence, the README, the changelog and package.json", () => {
    const files = ["CHANGELOG.md", "LICENSE", "README.md", "dist", "package.json"];
    assert.deepEqual(readdirSync(packed.installed).toSorted(), files);
    const parts = [
      ...faces.flatMap(({ name }) => [`${name}.js`, `${name}.d.ts`]),
      "browser.js",
      "chunks",
      "cli.js",
      "licences.txt",
      "node.js",
      "types",
    ];
    assert.deepEqual(readdirSync(join(packed.installed, "dist")).toSorted(), parts.toSorted());
  });

  it("says where it comes from, what it is about, and its licence", () => {
    const { license, repository, homepage, bugs, keywords } = manifest();
    assert.equal(license, "MIT");
    assert.match(readFileSync(join(packed.installed, "LICENSE"), "utf8"), /^MIT License/);
    const address = /^https:\/\/\S+?(?=#readme$)/.exec(String(homepage))?.[0];
    assert.ok(address);
    assert.deepEqual(repository, { type: "git", url: `git+${address}.git` });
    assert.deepEqual(bugs, { url: `${address}/issues` });
    assert.ok(Array.isArray(keywords) && keywords.includes("keras"));
  });

  it("has the licences of what its command line has in it", () => {
    const text = readFileSync(join(packed.installed, "dist/licences.txt"), "utf8");
    for (const name of ["cli-progress", "commander"])
      assert.match(text, new RegExp(`^${name}$[^]*?Permission is hereby`, "m"));
  });

  it("has readable code: a statement a line, and the names of functions and classes", () => {
    const dist = join(packed.installed, "dist");
    const scripts = readdirSync(dist, { recursive: true, encoding: "utf8" }).filter((name) => name.endsWith(".js"));
    const texts = scripts.map((name) => readFileSync(join(dist, name), "utf8"));
    const all = texts.join("\n");
    assert.ok(all.length / all.split("\n").length < 60, "lines are long");
    for (const name of ["Conv2D", "Tensor", "Engine", "Adam"]) {
      assert.match(all, new RegExp(String.raw`^var ${name} = class(?: ${name})?\b|^class ${name}\b`, "m"));
    }
    assert.match(all, /^(?:async )?function decodePredictions\(/m);
    assert.ok(!/^var \w+ = class _/m.test(all), "a class has a name of the build's");
  });

  it("documents each subpath's names, and shows no internal ones", () => {
    const dist = join(packed.installed, "dist");
    const types = readdirSync(dist, { recursive: true, encoding: "utf8" }).filter((name) => name.endsWith(".d.ts"));
    const all = types.map((name) => readFileSync(join(dist, name), "utf8")).join("\n");
    assert.match(all, /\/\*\*(?:(?!\*\/)[^])*?\*\/\n(?:export )?declare function loadModel\(/);
    assert.doesNotMatch(all, /pictureWork|@internal/);
  });

  it("brings no other package with it, but sharp where optional ones are wanted; what writes Parquet is installed apart", () => {
    const names = readdirSync(join(packed.project, "node_modules")).filter((name) => !name.startsWith("."));
    assert.deepEqual(names, ["mobilenet-v2"]);
    const { dependencies, optionalDependencies, peerDependencies, peerDependenciesMeta } = manifest();
    assert.equal(dependencies, undefined);
    assert.deepEqual(Object.keys(optionalDependencies ?? {}), ["sharp"]);
    assert.deepEqual(Object.keys(peerDependencies ?? {}), ["hyparquet-writer"]);
    assert.deepEqual(peerDependenciesMeta, { "hyparquet-writer": { optional: true } });
  });

  it("names no path of the machine that built it", () => {
    const files = readdirSync(packed.installed, { recursive: true, encoding: "utf8" }).filter((name) =>
      /\.(?:js|ts|json)$/.test(name),
    );
    assert.ok(files.length > 0);
    for (const name of files) {
      assert.ok(!readFileSync(join(packed.installed, name), "utf8").includes(root), name);
    }
  });

  for (const [module, moduleResolution] of [
    ["nodenext", "nodenext"],
    ["esnext", "bundler"],
  ] as const) {
    it(`has types that hold under strict tsc, moduleResolution ${moduleResolution}`, () => {
      const config = join(packed.project, `tsconfig.${moduleResolution}.json`);
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
      writeFileSync(config, JSON.stringify({ compilerOptions, files: ["program.ts", "subpaths.ts"] }));
      assert.equal(execute(join(modules, ".bin/tsc"), ["--project", config], packed.project), "");
    });
  }

  describeOnNode(`on the system's Node (${systemNode ?? "none"})`, () => packed, undefined, tooOld);

  for (const [bundler, bundled] of [
    ["esbuild", esbuildPage],
    ["Rolldown", rolldownPage],
  ] as const) {
    for (const isolated of [true, false]) {
      const kind = isolated ? "an isolated page, on threads" : "a page, in a worker";
      it(
        `works minified by ${bundler} in ${kind}: softmax sums to 1 within 1e-5`,
        { skip: withoutChromium },
        async () => {
          await using server = await serve({ files: await bundled(join(packed.project, "program.ts")), isolated });
          const { answer, ready } = Object(await withPage(server.address, (page) => page.evaluate(countingWorkers)));
          assert.ok(isAnswer(answer), JSON.stringify(answer));
          assert.ok(ready > 0, "no worker's program started");
        },
      );
    }
  }

  it(
    "works in a page without a bundler, by an import map; the subpaths have the same classes",
    { skip: withoutChromium },
    async () => {
      const imports = {
        ...Object.fromEntries(faces.map(({ name, specifier }) => [specifier, `/package/${name}.js`])),
        "#platform": "/package/browser.js",
      };
      const html = `<!doctype html><script type="importmap">${JSON.stringify({ imports })}</script>`;
      const files = new Map([["/", new TextEncoder().encode(html)]]);
      const folders = { package: join(packed.installed, "dist"), project: packed.project };
      await using server = await serve({ files, folders });
      const [answer, others] = Object(
        await withPage(server.address, (page) =>
          page.evaluate(`Promise.all([
          import("/project/program.js").then(({ run }) => run()),
          import("/project/subpaths.js").then(({ shared }) => shared().others),
        ])`),
        ),
      );
      assert.ok(isAnswer(answer), JSON.stringify(answer));
      assert.deepEqual(others, [], "classes that are others in a subpath");
    },
  );
});

/** In a page: runs the program, and counts the workers that say that they have started. */
const countingWorkers = `(async () => {
  let ready = 0;
  globalThis.Worker = class extends Worker {
    constructor(...args) {
      super(...args);
      this.addEventListener("message", ({ data }) => (ready += data.kind === "ready" ? 1 : 0));
    }
  };
  const { run } = await import("/program.js");
  let answer = await run();
  // Workers start while the first answers come.
  for (let i = 0; i < 50 && ready === 0; i++) answer = await run();
  return { answer, ready };
})()`;

/** Holds the imports of every module against the table of rooms, and the modules against the rules of the house (docs/architecture.md). */
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, sep } from "node:path";
import { describe, it } from "node:test";
import { fileURLToPath } from "node:url";

/** What each room may import, itself always included. `index` is src/index.ts, the root of the public faces. */
const rooms: Readonly<Record<string, readonly string[]>> = {
  core: [],
  wasm: [],
  platform: ["core"],
  layers: ["core"],
  graph: ["core", "layers"],
  lowering: ["core", "layers", "graph"],
  kernels: ["wasm"],
  quantization: ["core", "graph", "lowering"],
  engine: ["core", "layers", "graph", "lowering", "quantization", "kernels", "wasm", "platform"],
  saving: ["core", "layers", "graph", "lowering", "quantization", "platform"],
  image: ["core", "platform"],
  training: ["core", "platform", "layers", "graph", "engine", "image"],
  models: ["core", "platform", "layers", "graph", "lowering", "quantization", "engine", "saving", "training"],
  applications: ["core", "platform", "layers", "saving", "models"],
  explain: ["core", "layers", "graph", "engine", "image", "models"],
  tasks: ["core", "platform", "layers", "saving", "image", "training", "models", "applications"],
  public: ["platform", "layers", "engine", "saving", "image", "training", "models", "applications", "explain", "tasks"],
  index: ["core", "public"],
  cli: [
    "core",
    "platform",
    "layers",
    "engine",
    "saving",
    "image",
    "training",
    "models",
    "applications",
    "explain",
    "tasks",
  ],
};

/** Packages that a room may import by name; everything else is our own. */
const packages: Readonly<Record<string, readonly string[]>> = {
  platform: ["sharp"],
  cli: ["cli-progress", "commander", "hyparquet-writer"],
};

const nodeRooms = ["platform", "cli"];
const platformFaces = ["platform/node.ts", "platform/browser.ts"];
/** Of a module. A page or three. */
const linesAtMost = 400;
/** Side by side in a folder. What has more is several things. */
const filesAtMost = 20;

interface Import {
  readonly specifier: string;
  /** Of values; a type may be exported again beside the function that takes it. */
  readonly reexport: boolean;
}

/**
 * The modules that a source text names: static, dynamic and type imports, re-exports, and `new URL("./x.ts", import.meta.url)`.
 * Static ones start a line, as prettier writes them; so text in comments and strings does not count.
 */
function importsOf(text: string): Import[] {
  const found: Import[] = [];
  for (const [, keyword, specifier] of text.matchAll(/^(import|export(?: type)?)\b[^;"'`]*?\bfrom\s*"([^"]+)"/gm)) {
    if (specifier !== undefined) found.push({ specifier, reexport: keyword === "export" });
  }
  for (const [, specifier] of text.matchAll(/^import\s*"([^"]+)"/gm)) {
    if (specifier !== undefined) found.push({ specifier, reexport: false });
  }
  const code = text.replaceAll(/^\s*(?:\*|\/\/|\/\*).*$/gm, "");
  for (const pattern of [/\bimport\(\s*["'`]([^"'`]+)["'`]/g, /\bnew URL\(\s*"(\.[^"]+)",\s*import\.meta\.url/g]) {
    for (const [, specifier] of code.matchAll(pattern)) {
      if (specifier !== undefined) found.push({ specifier, reexport: false });
    }
  }
  return found;
}

const root = fileURLToPath(new URL("../src/", import.meta.url));
const modules = new Map<string, string>();
for (const entry of readdirSync(root, { recursive: true, withFileTypes: true })) {
  if (!entry.isFile() || !entry.name.endsWith(".ts")) continue;
  const file = join(entry.parentPath, entry.name);
  modules.set(relative(root, file).split(sep).join("/"), readFileSync(file, "utf8"));
}

const publicFaces = [...modules.keys()].filter((module) => module === "index.ts" || module.startsWith("public/"));

function roomOf(module: string): string {
  return module.includes("/") ? module.slice(0, module.indexOf("/")) : module.replace(/\.ts$/, "");
}

/** The modules of src/ that a specifier leads to; none for a package, nor for our package.json, which says the version. */
function targetsOf(module: string, specifier: string): readonly string[] {
  if (specifier === "#platform") return platformFaces;
  if (specifier === "../../package.json") return [];
  return specifier.startsWith(".") ? [join(dirname(module), specifier).split(sep).join("/")] : [];
}

/** One failure that lists everything that is wrong. */
function assertNone(problems: readonly string[]): void {
  assert.equal(problems.length, 0, `\n  ${problems.join("\n  ")}`);
}

/** Every import of every module that `judge` has a complaint about. */
function complaints(judge: (module: string, one: Import) => string | undefined): string[] {
  const problems: string[] = [];
  for (const [module, text] of modules) {
    for (const one of importsOf(text)) {
      const problem = judge(module, one);
      if (problem !== undefined) problems.push(`src/${module} → ${one.specifier}: ${problem}`);
    }
  }
  return problems;
}

describe("architecture", () => {
  it("every module lives in a room of the table, and every room is lived in", () => {
    const found = new Set([...modules.keys()].map(roomOf));
    assert.deepEqual([...found].toSorted(), Object.keys(rooms).toSorted());
  });

  it("relative imports name a file that exists, with its .ts ending", () => {
    assertNone(
      complaints((module, { specifier }) =>
        targetsOf(module, specifier).every((target) => modules.has(target)) ? undefined : "no such module",
      ),
    );
  });

  it("rooms import only what the table lets them", () => {
    assertNone(
      complaints((module, { specifier }) => {
        const from = roomOf(module);
        for (const target of targetsOf(module, specifier)) {
          const to = roomOf(target);
          if (to !== from && rooms[from]?.includes(to) !== true) return `${from} may not import ${to}`;
        }
        return undefined;
      }),
    );
  });

  it("engine/ alone knows its engines, and in it each chooser makes one", () => {
    const makes = (name: string): string[] =>
      [...modules].filter(([, text]) => new RegExp(`\\b${name}\\.create\\(`).test(text)).map(([module]) => module);
    assert.deepEqual(makes("Engine"), ["engine/executor-of.ts"]);
    assert.deepEqual(makes("TrainingEngine"), ["engine/differentiator-of.ts"]);
    const engines = ["engine/engine.ts", "engine/training/training-engine.ts"];
    assertNone(
      complaints((module, { specifier }) =>
        roomOf(module) !== "engine" && targetsOf(module, specifier).some((target) => engines.includes(target))
          ? "hold an Executor or a Differentiator"
          : undefined,
      ),
    );
  });

  it("the kernel of a convolution of inference is chosen in engine/select.ts alone", () => {
    const choosing = /\b(?:tileFor|isDepthwise|integerKernelOf)\b/;
    const importers = [...modules].filter(([, text]) =>
      [...text.matchAll(/^import\b[^;]*/gm)].some(([statement]) => choosing.test(statement)),
    );
    assert.deepEqual(
      importers.map(([module]) => module).toSorted(),
      // Training chooses in lower.ts, and integers where operations are replaced: both write it into the operation.
      ["engine/integers/integers.ts", "engine/select.ts", "engine/training/lower.ts"],
    );
  });

  it("options of the command line are named in cli/ alone; Node's own in platform/ too", () => {
    const named = [...modules].filter(
      ([module, text]) => !nodeRooms.includes(roomOf(module)) && /["'`\s]--[a-z]/.test(text),
    );
    assertNone(named.map(([module]) => module));
  });

  it("what the table grants is used", () => {
    const used = [...modules].flatMap(([module, text]) =>
      importsOf(text)
        .flatMap(({ specifier }) => targetsOf(module, specifier))
        .map((target) => `${roomOf(module)} → ${roomOf(target)}`),
    );
    const granted = Object.entries(rooms).flatMap(([from, targets]) => targets.map((to) => `${from} → ${to}`));
    assertNone(granted.filter((grant) => !used.includes(grant)));
  });

  it("the platform is reached by #platform, never by its files", () => {
    assertNone(
      complaints((module, { specifier }) =>
        specifier.startsWith(".") &&
        roomOf(module) !== "platform" &&
        targetsOf(module, specifier).some((target) => platformFaces.includes(target))
          ? "import #platform"
          : undefined,
      ),
    );
  });

  it("node: comes in only through platform/ and cli/", () => {
    assertNone(
      complaints((module, { specifier }) =>
        specifier.startsWith("node:") && !nodeRooms.includes(roomOf(module)) ? "not here" : undefined,
      ),
    );
  });

  it("what a browser loads never comes to node: or to a package", () => {
    const reached = new Set<string>();
    const walk = (module: string): void => {
      if (reached.has(module)) return;
      reached.add(module);
      for (const { specifier } of importsOf(modules.get(module) ?? "")) {
        for (const target of specifier === "#platform" ? ["platform/browser.ts"] : targetsOf(module, specifier)) {
          walk(target);
        }
      }
    };
    for (const face of [...publicFaces, "platform/browser.ts"]) walk(face);
    assertNone(
      complaints((module, { specifier }) =>
        reached.has(module) && !/^(?:\.|#platform$)/.test(specifier) ? "a browser has no such thing" : undefined,
      ),
    );
  });

  it("packages come in only where the table lets them", () => {
    assertNone(
      complaints((module, { specifier }) => {
        if (/^(?:\.|node:|#platform$)/.test(specifier)) return undefined;
        return packages[roomOf(module)]?.includes(specifier) === true ? undefined : "an unexpected package";
      }),
    );
  });

  it("no module imports itself, directly or around a corner (type imports count)", () => {
    const done = new Set<string>();
    const cycles: string[] = [];
    const walk = (module: string, path: readonly string[]): void => {
      if (path.includes(module)) {
        cycles.push([...path.slice(path.indexOf(module)), module].join(" → "));
        return;
      }
      if (done.has(module)) return;
      for (const { specifier } of importsOf(modules.get(module) ?? "")) {
        for (const target of targetsOf(module, specifier)) walk(target, [...path, module]);
      }
      done.add(module);
    };
    for (const module of modules.keys()) walk(module, []);
    assertNone(cycles);
  });

  it("only the public faces and the two platforms re-export values", () => {
    assertNone(
      complaints((module, { reexport }) =>
        reexport && !publicFaces.includes(module) && !platformFaces.includes(module)
          ? "import it from where it is"
          : undefined,
      ),
    );
  });

  it("no default exports, no namespaces, no enums", () => {
    const forbidden = /^(?:export\s+)?(?:default\b|(?:declare\s+)?(?:const\s+)?(?:enum|namespace)\s+\w+\s*\{)/m;
    assertNone([...modules].filter(([, text]) => forbidden.test(text)).map(([module]) => module));
  });

  it("every module opens with a doc comment that says what it is", () => {
    assertNone([...modules].filter(([, text]) => !/^(?:#!.*\n)?\/\*\*/.test(text)).map(([module]) => module));
  });

  it(`no module is longer than ${linesAtMost} lines`, () => {
    const lengths = [...modules].map(([module, text]) => [module, text.split("\n").length - 1] as const);
    assertNone(lengths.filter(([, lines]) => lines > linesAtMost).map(([module, lines]) => `src/${module}: ${lines}`));
  });

  it(`no folder has more than ${filesAtMost} files side by side`, () => {
    const folders = Map.groupBy(modules.keys(), (module) => dirname(join("src", module)));
    const full = [...folders].filter(([, files]) => files.length > filesAtMost);
    assertNone(full.map(([folder, files]) => `${folder}: ${files.length}`));
  });

  it("docs/architecture.md shows the same table", () => {
    const page = readFileSync(new URL("../docs/architecture.md", import.meta.url), "utf8");
    assertNone(
      Object.entries(rooms)
        .map(([room, targets]) => [room, targets.length === 0 ? "nothing" : targets.join(", ")] as const)
        .filter(([room, targets]) => !page.replaceAll(/ +/g, " ").includes(`| \`${room}\` | ${targets} |`))
        .map(([room, targets]) => `| \`${room}\` | ${targets} |`),
    );
  });

  it("the scanner sees every way to name a module, and no comment", () => {
    const text = [
      'import { a,\n  b } from "./static.ts";',
      'import type { T } from "./type.ts";',
      'import "./effect.ts";',
      'export { c } from "./again.ts";',
      'type U = import("./inline.ts").U;',
      'const d = await import("./dynamic.ts");',
      'const e = new URL("./worker.ts", import.meta.url);',
      '// import { f } from "./comment.ts"; import("./comment.ts")',
      '/**\n * import("./comment.ts")\n */',
      'const g = "text";',
    ].join("\n");
    assert.deepEqual(
      importsOf(text)
        .map(({ specifier }) => specifier)
        .toSorted(),
      ["./again.ts", "./dynamic.ts", "./effect.ts", "./inline.ts", "./static.ts", "./type.ts", "./worker.ts"],
    );
  });
});

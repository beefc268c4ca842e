/** The public faces: what the root and the subpaths offer, and that each family is complete and the same from everywhere. */
import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { faces } from "../../scripts/faces.ts";
import { Layer } from "../../src/layers/layer.ts";
import { LAYER_CLASSES } from "../../src/layers/registry.ts";
import { Callback } from "../../src/training/callbacks/callback.ts";
import { Loss } from "../../src/training/losses/loss.ts";
import { Metric } from "../../src/training/metrics/metric.ts";
import { Optimizer } from "../../src/training/optimizers/optimizer.ts";
import { LearningRateSchedule } from "../../src/training/optimizers/schedules.ts";
import { exportsOfFaces } from "../support/faces.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));
const read = (path: string): string => readFileSync(join(root, path), "utf8");

/** The names that a face's text exports, types too. */
function namesIn(source: string): readonly string[] {
  return [...read(source).matchAll(/^export (?:type )?\{([^}]*)\}/gm)].flatMap(([, list = ""]) =>
    list
      .split(",")
      .map((name) => name.trim().replace(/^type /, ""))
      .filter((name) => name !== ""),
  );
}

function exportsOf(specifier: string): Readonly<Record<string, unknown>> {
  const found = exportsOfFaces.get(specifier);
  assert.ok(found, `${specifier} is no face`);
  return found;
}

/** The classes under a folder of src/ that extend one of the given. */
async function classesUnder(folder: string, bases: readonly unknown[]): Promise<ReadonlyMap<string, unknown>> {
  const files = readdirSync(join(root, "src", folder), { recursive: true, encoding: "utf8" });
  const modules: object[] = await Promise.all(
    files.filter((file) => file.endsWith(".ts")).map((file) => import(join(root, "src", folder, file))),
  );
  const isOne = (value: unknown): boolean =>
    typeof value === "function" &&
    bases.some((base) => typeof base === "function" && (value === base || value.prototype instanceof base));
  return new Map(modules.flatMap((module) => Object.entries(module).filter(([, value]) => isOne(value))));
}

describe("the public faces", () => {
  it("are the root and a subpath for each file of src/public, with types, code and source", () => {
    const files = readdirSync(join(root, "src/public")).map((file) => file.replace(/\.ts$/, ""));
    assert.deepEqual(
      faces.map(({ name }) => name),
      ["index", ...files.toSorted()],
    );
    const { exports } = JSON.parse(read("package.json"));
    for (const { name, specifier, source } of faces) {
      assert.deepEqual(exports[specifier.replace("mobilenet-v2", ".")], {
        "@mobilenet-v2/source": `./${source}`,
        types: `./dist/${name}.d.ts`,
        default: `./dist/${name}.js`,
      });
    }
  });

  it("give the same class or function by the same name, from the root as from each subpath", () => {
    const known = new Map<string, unknown>();
    for (const [specifier, exported] of exportsOfFaces) {
      for (const [name, value] of Object.entries(exported)) {
        assert.ok(!known.has(name) || known.get(name) === value, `${name} of ${specifier} is another`);
        known.set(name, value);
      }
    }
    const shared = Object.keys(exportsOf("mobilenet-v2")).filter((name) => name in exportsOf("mobilenet-v2/layers"));
    assert.ok(shared.includes("Dense"));
  });

  it("have every name of the root in a subpath too, but for tensors and the error", () => {
    const inSubpaths = new Set([...exportsOfFaces].slice(1).flatMap(([, exported]) => Object.keys(exported)));
    const alone = Object.keys(exportsOf("mobilenet-v2")).filter((name) => !inSubpaths.has(name));
    assert.deepEqual(alone, ["MobileNetV2Error", "Tensor", "stack", "zeros"]);
  });

  it("list everyday names in the root: fewer than a quarter of all", () => {
    const all = new Set(faces.flatMap(({ source }) => namesIn(source)));
    const everyday = namesIn("src/index.ts");
    assert.ok(everyday.length > 50 && everyday.length * 4 < all.size, `${everyday.length} of ${all.size}`);
  });

  it("have all that the root had before, but what CHANGELOG.md says is gone", () => {
    const former = read("test/fixtures/public/former-root-names.txt").trim().split("\n");
    assert.equal(former.length, 342);
    const all = new Set(faces.flatMap(({ source }) => namesIn(source)));
    const gone = former.filter((name) => !all.has(name) || name === "pictureWork");
    assert.ok(gone.length < 10, String(gone));
    const [removed = ""] = /^### Removed\n.*?(?=^##|$(?![\s\S]))/ms.exec(read("CHANGELOG.md")) ?? [];
    for (const name of gone) assert.ok(removed.includes(`\`${name}\``), `CHANGELOG.md does not say where ${name} is`);
  });

  it("are listed in the README, each with its subpath", () => {
    for (const { specifier } of faces) assert.ok(read("README.md").includes(`| \`${specifier}\``), specifier);
  });
});

describe("a subpath is complete for its family", () => {
  it("layers: every layer of the registry, and what one's own extends", async () => {
    const layers = exportsOf("mobilenet-v2/layers");
    for (const name of LAYER_CLASSES) assert.ok(name in layers, name);
    const classes = await classesUnder("layers", [Layer]);
    const missing = [...classes.keys()].filter((name) => !(name in layers));
    assert.deepEqual(
      missing.toSorted(),
      ["BaseConv2D", "GlobalPooling2D", "Passing", "Pooling2D"],
      "what layers share; what files alone have",
    );
  });

  it("layers: every initializer", async () => {
    const modules = await Promise.all([
      import("../../src/layers/initializers/constant-initializers.ts"),
      import("../../src/layers/initializers/random-initializers.ts"),
    ]);
    const layers = exportsOf("mobilenet-v2/layers");
    const classes = modules.flatMap((module) => Object.keys(module)).filter((name) => /^[A-Z][a-z]/.test(name));
    assert.ok(classes.length > 12);
    for (const name of classes) assert.ok(name in layers, name);
  });

  it("training: every optimizer, schedule, loss, metric and callback", async () => {
    const training = exportsOf("mobilenet-v2/training");
    const classes = await classesUnder("training", [Optimizer, LearningRateSchedule, Loss, Metric, Callback]);
    assert.ok(classes.size > 35, String(classes.size));
    const missing = [...classes.keys()].filter((name) => !(name in training));
    const inner = ["MonitorCallback", "ProgressLogger", "ThresholdMetric"];
    assert.deepEqual(missing.toSorted(), inner, "all but what several share, and what fit prints with");
  });

  it("data: every augmentation, whose names begin with random", async () => {
    const folder = join(root, "src/training/data/augmentation");
    const data = exportsOf("mobilenet-v2/data");
    const modules: object[] = await Promise.all(readdirSync(folder).map((file) => import(join(folder, file))));
    const names = modules.flatMap((module) => Object.keys(module)).filter((name) => /^random[A-Z]/.test(name));
    assert.ok(names.length > 7, String(names));
    for (const name of names) assert.ok(name in data, name);
  });
});

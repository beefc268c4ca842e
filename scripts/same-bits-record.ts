/** Hashes of what one tree's sources compute and write, for same-bits.ts: `same-bits-record.ts <tree> plain|relaxed|wide <out.json>`. */
import { createHash } from "node:crypto";
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { mock } from "node:test";
import { pathToFileURL } from "node:url";
import type * as Face from "../src/index.ts";
import type * as LayersFace from "../src/public/layers.ts";
import type * as TrainingFace from "../src/public/training.ts";
import {
  type Classes,
  type FineTuning,
  type KerasOptimizer,
  fineTunedModel,
  optimizerOf,
} from "../test/support/fine-tuning.ts";
import { type ForwardCase, optionsOf } from "../test/support/forward-reference.ts";
import { seedWeights, seededInput } from "../test/support/seeded.ts";
import { sharedJson } from "../test/support/shared.ts";

const [tree = "", machine = "", out = ""] = process.argv.slice(2);

/** What a relaxed multiply-add is in bytes: without it the sources use plain SIMD. */
const RELAXED_MADD = [0xfd, 0x85, 0x02];
const validate = WebAssembly.validate.bind(WebAssembly);
if (machine === "plain") {
  WebAssembly.validate = (source) => !hasRelaxed(source) && validate(source);
}

function hasRelaxed(source: BufferSource): boolean {
  const bytes = source instanceof ArrayBuffer ? new Uint8Array(source) : new Uint8Array(source.buffer);
  return bytes.some((_, i) => RELAXED_MADD.every((byte, j) => bytes[i + j] === byte));
}

/** Files say when they were written. */
mock.timers.enable({ apis: ["Date"], now: 0 });

const recorded: Record<string, string> = {};
let part = "";

/** The generated code is recorded too: where it is the same, so is the speed. */
const compile = WebAssembly.compile.bind(WebAssembly);
const code = new Map<string, string[]>();
WebAssembly.compile = async (source: BufferSource): Promise<WebAssembly.Module> => {
  code.set(part, [...(code.get(part) ?? []), hash(source)]);
  return await compile(source);
};

function hash(source: ArrayBufferView | ArrayBuffer): string {
  const bytes = ArrayBuffer.isView(source)
    ? new Uint8Array(source.buffer, source.byteOffset, source.byteLength)
    : new Uint8Array(source);
  return createHash("sha256").update(bytes).digest("hex").slice(0, 24);
}

const load = async <T>(path: string): Promise<T> => (await import(pathToFileURL(join(tree, "src", path)).href)) as T;
/** Everything has one name, whichever face of the package it is in; older trees have one face. */
const face = Object.assign(
  {},
  ...(await Promise.all(
    ["index.ts", "public/layers.ts", "public/training.ts"]
      .filter((path) => existsSync(join(tree, "src", path)))
      .map((path) => load(path)),
  )),
) as typeof Face & typeof LayersFace & typeof TrainingFace & Classes;
if (machine === "wide" && !face.enableWideSimd()) console.log("wide: no 256-bit vectors here, as relaxed");

function input(name: string, shape: readonly number[]): Face.Tensor<Float32Array> {
  return new face.Tensor(shape, seededInput(name, shape).data);
}

async function recordForward(one: ForwardCase): Promise<void> {
  for (const threads of [1, 2]) {
    part = `code/forward/${one.name}/${threads}`;
    face.clearSession();
    const model = await face.MobileNetV2({ ...optionsOf(one), threads });
    seedWeights(model, one.seed);
    const y = await model.predict(input(one.seed, one.input_shape_with_batch));
    recorded[`forward/${one.name}/${threads}`] = hash(y.data);
    model.dispose();
  }
}

async function small(name: string, threads = 1): Promise<Face.Model> {
  face.clearSession();
  const model = await face.MobileNetV2({ alpha: 0.35, inputShape: [96, 96, 3], classes: 7, weights: null, threads });
  seedWeights(model, name);
  return model;
}

async function recordIntegers(): Promise<void> {
  const calibration = input("calibration", [6, 96, 96, 3]);
  for (const threads of [1, 2]) {
    for (const mode of machine === "plain" ? (["i16"] as const) : ([undefined, "i16"] as const)) {
      for (const ranges of ["mse", "minMax"] as const) {
        const name = `${mode ?? "best"}/${ranges}/${threads}`;
        part = `code/integers/${name}`;
        const model = await small("integers", threads);
        const quantized = await face.quantize(model, calibration, { mode, ranges });
        recorded[`integers/${name}`] = hash((await quantized.predict(input("scores", [3, 96, 96, 3]))).data);
        if (threads === 1 && mode === "i16") {
          await recordFiles(`integers/${ranges}`, [".safetensors", ".onnx"], (path) => quantized.save(path));
        }
        quantized.dispose();
        model.dispose();
      }
    }
  }
}

interface TrainingCase extends FineTuning {
  readonly name: string;
  readonly labels: readonly number[];
  readonly optimizer: KerasOptimizer;
}

async function recordTraining(one: TrainingCase): Promise<void> {
  const { name, seed, labels, optimizer } = one;
  for (const threads of [1, 2]) {
    part = `code/training/${name}/${threads}`;
    face.clearSession();
    const model = await fineTunedModel({ ...one, threads }, face);
    model.compile({
      optimizer: optimizerOf(optimizer, face),
      loss: "sparse_categorical_crossentropy",
      metrics: ["accuracy"],
    });
    const x = input(seed, [8, 64, 64, 3]);
    const losses: number[] = [];
    for (let step = 0; step < 4; step++) losses.push((await model.trainOnBatch(x, labels))["loss"] ?? NaN);
    losses.push((await model.evaluate(x, labels, { verbose: 0 }))["loss"] ?? NaN);
    recorded[`training/${name}/${threads}/losses`] = hash(Float64Array.from(losses));
    const weights = model.layers.flatMap((layer) => layer.weights.map((weight) => hash(weight.values)));
    recorded[`training/${name}/${threads}/weights`] = hash(new TextEncoder().encode(weights.join(" ")));
    if (threads === 1) {
      await recordFiles(`training/${name}`, [".keras", ".h5"], (path) => model.save(path));
    }
    model.dispose();
  }
}

/** Every file that is written for each ending. */
async function recordFiles(
  name: string,
  endings: readonly string[],
  save: (path: string, ending: string) => Promise<void>,
): Promise<void> {
  for (const ending of endings) {
    const folder = mkdtempSync(join(tmpdir(), "same-bits-files-"));
    try {
      await save(join(folder, `model${ending.startsWith(".") ? ending : ""}`), ending);
      for (const file of readdirSync(folder, { recursive: true, encoding: "utf8", withFileTypes: true })) {
        if (!file.isFile()) continue;
        const path = join(file.parentPath, file.name);
        recorded[`files/${name}/${ending}${path.slice(folder.length)}`] = hash(readFileSync(path));
      }
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  }
}

async function recordFormats(): Promise<void> {
  const model = await small("formats");
  model.classNames = ["a", "b", "c", "d", "e", "f", "g"];
  const formats = ["legacy-weights", "tfjs-layers", "torchvision", "timm", "huggingface"];
  await recordFiles("whole", [".keras", ".h5", ".safetensors", ".onnx"], (path) => model.save(path));
  await recordFiles("as", formats, (path, format) => model.save(path, { format }));
  model.preprocessing = { scale: 1 / 127, offset: -1 };
  await recordFiles("as", ["teachable-machine"], (path, format) => model.save(path, { format }));
  await recordFiles("weights", [".weights.h5"], (path) => model.saveWeights(path));
  model.dispose();
}

for (const one of sharedJson<{ readonly cases: readonly ForwardCase[] }>("reference/forward.json").cases) {
  await recordForward(one);
}
await recordIntegers();
for (const one of sharedJson<readonly TrainingCase[]>("reference/training.json")) await recordTraining(one);
part = "code/files";
if (machine === "plain") await recordFormats();
for (const [name, hashes] of code) recorded[name] = hashes.toSorted().join(" ");
writeFileSync(out, JSON.stringify(recorded));
process.exit(0);

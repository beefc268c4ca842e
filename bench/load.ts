/**
 * Times how long MobileNetV2 1.0_224 takes from a file to its tensors, and to a model, in each format: the first time in a process, and
 * the median of later ones; from the sources, and built: node --conditions=@mobilenet-v2/source bench/load.ts [--runs N]
 */
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { MobileNetV2 } from "mobilenet-v2";

const { values } = parseArgs({ options: { runs: { type: "string", default: "15" } } });
/** Processes for the first time in one. */
const STARTS = 5;
const SOURCES = "--conditions=@mobilenet-v2/source";
const child = fileURLToPath(new URL("load-child.ts", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "mobilenet-v2-load-"));

/** Formats as `save` takes them, and the name of the file. */
const FORMATS: readonly (readonly [format: string, file: string])[] = [
  ["safetensors", "m.safetensors"],
  ["keras", "m.keras"],
  ["h5", "m.h5"],
  ["tfjs-layers", "web"],
  ["torchvision", "tv.safetensors"],
  ["onnx", "m.onnx"],
];
/** Without a model: only their tensors are read. */
const WEIGHTS: readonly (readonly [format: string, file: string])[] = [
  ["legacy-weights", "w.h5"],
  ["weights.h5", "m.weights.h5"],
];

function times(flags: readonly string[], file: string, what: string, runs: number): readonly number[] {
  const args = [...flags, child, join(folder, file), String(runs), what];
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { encoding: "utf8" });
  if (status !== 0) throw new Error(`${args.join(" ")} ended with ${status}: ${stderr}`);
  const parsed: unknown = JSON.parse(stdout);
  return Array.isArray(parsed) ? parsed.map(Number) : [];
}

function median(numbers: readonly number[]): number {
  return numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? Number.NaN;
}

function row(flags: readonly string[], file: string, what: string): string {
  const first = median(Array.from({ length: STARTS }, () => times(flags, file, what, 1)[0] ?? Number.NaN));
  // Engines run optimized code only after a while.
  const later = median(times(flags, file, what, Number(values.runs) + 5).slice(5));
  return [first, later].map((time) => time.toFixed(0).padStart(8)).join("");
}

try {
  const model = await MobileNetV2({ weights: null });
  for (const [format, file] of FORMATS) await model.save(join(folder, file), { format });
  for (const [format, file] of WEIGHTS) await model.saveWeights(join(folder, file), { format });
  const isBuilt = existsSync(new URL("../dist/index.js", import.meta.url));
  for (const [name, flags] of [["sources", [SOURCES]], ...(isBuilt ? [["built", []] as const] : [])] as const) {
    console.log(`${name}, milliseconds`.padEnd(24) + "to tensors: first   later   to a model: first   later");
    for (const [format, file] of [...FORMATS, ...WEIGHTS]) {
      const hasModel = FORMATS.some(([one]) => one === format);
      console.log(
        `  ${format}`.padEnd(33) +
          row(flags, file, "tensors") +
          (hasModel ? " ".repeat(12) + row(flags, file, "model") : ""),
      );
    }
  }
} finally {
  rmSync(folder, { recursive: true });
}

/** The folder beside the output in which `train` keeps what it needs to go on after an interruption. */
import { mkdir, readdir, rm } from "node:fs/promises";
import { basename, dirname, extname, join, resolve } from "node:path";
import { readBytes, writeBytes } from "#platform";
import { MobileNetV2Error, messageOf, valueError } from "../../core/errors.ts";
import { fnv1a32 } from "../../core/random.ts";
import { systemPath } from "../../platform/node/byte-names.ts";
import { isFolder, makeFolders } from "../../platform/node/files.ts";
import { deliver, removeEmpty } from "../../platform/node/outputs.ts";
import { writerOf } from "../../saving/writer-of.ts";
import { hasPhaseBackups } from "../../training/loop/phases.ts";
import type { TrainSettings } from "./settings.ts";

/** What a training was begun with. */
export interface TrainPlan {
  readonly version: 2;
  readonly settings: TrainSettings;
  /** What tells the pictures from others: names, classes and sizes. */
  readonly pictures: string;
}

/** Formats of one file with the whole model and the names of its classes. */
const FORMATS: ReadonlySet<string> = new Set(["keras", "h5", "safetensors"]);

/** Where the files go. */
export interface TrainTarget {
  readonly output: string;
  readonly labels: string;
  readonly report: string;
  /** The folder that an interrupted training leaves. */
  readonly folder: string;
}

/** The files of an output. @throws ValueError for an ending that is none of ours; IOError if no file can be written there. */
export async function targetOf(output: string): Promise<TrainTarget> {
  if (!FORMATS.has(writerOf(output, undefined).id)) {
    throw valueError(
      `A training is written as .keras, .h5 or .safetensors. Received: ${output}. Convert it afterwards: mobilenet-v2 convert`,
    );
  }
  const stem = output.slice(0, output.length - extname(output).length);
  const target = { output, labels: `${stem}.labels.txt`, report: `${stem}.html`, folder: `${output}.training` };
  for (const path of [target.output, target.labels, target.report]) {
    // oxlint-disable-next-line no-await-in-loop -- three
    if (await isFolder(path)) throw new MobileNetV2Error("IOError", `${path} would be written, but it is a folder.`);
  }
  return target;
}

/** The name of the model: that of the file without its ending and with no letters that a model cannot have. */
export function stemOf(output: string): string {
  return basename(output, extname(output)).replaceAll(/[^\w.-]/g, "_");
}

const PLAN = "plan.json";

export class TrainFolder {
  readonly path: string;

  /** The outermost of the folders around it that were made for it. */
  readonly #outermost: string | undefined;

  private constructor(path: string, outermost?: string) {
    this.path = path;
    this.#outermost = outermost;
  }

  /** The plan of an interrupted training; undefined if there is none that has learned anything. */
  static async interrupted(path: string): Promise<TrainPlan | undefined> {
    if (!(await isFolder(path)) || !(await hasPhaseBackups(path))) return undefined;
    const broken = (): MobileNetV2Error =>
      new MobileNetV2Error(
        "FormatError",
        `${join(path, PLAN)} is not what a training leaves. Begin anew with --restart.`,
      );
    let plan: unknown;
    try {
      plan = JSON.parse(new TextDecoder().decode(await readBytes(join(path, PLAN))));
    } catch (error) {
      throw new MobileNetV2Error(broken().code, broken().message, { cause: error });
    }
    if (!isPlan(plan) || plan.checksum !== checksumOf(plan)) throw broken();
    return plan;
  }

  /** The folder of a training to take up again. */
  static existing(path: string): TrainFolder {
    return new TrainFolder(path);
  }

  /** An empty folder for a new training. @throws IOError if nothing can be written there. */
  static async create(path: string, plan: TrainPlan): Promise<TrainFolder> {
    const home = dirname(resolve(path));
    let outermost: string | undefined;
    try {
      await removeOwn(path);
      outermost = await makeFolders(home);
      await mkdir(systemPath(path));
    } catch (error) {
      if (error instanceof MobileNetV2Error) throw error;
      const [reason] = messageOf(error).split(",", 1);
      throw new MobileNetV2Error("IOError", `Nothing can be written to ${home}: ${reason}.`, {
        cause: error,
      });
    }
    await writeBytes(
      join(path, PLAN),
      new TextEncoder().encode(`${JSON.stringify({ ...plan, checksum: checksumOf(plan) }, null, 2)}\n`),
    );
    return new TrainFolder(path, outermost);
  }

  /** Removes it, and the folders that were made around it if there is nothing in them. */
  async remove(): Promise<void> {
    await removeOwn(this.path);
    if (this.#outermost !== undefined) await removeEmpty(dirname(resolve(this.path)), this.#outermost);
  }

  /** Lets `make` write files into the folder, by the name of each; then moves them to their places, in this order, and removes the folder. */
  async deliver(targets: readonly string[], make: (place: (target: string) => string) => Promise<void>): Promise<void> {
    const place = (target: string): string => join(this.path, basename(target));
    await make(place);
    await deliver(targets.map((target) => ({ path: target, content: { file: place(target) } })));
    await this.remove();
  }
}

/** Removes a folder that a training has made, or an empty one. @throws IOError for any other, which belongs to somebody. */
async function removeOwn(path: string): Promise<void> {
  const names = await readdir(systemPath(path)).catch((error: unknown) => {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return [];
    throw error;
  });
  if (names.length > 0 && !names.some((name) => name === PLAN || name.startsWith(`.${PLAN}`))) {
    throw new MobileNetV2Error(
      "IOError",
      `${path} is there, and no training has made it. Move it away, or choose another output.`,
    );
  }
  await rm(systemPath(path), { recursive: true, force: true });
}

function checksumOf({ version, settings, pictures }: TrainPlan): number {
  return fnv1a32(JSON.stringify([version, settings, pictures]));
}

function isPlan(plan: unknown): plan is TrainPlan & { readonly checksum: number } {
  return (
    typeof plan === "object" &&
    plan !== null &&
    "checksum" in plan &&
    typeof plan.checksum === "number" &&
    "version" in plan &&
    plan.version === 2 &&
    "pictures" in plan &&
    typeof plan.pictures === "string" &&
    "settings" in plan &&
    typeof plan.settings === "object" &&
    plan.settings !== null
  );
}

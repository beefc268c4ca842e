/** The command `train`: a MobileNetV2 for the user's own pictures, by a schedule that suits most; it can be interrupted and taken up again. */
import { MobileNetV2Error, valueError } from "../../core/errors.ts";
import { identityOf } from "../../platform/node/files.ts";
import { checkTransferSettings } from "../../tasks/transfer/settings.ts";
import { requireApart } from "../files/apart.ts";
import { WAY_ON } from "../../training/loop/state.ts";
import { printable } from "../terminal/format.ts";
import { interruptible } from "../terminal/interruption.ts";
import { optionName } from "../terminal/options-in-errors.ts";
import { styleFor } from "../terminal/style.ts";
import { type TrainPlan, type TrainTarget, TrainFolder, targetOf } from "./folder.ts";
import { findPictures, fingerprintOf } from "./pictures.ts";
import { trainingJson, trainingText } from "./report.ts";
import { SETTINGS, type TrainSettings, transferSettings } from "./settings.ts";
import { type RunOptions, runTraining } from "./training.ts";

export interface TrainOptions extends TrainSettings, RunOptions {
  readonly output: string;
  readonly resume?: boolean;
  readonly restart?: boolean;
  readonly json?: boolean;
}

export async function train(folder: string, options: TrainOptions): Promise<void> {
  const started = performance.now();
  const target = await targetOf(options.output);
  const interrupted = options.restart === true ? undefined : await TrainFolder.interrupted(target.folder);
  if (interrupted === undefined && options.resume === true && (await identityOf(target.output)) !== undefined) {
    process.stderr.write(`There is nothing to resume: ${printable(target.output)} is done.\n`);
    return;
  }
  const isResumed = interrupted !== undefined;
  if (isResumed && options.resume !== true) {
    throw new MobileNetV2Error(
      "StateError",
      `A training of ${target.output} was interrupted; what it has learned is in ${target.folder}. Go on with --resume, or begin anew with --restart.`,
    );
  }
  const settings = isResumed ? resumedSettings(interrupted, options) : settingsOf(options);
  checkTransferSettings(transferSettings(settings));
  const found = await findPictures(folder);
  await requireApart([target.output, target.labels, target.report], [options.weights, ...found.paths]);
  const plan: TrainPlan = { version: 2, settings, pictures: await fingerprintOf(found) };
  if (isResumed && plan.pictures !== interrupted.pictures) {
    throw new MobileNetV2Error(
      "StateError",
      `The pictures in ${found.folder} are not those that the interrupted training has seen. Begin anew with --restart.`,
    );
  }
  const place = isResumed ? TrainFolder.existing(target.folder) : await TrainFolder.create(target.folder, plan);
  let isWritten = false;
  try {
    const training = await interruptible(async ({ signal }) => {
      const done = await runTraining({ target, place, settings, options, found, signal, isResumed, started });
      isWritten = true;
      return done;
    });
    const text = options.json === true ? trainingJson(training) : trainingText(training, styleFor(process.stdout));
    process.stdout.write(`${text}\n`);
  } catch (error) {
    if (!isWritten) throw await afterwards(error, place, target);
    if (error instanceof Error && error.name === "Interrupted") error.message += `, when ${target.output} was written`;
    throw error;
  }
}

/** Says what was learned, which is kept; if nothing was, nothing is left behind. */
async function afterwards(failure: unknown, place: TrainFolder, { folder }: TrainTarget): Promise<unknown> {
  if (failure instanceof MobileNetV2Error && failure.message.endsWith(WAY_ON)) {
    failure.message = failure.message.replace(WAY_ON, "Begin anew with --restart.");
    return failure;
  }
  const kept = await TrainFolder.interrupted(folder);
  if (kept === undefined) await place.remove();
  const isInterrupted = failure instanceof Error && failure.name === "Interrupted";
  if (!isInterrupted && !(failure instanceof MobileNetV2Error)) return failure;
  const after =
    kept === undefined
      ? isInterrupted
        ? " before anything was learned"
        : ""
      : `${isInterrupted ? "." : ""} What was learned is in ${folder}: go on with the same command and --resume.`;
  failure.message += after;
  return failure;
}

function settingsOf(options: TrainOptions): TrainSettings {
  return Object.fromEntries(SETTINGS.flatMap((name) => (options[name] === undefined ? [] : [[name, options[name]]])));
}

/** A setting as it is typed; two numbers, of which pixels are scaled, have a comma between. */
function asTyped(value: TrainSettings[keyof TrainSettings]): string | undefined {
  return typeof value === "object" ? `${String(value.scale)},${String(value.offset)}` : value?.toString();
}

/** The settings that a training was begun with. @throws ValueError if the command says otherwise. */
function resumedSettings({ settings }: TrainPlan, options: TrainOptions): TrainSettings {
  for (const name of SETTINGS) {
    const [given, before] = [asTyped(options[name]), asTyped(settings[name])];
    if (given === undefined || given === before) continue;
    const option = optionName(name);
    throw valueError(
      `The interrupted training was begun ${before === undefined ? `without ${option}` : `with ${option} ${before}`}: ` +
        "leave it as it was (without any options it is), or begin anew with --restart.",
    );
  }
  return settings;
}

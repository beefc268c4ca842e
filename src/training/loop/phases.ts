/** A training in phases, such as a new head and then fine-tuning, that can be interrupted anywhere and resumed as one. */
import { removeFile, writeFiles } from "#platform";
import { MobileNetV2Error } from "../../core/errors.ts";
import { MODEL } from "../../graph/network.ts";
import { FUNCTION, LIMIT, SIGNAL, TEXT, check, listOf } from "../../core/kinds.ts";
import { checkOptions } from "../../core/options.ts";
import { bytesIfThere } from "./bytes-if-there.ts";
import type { Callback } from "../callbacks/callback.ts";
import type { History } from "../callbacks/history.ts";
import { type TrainedModel, assignWeights, copyWeights } from "./model.ts";
import { TimedBackup } from "../callbacks/timed-backup.ts";
import { arraysIn, encodeState, numbersIn, recordIn, stateFrom } from "./state.ts";

/** The loss and the metrics by name, with one value for each epoch that has it. */
export type Logged = Readonly<Record<string, readonly number[]>>;

/** One phase of a training. */
export interface TrainingPhase {
  /** The name of the phase, stored with its backup. */
  readonly name: string;
  /**
   * Freezes or unfreezes layers, compiles the model and calls `fit` with `backup` among the callbacks, and returns the history. Starting from
   * the same weights, it must end with the same weights: give `fit` a seed.
   */
  readonly run: (backup: Callback) => Promise<History>;
  /**
   * Decides whether the model keeps the weights of this phase; if not, it gets back those from before. It takes this phase's logs and the
   * results of the phases before. Default: weights are always kept.
   */
  readonly keeps?: ((logged: Logged, before: readonly PhaseResult[]) => boolean) | undefined;
}

/** The result of a phase. */
export interface PhaseResult {
  /** The name of the phase. */
  readonly name: string;
  /** The loss and the metrics of its epochs. */
  readonly logged: Logged;
  /** Whether the model kept the weights of the phase. */
  readonly kept: boolean;
}

/** The options of `fitInPhases`. */
export interface PhasesOptions {
  /** A folder for the backups, made if it does not exist. It is not removed: remove it once the training need not be resumed. */
  readonly folder: string;
  /** The least time between two backups, in milliseconds. Default: 5000. */
  readonly interval?: number | undefined;
  /** A signal that, once aborted, has a backup made after the current step and ends the training. Give the same signal to each `fit`. */
  readonly signal?: AbortSignal | undefined;
  /** Called when a phase starts or resumes, but not for phases that ended in an earlier run. */
  readonly onPhase?: ((phase: TrainingPhase) => void) | undefined;
}

const PHASES = listOf("a list of phases { name, run }", [
  "",
  (phase) => phase instanceof Object && typeof Reflect.get(phase, "run") === "function",
]);

/**
 * Trains a model in phases, one after the other. If the folder has backups of an interrupted run with the same arguments, the training resumes
 * from them, and ends with the same weights as without the interruption, to the bit.
 *
 * @returns the result of each phase
 * @throws StateError or FormatError if the backups are of another training; IOError if they cannot be written
 */
export async function fitInPhases(
  model: TrainedModel,
  phases: readonly TrainingPhase[],
  options: PhasesOptions,
): Promise<readonly PhaseResult[]> {
  checkOptions("fitInPhases()", options, { folder: TEXT, interval: LIMIT, signal: SIGNAL, onPhase: FUNCTION });
  const { folder, interval, signal, onPhase } = options;
  check("fitInPhases()", "model", model, MODEL);
  check("fitInPhases()", "phases", phases, PHASES);
  check("fitInPhases()", "folder", folder, TEXT);
  const results: PhaseResult[] = [];
  for (const [i, phase] of phases.entries()) {
    const place = `${folder}/phase-${i + 1}`;
    const ended = await bytesIfThere(`${place}/end.state`);
    if (ended !== undefined) {
      results.push(resume(model, phase, ended, `${place}/end.state`));
      continue;
    }
    onPhase?.(phase);
    const before = phase.keeps && copyWeights(model);
    const { history } = await phase.run(new TimedBackup(place, { interval, signal }));
    signal?.throwIfAborted();
    const kept = phase.keeps?.(history, results) ?? true;
    if (!kept && before !== undefined) assignWeights(model, before);
    results.push({ name: phase.name, logged: history, kept });
    const state = encodeState({ name: phase.name, kept, logged: history, weights: copyWeights(model) });
    await writeFiles([{ path: `${place}/end.state`, bytes: state }]);
    await removeFile(`${place}/latest.state`);
  }
  return results;
}

/** Whether a folder has backups that `fitInPhases` would resume from. */
export async function hasPhaseBackups(folder: string): Promise<boolean> {
  for (const name of ["latest.state", "end.state"]) {
    if ((await bytesIfThere(`${folder}/phase-1/${name}`)) !== undefined) return true;
  }
  return false;
}

/** Restores the weights from the end of a phase, and returns its result. */
function resume(model: TrainedModel, { name }: TrainingPhase, bytes: Uint8Array, place: string): PhaseResult {
  const state = stateFrom(bytes, place);
  const logged = recordIn(state, "logged");
  const weights = arraysIn(state, "weights");
  if (state["name"] !== name || weights.some(({ length }, i) => length !== model.weights[i]?.size)) {
    throw new MobileNetV2Error(
      "StateError",
      `The state of the phase "${name}" is of another training. Train with the same arguments, or remove it.`,
    );
  }
  assignWeights(model, weights);
  return {
    name,
    logged: Object.fromEntries(Object.keys(logged).map((key) => [key, numbersIn(logged, key)])),
    kept: state["kept"] === true,
  };
}

/** Several trainings of one model, one after the other, that can be interrupted anywhere and taken up again as one. */
import { makeFolder, removeFile, writeBytes } from "#platform";
import { MobileNetV2Error } from "../../core/errors.ts";
import { checkOptions } from "../../core/options.ts";
import { bytesIfThere } from "./bytes-if-there.ts";
import type { Callback } from "../callbacks/callback.ts";
import type { History } from "../callbacks/history.ts";
import { type TrainedModel, assignWeights, copyWeights } from "./model.ts";
import { TimedBackup } from "../callbacks/timed-backup.ts";
import { arraysIn, decodeState, encodeState, numbersIn, recordIn } from "./state.ts";

/** What was logged: for each name its values, one an epoch. */
export type Logged = Readonly<Record<string, readonly number[]>>;

export interface TrainingPhase {
  readonly name: string;
  /** Freezes, compiles and fits, with this callback among others. The same weights before, the same weights after. */
  readonly run: (backup: Callback) => Promise<History>;
  /** Whether the model keeps what it has learned; else it gets back the weights it had before the phase. Default: always. */
  readonly keeps?: ((logged: Logged, before: readonly PhaseResult[]) => boolean) | undefined;
}

export interface PhaseResult {
  readonly name: string;
  readonly logged: Logged;
  /** Whether what was learned was kept. */
  readonly kept: boolean;
}

export interface PhasesOptions {
  /** A folder for the states. It stays: remove it when nothing is to be taken up again. */
  readonly folder: string;
  /** How often the state is kept, in milliseconds. Default: 5000. */
  readonly interval?: number | undefined;
  /** Ends the training after the step that is being made, whose state is kept. The phases are to end with it too. */
  readonly signal?: AbortSignal | undefined;
  /** Is told which phase begins, and whether it goes on. */
  readonly onPhase?: ((phase: TrainingPhase) => void) | undefined;
}

/**
 * Runs phases. Where there are states in the folder, those of an interrupted run with the same arguments, it goes on there; the weights in
 * the end are the same, to the bit.
 *
 * @throws StateError, FormatError where the states are of another training; IOError where they cannot be written.
 */
export async function fitInPhases(
  model: TrainedModel,
  phases: readonly TrainingPhase[],
  options: PhasesOptions,
): Promise<readonly PhaseResult[]> {
  checkOptions("fitInPhases()", options, { folder: true, interval: true, signal: true, onPhase: true });
  const { folder, interval, signal, onPhase } = options;
  const results: PhaseResult[] = [];
  for (const [i, phase] of phases.entries()) {
    const place = `${folder}/phase-${i + 1}`;
    const ended = await bytesIfThere(`${place}/end.state`);
    if (ended !== undefined) {
      results.push(resume(model, phase, ended));
      continue;
    }
    onPhase?.(phase);
    const before = phase.keeps && copyWeights(model);
    const { history } = await phase.run(new TimedBackup(place, { interval, signal }));
    signal?.throwIfAborted();
    const kept = phase.keeps?.(history, results) ?? true;
    if (!kept && before !== undefined) assignWeights(model, before);
    results.push({ name: phase.name, logged: history, kept });
    await makeFolder(place);
    await writeBytes(
      `${place}/end.state`,
      encodeState({ name: phase.name, kept, logged: history, weights: copyWeights(model) }),
    );
    await removeFile(`${place}/latest.state`);
  }
  return results;
}

/** Whether there is anything in the folder to go on from. */
export async function hasPhases(folder: string): Promise<boolean> {
  for (const name of ["latest.state", "end.state"]) {
    if ((await bytesIfThere(`${folder}/phase-1/${name}`)) !== undefined) return true;
  }
  return false;
}

/** What a phase has come to. */
function resume(model: TrainedModel, { name }: TrainingPhase, bytes: Uint8Array): PhaseResult {
  const state = decodeState(bytes);
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

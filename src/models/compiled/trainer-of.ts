/** The trainer of a model, made from the options of `compile` or from the training configuration in its file. */
import { MobileNetV2Error, messageOf } from "../../core/errors.ts";
import type { Weight } from "../../layers/weight.ts";
import type { StoredTraining } from "../../saving/checkpoint.ts";
import type { CompileOptions } from "../../training/loop/fit-options.ts";
import type { TrainedModel } from "../../training/loop/model.ts";
import { Trainer } from "../../training/loop/trainer.ts";

/** The training configuration in a file, and the weights that its optimizer is for. */
export interface FromFile {
  readonly training: StoredTraining;
  readonly weights: readonly Weight[];
}

/** Makes the trainer. @throws ValueError for an unknown optimizer, or the error because of which a file's configuration is rejected. */
export async function trainerOf(model: TrainedModel, setup: CompileOptions | FromFile): Promise<Trainer> {
  if (!("training" in setup)) return new Trainer(model, setup);
  const { compileOptionsOf, takeVariables } = await import("./training-from-file.ts");
  try {
    const trainer = new Trainer(model, compileOptionsOf(setup.training.config));
    trainer.buildOptimizer(setup);
    takeVariables(trainer.optimizer, setup.training.variables);
    return trainer;
  } catch (error) {
    throw new MobileNetV2Error(
      error instanceof MobileNetV2Error ? error.code : "FormatError",
      `The model cannot be trained as its file says: ${messageOf(error)} Call \`compile()\` before using the model.`,
      { cause: error },
    );
  }
}

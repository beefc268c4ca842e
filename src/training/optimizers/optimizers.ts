/** Optimizers by their names (keras.optimizers.get). */
import { unknownIdentifier } from "../../core/identifiers.ts";
import { Adam, AdamW } from "./adam.ts";
import { Optimizer } from "./optimizer.ts";
import { RMSprop } from "./rmsprop.ts";
import { SGD } from "./sgd.ts";

/** An optimizer, or the name of one with Keras's defaults. */
export type OptimizerIdentifier = Optimizer | "sgd" | "rmsprop" | "adam" | "adamw" | (string & {});

/** The optimizer of an identifier. @throws ValueError for an unknown name. */
export function optimizerOf(identifier: OptimizerIdentifier): Optimizer {
  if (identifier instanceof Optimizer) return identifier;
  switch (typeof identifier === "string" ? identifier.toLowerCase() : undefined) {
    case "sgd":
      return new SGD();
    case "rmsprop":
      return new RMSprop();
    case "adam":
      return new Adam();
    case "adamw":
      return new AdamW();
    default:
      throw unknownIdentifier("optimizer", identifier, ["sgd", "rmsprop", "adam", "adamw"]);
  }
}

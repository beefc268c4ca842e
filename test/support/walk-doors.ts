/** Calls a door with every wrong value in place of every argument, and of every option that it knows. */
import { MobileNetV2Error } from "../../src/core/errors.ts";
import { type Door, doors } from "./doors.ts";
import { allExports } from "./faces.ts";
import { rightForNothing, wrongValues } from "./wrong-values.ts";

/** What came of a wrong call: `refused` by an error of the package, `taken`, or the complaint about another error. */
type Outcome = "refused" | "taken" | { readonly complaint: string };

interface Call {
  /** Where the door is, as in `Dataset.take`. */
  readonly where: string;
  readonly args: Door["args"] & object;
  readonly call: (args: readonly unknown[]) => unknown;
}

/** No call takes this long: one that does hangs. In milliseconds. */
const LONGEST = 20_000;

async function outcomeOf(call: () => unknown): Promise<Outcome & (string | { complaint: string; error?: unknown })> {
  const { promise: late, resolve } = Promise.withResolvers<"late">();
  const timer = setTimeout(() => resolve("late"), LONGEST);
  try {
    const result = await Promise.race([Promise.resolve(call()), late]);
    if (result === "late") return { complaint: "it hangs" };
    if (result instanceof Object && "dispose" in result && typeof result.dispose === "function") result.dispose();
    return "taken";
  } catch (error) {
    if (error instanceof MobileNetV2Error) return "refused";
    return { complaint: error instanceof Error ? `${error.name}: ${error.message}` : String(error) };
  } finally {
    clearTimeout(timer);
  }
}

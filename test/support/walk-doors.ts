/** Calls a door with wrong values in place of each argument, and of each option that it knows. */
import { type Door, doors } from "./doors.ts";
import { allExports } from "./faces.ts";
import { QUICK, RIGHT_FOR_NOTHING, wrongValues } from "./wrong-values.ts";
import { MobileNetV2Error } from "../../src/core/errors.ts";

type Arguments = readonly unknown[];

/** A function, a constructor or a method, as something to call. */
export interface Callable {
  /** Its name, as in `Dataset.take`. */
  readonly name: string;
  readonly door: Door;
  readonly args: () => Arguments | Promise<Arguments>;
  readonly call: (args: Arguments) => unknown;
}

/** What is wrong with a door. */
export interface Complaint {
  /** The argument, or the option of an argument, as in `Dataset.take(0)` or `loadImg(1.colorMode)`. */
  readonly place: string;
  /** The wrong value. */
  readonly value: string;
  readonly problem: string;
}

/** A call that lasts this long, in milliseconds, hangs. */
const LONGEST = 20_000;

/** Everything of an export that can be called; the hooks of a base class are called with those that extend it. */
export function callablesOf(name: string): readonly Callable[] {
  const exported = allExports[name];
  const door = doors[name];
  if (door === undefined || typeof exported !== "function") return [];
  const { args, made, methods = {} } = door;
  const isClass = /^class\b/.test(String(exported));
  const itself: readonly Callable[] =
    args === null
      ? []
      : [
          {
            name,
            door,
            args,
            call: (given) => (isClass ? Reflect.construct(exported, given) : Reflect.apply(exported, undefined, given)),
          },
        ];
  const instance = async (): Promise<object> => {
    const given: unknown = made === undefined ? Reflect.construct(exported, (await args?.()) ?? []) : await made();
    return Object(given);
  };
  const own = Object.entries(methods).map(([method, right]): Callable => ({
    name: `${name}.${method}`,
    door,
    args: right,
    async call(given) {
      const target = await instance();
      return Reflect.apply(Reflect.get(target, method), target, given);
    },
  }));
  return [...itself, ...own];
}

/** Why a call neither succeeded nor was refused by an error of the package; undefined if it did or was. */
async function problemOf(call: () => unknown): Promise<string | MobileNetV2Error | undefined> {
  const late = Promise.withResolvers<string>();
  const timer = setTimeout(() => late.resolve("it hangs"), LONGEST);
  try {
    const done = async (): Promise<string | undefined> => {
      const result = await call();
      if (result instanceof Object && "dispose" in result && typeof result.dispose === "function") result.dispose();
      return undefined;
    };
    return await Promise.race([done(), late.promise]);
  } catch (error) {
    if (error instanceof MobileNetV2Error) return error;
    return error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  } finally {
    clearTimeout(timer);
  }
}

/** The options that an argument has, by the error about one that there is not; undefined if it is none that is checked so. */
async function optionsOf({ args, call }: Callable, index: number): Promise<readonly string[] | undefined> {
  const right = await args();
  const problem = await problemOf(() => call(right.with(index, { ...Object(right[index]), zzzz: 1 })));
  if (!(problem instanceof MobileNetV2Error)) return undefined;
  const [, list] = /^Unknown option `zzzz` of .+\. There are(?:: (.+)| none)\.$/.exec(problem.message) ?? [
    undefined,
    "",
  ];
  return problem.message.startsWith("Unknown option")
    ? (list ?? "").split(", ").filter((name) => name !== "")
    : undefined;
}

/**
 * Calls it with wrong values in every place: all of them; a few if it is to be quick; if the door is slow, only those that are right for nothing.
 * Every call succeeds or throws an error of the package; what is right for nothing is always refused.
 */
export async function complaintsAbout(callable: Callable, all: boolean): Promise<readonly Complaint[]> {
  const { name, args, call, door } = callable;
  const complaints: Complaint[] = [];
  const values = all ? Object.keys(wrongValues) : door.slow === true ? RIGHT_FOR_NOTHING : QUICK;
  const place = async (where: string, put: (right: Arguments, wrong: unknown) => Arguments): Promise<void> => {
    for (const value of values) {
      const make = wrongValues[value] ?? (() => undefined);
      const isNothing = RIGHT_FOR_NOTHING.includes(value);
      if (door.endless?.includes(where) === true && value === "2 ** 40") continue;
      const problem = await problemOf(async () => call(put(await args(), make())));
      if (typeof problem === "string") complaints.push({ place: `${name}(${where})`, value, problem });
      if (problem === undefined && isNothing && door.anything?.includes(where) !== true) {
        complaints.push({ place: `${name}(${where})`, value, problem: "it is taken in silence" });
      }
    }
  };
  const right = await args();
  for (const [index, value] of right.entries()) {
    await place(String(index), (given, wrong) => given.with(index, wrong));
    if (!isPlain(value)) continue;
    const known = await optionsOf(callable, index);
    if (
      known === undefined &&
      door.anything?.includes(String(index)) !== true &&
      index === right.length - 1 &&
      door.described !== true
    ) {
      complaints.push({ place: `${name}(${index})`, value: "{ zzzz: 1 }", problem: "an unknown option is taken" });
    }
    for (const option of known ?? []) {
      await place(`${index}.${option}`, (given, wrong) =>
        given.with(index, { ...Object(given[index]), [option]: wrong }),
      );
    }
  }
  return complaints;
}

function isPlain(value: unknown): boolean {
  return typeof value === "object" && value !== null && Object.getPrototypeOf(value) === Object.prototype;
}

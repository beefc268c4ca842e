/** What a TFLite graph does with an input before it computes anything: that says in which order it takes axes, and how pixels are scaled. */
import type { Dims } from "../../core/shape.ts";
import { type TfliteModel, type TfliteOperator, tensorAt } from "./model.ts";
import { operatorName } from "./operator-names.ts";

/** Operators that give their first input back in another order, or under another shape. */
const MOVING: readonly string[] = ["TRANSPOSE", "RESHAPE", "EXPAND_DIMS", "SQUEEZE"];

/** Operators that work on each value alone. */
const ALONE: readonly string[] = ["QUANTIZE", "DEQUANTIZE", "CAST", "MUL", "ADD", "SUB", "DIV", "PAD", "PADV2"];

/** From channels first to channels last. */
const TO_CHANNELS_LAST: Dims = [0, 2, 3, 1];

/** How many channels pictures have. */
const CHANNELS: readonly number[] = [1, 3, 4];

/** Whether pictures have their channels in front: whether every way from the input begins with moving them to the back. */
export function takesChannelsFirst(file: TfliteModel, input: number): boolean {
  const [, front = 0, , back = 0, ...more] = tensorAt(file, input).shape;
  if (back === 0 || more.length > 0 || (CHANNELS.includes(back) && !CHANNELS.includes(front))) return false;
  const reached = new Set([input]);
  let isMoved = false;
  for (const operator of file.operators) {
    if (!operator.inputs.some((index) => reached.has(index))) continue;
    const name = operatorName(operator.code, operator.customName);
    if (name === "TRANSPOSE" && orderOf(file, operator).join() === TO_CHANNELS_LAST.join()) isMoved = true;
    else if (ALONE.includes(name)) operator.outputs.forEach((index) => reached.add(index));
    else return false;
  }
  return isMoved;
}

function orderOf(file: TfliteModel, { inputs }: TfliteOperator): Dims {
  const { shape, stored } = tensorAt(file, inputs[1] ?? -1);
  return shape.join() === "4" ? [...(stored()?.read() ?? [])] : [];
}

/** The operator that alone takes an input, after those that only move its values; undefined if there are several. */
export function onlyReader(file: TfliteModel, input: number): TfliteOperator | undefined {
  const readers = new Map<number, TfliteOperator | undefined>();
  for (const operator of file.operators) {
    for (const index of new Set(operator.inputs)) readers.set(index, readers.has(index) ? undefined : operator);
  }
  let reader = readers.get(input);
  for (let i = 0; i < MAX_MOVES && reader !== undefined && isMoving(reader); i++) {
    reader = readers.get(reader.outputs[0] ?? -1);
  }
  return reader;
}

/** The most operators before the first that computes something: more than any converter leaves. */
const MAX_MOVES = 8;

function isMoving({ code, customName }: TfliteOperator): boolean {
  return MOVING.includes(operatorName(code, customName));
}

/** Typed expressions: trees that write their own instructions. TypeScript keeps an `Expr<"f32">` out of where a vector belongs. */
import type { Code } from "./code.ts";

export type ValueType = "i32" | "f32" | "v128";

/** The type's number in the binary format. */
export const TYPE_CODES: Readonly<Record<ValueType, number>> = { i32: 0x7f, f32: 0x7d, v128: 0x7b };

export class Expr<T extends ValueType> {
  readonly type: T;
  /** Writes the instructions that leave the value on the stack. */
  readonly emit: (code: Code) => void;

  constructor(type: T, emit: (code: Code) => void) {
    this.type = type;
    this.emit = emit;
  }
}

/** An expression of any type. */
export type AnyExpr = Expr<"i32"> | Expr<"f32"> | Expr<"v128">;

/** A parameter or local variable of a function; as an expression, its value. */
export class Local<T extends ValueType> extends Expr<T> {
  readonly index: number;

  constructor(type: T, index: number) {
    super(type, (code) => {
      code.byte(0x20);
      code.unsigned(index);
    });
    this.index = index;
  }
}

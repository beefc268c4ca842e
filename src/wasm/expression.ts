/** Typed expressions: trees that write their own instructions. TypeScript refuses an `Expr<"f32">` in place of a vector. */
import type { Code } from "./code.ts";

/** The types of WebAssembly values that the kernels use. */
export type ValueType = "i32" | "f32" | "v128";

/** The number of each type in the binary format. */
export const TYPE_CODES: Readonly<Record<ValueType, number>> = { i32: 0x7f, f32: 0x7d, v128: 0x7b };

/** An expression whose value has the type `T`. */
export class Expr<T extends ValueType> {
  readonly type: T;
  /** Writes the instructions that put the value on the stack. */
  readonly emit: (code: Code) => void;

  constructor(type: T, emit: (code: Code) => void) {
    this.type = type;
    this.emit = emit;
  }
}

/** An expression of any type. */
export type AnyExpr = Expr<"i32"> | Expr<"f32"> | Expr<"v128">;

/** A parameter or a local variable of a function; as an expression, it is its value. */
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

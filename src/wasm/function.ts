/** Writes the body of a function, statement by statement. */
import { Code } from "./code.ts";
import { type AnyExpr, Expr, Local, TYPE_CODES, type ValueType } from "./expression.ts";
import type { Store } from "./instructions.ts";

/** A function that can be called: one that is built here, or an imported one. */
export interface Callable {
  readonly name: string;
  readonly index: number;
  readonly parameters: readonly ValueType[];
}

const EMPTY_BLOCK = 0x40;

/** Builds a function without a result. */
export class FunctionBuilder implements Callable {
  readonly name: string;
  readonly index: number;
  readonly parameters: ValueType[] = [];
  readonly #locals: ValueType[] = [];
  readonly #code = new Code();

  constructor(name: string, index: number) {
    this.name = name;
    this.index = index;
  }

  /** Adds a parameter. All parameters come before the first local variable. */
  param<T extends ValueType>(type: T): Local<T> {
    if (this.#locals.length > 0) throw new Error(`${this.name}: a parameter after a local`);
    this.parameters.push(type);
    return new Local(type, this.parameters.length - 1);
  }

  /** Adds a local variable and sets it to `value`; without a value, it is 0. */
  local<T extends ValueType>(type: T, value?: Expr<T>): Local<T> {
    this.#locals.push(type);
    const local = new Local(type, this.parameters.length + this.#locals.length - 1);
    if (value !== undefined) this.set(local, value);
    return local;
  }

  /** Sets a local variable. */
  set<T extends ValueType>(local: Local<T>, value: Expr<T>): void {
    value.emit(this.#code);
    this.#code.byte(0x21);
    this.#code.unsigned(local.index);
  }

  /** Adds a constant or an expression to an address or a counter. */
  increase(local: Local<"i32">, by: number | Expr<"i32">): void {
    const code = this.#code;
    local.emit(code);
    if (by instanceof Expr) by.emit(code);
    else {
      code.byte(0x41);
      code.signed(by);
    }
    code.byte(0x6a, 0x21);
    code.unsigned(local.index);
  }

  /** Adds a statement that stores a value in memory. */
  store(statement: Store): void {
    statement.emit(this.#code);
  }

  /** Computes a value only for its effect. */
  drop(value: AnyExpr): void {
    value.emit(this.#code);
    this.#code.byte(0x1a);
  }

  /** Copies bytes. The two places may overlap. */
  copy(to: Expr<"i32">, from: Expr<"i32">, bytes: Expr<"i32">): void {
    for (const operand of [to, from, bytes]) operand.emit(this.#code);
    this.#code.byte(0xfc, 0x0a, 0, 0);
  }

  /** Sets bytes to `value`. Default: 0. */
  fill(to: Expr<"i32">, bytes: Expr<"i32">, value = 0): void {
    to.emit(this.#code);
    this.#code.byte(0x41);
    this.#code.signed(value);
    bytes.emit(this.#code);
    this.#code.byte(0xfc, 0x0b, 0);
  }

  /** Runs `body` once, and again as long as `condition` is not 0. */
  repeat(body: () => void, condition: Expr<"i32">): void {
    this.#code.byte(0x03, EMPTY_BLOCK);
    body();
    condition.emit(this.#code);
    this.#code.byte(0x0d, 0, 0x0b);
  }

  /** Runs `body` `count` times, where `count` is unsigned and may be 0. It ends at 0. */
  times(count: Local<"i32">, body: () => void): void {
    this.if(count, () => {
      this.#code.byte(0x03, EMPTY_BLOCK);
      body();
      this.increase(count, -1);
      count.emit(this.#code);
      this.#code.byte(0x0d, 0, 0x0b);
    });
  }

  /** Runs `whenTrue` if `condition` is not 0, else `whenFalse`. */
  if(condition: Expr<"i32">, whenTrue: () => void, whenFalse?: () => void): void {
    condition.emit(this.#code);
    this.#code.byte(0x04, EMPTY_BLOCK);
    whenTrue();
    if (whenFalse !== undefined) {
      this.#code.byte(0x05);
      whenFalse();
    }
    this.#code.byte(0x0b);
  }

  /**
   * Calls a function without a result.
   * @throws Error if the types of the arguments are not those of its parameters.
   */
  call(callee: Callable, args: readonly AnyExpr[]): void {
    const given = args.map(({ type }) => type);
    if (given.join() !== callee.parameters.join()) {
      throw new Error(`${callee.name}(${callee.parameters.join(", ")}) is called with (${given.join(", ")})`);
    }
    for (const arg of args) arg.emit(this.#code);
    this.#code.byte(0x10);
    this.#code.unsigned(callee.index);
  }

  /** Writes the function's entry in the code section. */
  write(section: Code): void {
    const entry = new Code();
    const runs: { type: ValueType; count: number }[] = [];
    for (const type of this.#locals) {
      const last = runs.at(-1);
      if (last?.type === type) last.count++;
      else runs.push({ type, count: 1 });
    }
    entry.vector(runs, ({ type, count }) => {
      entry.unsigned(count);
      entry.byte(TYPE_CODES[type]);
    });
    entry.append(this.#code.toBytes());
    entry.byte(0x0b);
    section.sized(entry);
  }
}

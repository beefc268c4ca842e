/** The instructions that the kernels use, named as in the specification: integers, floats, fixed-width and relaxed SIMD, atomics. */
import type { Code } from "./code.ts";
import { Expr, type ValueType } from "./expression.ts";

type I32 = Expr<"i32">;
type F32 = Expr<"f32">;
type V128 = Expr<"v128">;

const SIMD = 0xfd;
const ATOMIC = 0xfe;

function simd(code: Code, opcode: number): void {
  code.byte(SIMD);
  code.unsigned(opcode);
}

/** Opcodes of plain instructions are below 256; this number is added to those of SIMD instructions to tell them apart. */
const VECTOR = 0x10000;

function operate(code: Code, opcode: number): void {
  if (opcode < VECTOR) code.byte(opcode);
  else simd(code, opcode - VECTOR);
}

function unary<A extends ValueType, R extends ValueType>(_operand: A, result: R, opcode: number) {
  return (a: Expr<A>): Expr<R> =>
    new Expr(result, (code) => {
      a.emit(code);
      operate(code, opcode);
    });
}

function binary<A extends ValueType, R extends ValueType>(_operands: A, result: R, opcode: number) {
  return (a: Expr<A>, b: Expr<A>): Expr<R> =>
    new Expr(result, (code) => {
      a.emit(code);
      b.emit(code);
      operate(code, opcode);
    });
}

function ternary(opcode: number) {
  return (a: V128, b: V128, c: V128): V128 =>
    new Expr("v128", (code) => {
      for (const operand of [a, b, c]) operand.emit(code);
      operate(code, VECTOR + opcode);
    });
}

function shift(opcode: number) {
  return (a: V128, count: I32): V128 =>
    new Expr("v128", (code) => {
      a.emit(code);
      count.emit(code);
      simd(code, opcode);
    });
}

/** A load from `address + offset`. The alignment in the instruction is only a hint, and is always written as 1 byte. */
function load<R extends ValueType>(result: R, opcode: number) {
  return (address: I32, offset = 0): Expr<R> =>
    new Expr(result, (code) => {
      address.emit(code);
      operate(code, opcode);
      code.unsigned(0);
      code.unsigned(offset);
    });
}

/** A statement that stores a value, for a function builder. */
export interface Store {
  readonly emit: (code: Code) => void;
}

function store<A extends ValueType>(_operand: A, opcode: number) {
  return (address: I32, value: Expr<A>, offset = 0): Store => ({
    emit: (code) => {
      address.emit(code);
      value.emit(code);
      operate(code, opcode);
      code.unsigned(0);
      code.unsigned(offset);
    },
  });
}

/** An atomic access to the 4 bytes at an address, which must be divisible by 4. */
function atomic<T extends unknown[]>(opcode: number, writeRest: (code: Code, ...rest: T) => void = () => undefined) {
  return (address: I32, ...rest: T): I32 =>
    new Expr("i32", (code) => {
      address.emit(code);
      writeRest(code, ...rest);
      code.byte(ATOMIC, opcode, 2, 0);
    });
}

function operands(code: Code, ...values: readonly I32[]): void {
  for (const value of values) value.emit(code);
}

function storeLane(opcode: number) {
  return (address: I32, value: V128, lane: number, offset = 0): Store => ({
    emit: (code) => {
      address.emit(code);
      value.emit(code);
      simd(code, opcode);
      code.unsigned(0);
      code.unsigned(offset);
      code.byte(lane);
    },
  });
}

const v = (opcode: number): number => VECTOR + opcode;

export const i32 = {
  const: (value: number): I32 =>
    new Expr("i32", (code) => {
      code.byte(0x41);
      code.signed(value);
    }),
  load: load("i32", 0x28),
  store: store("i32", 0x36),
  store8: store("i32", 0x3a),
  store16: store("i32", 0x3b),
  eqz: unary("i32", "i32", 0x45),
  eq: binary("i32", "i32", 0x46),
  ne: binary("i32", "i32", 0x47),
  lt_s: binary("i32", "i32", 0x48),
  lt_u: binary("i32", "i32", 0x49),
  gt_s: binary("i32", "i32", 0x4a),
  gt_u: binary("i32", "i32", 0x4b),
  le_s: binary("i32", "i32", 0x4c),
  ge_s: binary("i32", "i32", 0x4e),
  ge_u: binary("i32", "i32", 0x4f),
  add: binary("i32", "i32", 0x6a),
  sub: binary("i32", "i32", 0x6b),
  mul: binary("i32", "i32", 0x6c),
  div_s: binary("i32", "i32", 0x6d),
  div_u: binary("i32", "i32", 0x6e),
  rem_u: binary("i32", "i32", 0x70),
  and: binary("i32", "i32", 0x71),
  or: binary("i32", "i32", 0x72),
  shl: binary("i32", "i32", 0x74),
  shr_u: binary("i32", "i32", 0x76),
  /** `whenTrue` if `condition` is not 0, else `whenFalse`; both are computed. */
  select: (whenTrue: I32, whenFalse: I32, condition: I32): I32 =>
    new Expr("i32", (code) => {
      for (const operand of [whenTrue, whenFalse, condition]) operand.emit(code);
      code.byte(0x1b);
    }),
  /** Atomic accesses happen in one order for all threads (threads proposal). */
  atomic_load: atomic(0x10),
  atomic_store: (address: I32, value: I32): Store => ({
    emit: (code) => {
      address.emit(code);
      value.emit(code);
      code.byte(ATOMIC, 0x17, 2, 0);
    },
  }),
  /** Adds to the number in memory; its value is the number before. */
  atomic_rmw_add: atomic(0x1e, (code, value: I32) => operands(code, value)),
  /** Stores `replacement` if the number in memory is `expected`; its value is the number before. */
  atomic_rmw_cmpxchg: atomic(0x48, (code, expected: I32, replacement: I32) => operands(code, expected, replacement)),
};

export const memory = {
  /** Wakes up to `count` waiting threads; its value is the number of threads woken. */
  atomic_notify: atomic(0x00, (code, count: I32) => operands(code, count)),
  /**
   * Sleeps as long as the number in memory is `expected`, at most the given number of nanoseconds. Its value is 0 if the thread was woken,
   * 1 if another number was there, 2 if the time ran out.
   */
  atomic_wait32: atomic(0x01, (code, expected: I32, nanoseconds: number) => {
    expected.emit(code);
    code.byte(0x42);
    code.signed(nanoseconds);
  }),
};

export const f32 = {
  const: (value: number): F32 =>
    new Expr("f32", (code) => {
      code.byte(0x43);
      code.float(value);
    }),
  load: load("f32", 0x2a),
  store: store("f32", 0x38),
  add: binary("f32", "f32", 0x92),
  sub: binary("f32", "f32", 0x93),
  mul: binary("f32", "f32", 0x94),
  div: binary("f32", "f32", 0x95),
  max: binary("f32", "f32", 0x97),
  convert_i32_s: unary("i32", "f32", 0xb2),
};

export const v128 = {
  load: load("v128", v(0x00)),
  load32_splat: load("v128", v(0x09)),
  load64_splat: load("v128", v(0x0a)),
  load8x8_s: load("v128", v(0x01)),
  load8x8_u: load("v128", v(0x02)),
  load32_zero: load("v128", v(0x5c)),
  load64_zero: load("v128", v(0x5d)),
  store: store("v128", v(0x0b)),
  store8_lane: storeLane(0x58),
  store16_lane: storeLane(0x59),
  store32_lane: storeLane(0x5a),
  store64_lane: storeLane(0x5b),
  and: binary("v128", "v128", v(0x4e)),
  or: binary("v128", "v128", v(0x50)),
  xor: binary("v128", "v128", v(0x51)),
  /** The bits of `a` where `mask` is 1, and of `b` where it is 0. */
  bitselect: ternary(0x52),
};

export const i8x16 = {
  /** 16 bytes, chosen by number from the 32 bytes of `a` and `b`. */
  shuffle: (a: V128, b: V128, lanes: readonly number[]): V128 =>
    new Expr("v128", (code) => {
      a.emit(code);
      b.emit(code);
      simd(code, 0x0d);
      code.byte(...lanes);
    }),
  splat: unary("i32", "v128", v(0x0f)),
  /** The 16-bit lanes of `a`, then those of `b`, each clamped to 0…255. */
  narrow_i16x8_u: binary("v128", "v128", v(0x66)),
  min_u: binary("v128", "v128", v(0x77)),
  max_u: binary("v128", "v128", v(0x79)),
};

export const i16x8 = {
  splat: unary("i32", "v128", v(0x10)),
  /** The 32-bit lanes of `a`, then those of `b`, each clamped to 16 bits. */
  narrow_i32x4_s: binary("v128", "v128", v(0x85)),
  extend_low_i8x16_s: unary("v128", "v128", v(0x87)),
  extend_high_i8x16_s: unary("v128", "v128", v(0x88)),
  extend_low_i8x16_u: unary("v128", "v128", v(0x89)),
  extend_high_i8x16_u: unary("v128", "v128", v(0x8a)),
  add: binary("v128", "v128", v(0x8e)),
  sub: binary("v128", "v128", v(0x91)),
  mul: binary("v128", "v128", v(0x95)),
  min_s: binary("v128", "v128", v(0x96)),
  max_s: binary("v128", "v128", v(0x98)),
};

export const i32x4 = {
  splat: unary("i32", "v128", v(0x11)),
  add: binary("v128", "v128", v(0xae)),
  sub: binary("v128", "v128", v(0xb1)),
  shl: shift(0xab),
  shr_s: shift(0xac),
  extend_low_i16x8_s: unary("v128", "v128", v(0xa7)),
  extend_high_i16x8_s: unary("v128", "v128", v(0xa8)),
  extend_low_i16x8_u: unary("v128", "v128", v(0xa9)),
  extend_high_i16x8_u: unary("v128", "v128", v(0xaa)),
  /** The sums of neighbouring products of 16-bit lanes. */
  dot_i16x8_s: binary("v128", "v128", v(0xba)),
  trunc_sat_f32x4_s: unary("v128", "v128", v(0xf8)),
  /** Equals `trunc_sat_f32x4_s` if the result fits in 32 bits (relaxed SIMD). */
  relaxed_trunc_f32x4_s: unary("v128", "v128", v(0x101)),
  /** c plus the sums of four neighbouring products: signed bytes of `a` with bytes from 0 to 127 of `b` (relaxed SIMD). */
  relaxed_dot_i8x16_i7x16_add_s: ternary(0x113),
};

export const f32x4 = {
  splat: unary("f32", "v128", v(0x13)),
  extract_lane: (a: V128, lane: number): F32 =>
    new Expr("f32", (code) => {
      a.emit(code);
      simd(code, 0x1f);
      code.byte(lane);
    }),
  eq: binary("v128", "v128", v(0x41)),
  lt: binary("v128", "v128", v(0x43)),
  gt: binary("v128", "v128", v(0x44)),
  nearest: unary("v128", "v128", v(0x6a)),
  abs: unary("v128", "v128", v(0xe0)),
  neg: unary("v128", "v128", v(0xe1)),
  sqrt: unary("v128", "v128", v(0xe3)),
  add: binary("v128", "v128", v(0xe4)),
  sub: binary("v128", "v128", v(0xe5)),
  mul: binary("v128", "v128", v(0xe6)),
  div: binary("v128", "v128", v(0xe7)),
  max: binary("v128", "v128", v(0xe9)),
  /** `b < a ? b : a`: one instruction on every machine; NaN in `a` stays NaN. */
  pmin: binary("v128", "v128", v(0xea)),
  /** `a < b ? b : a`: one instruction on every machine; NaN in `a` stays NaN. */
  pmax: binary("v128", "v128", v(0xeb)),
  convert_i32x4_s: unary("v128", "v128", v(0xfa)),
  /** a × b + c, rounded once or twice, depending on the machine (relaxed SIMD). */
  relaxed_madd: ternary(0x105),
};

/** Vectors of two float64 numbers. */
export const f64x2 = {
  /** Converts the first two lanes to float64. */
  promote_low_f32x4: unary("v128", "v128", v(0x5f)),
  /** Converts to float32 in the first two lanes; the other two are 0. */
  demote_f64x2_zero: unary("v128", "v128", v(0x5e)),
  sqrt: unary("v128", "v128", v(0xef)),
  add: binary("v128", "v128", v(0xf0)),
  sub: binary("v128", "v128", v(0xf1)),
  mul: binary("v128", "v128", v(0xf2)),
  div: binary("v128", "v128", v(0xf3)),
  max: binary("v128", "v128", v(0xf5)),
};

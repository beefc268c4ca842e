/** The gradients of the activations that `map` and `softmax` compute. */
import type { Expr, Local } from "../../wasm/expression.ts";
import type { FunctionBuilder } from "../../wasm/function.ts";
import { f32, f32x4, i32, v128 } from "../../wasm/instructions.ts";
import type { ModuleBuilder } from "../../wasm/module.ts";
import {
  type MapName,
  SELU_ALPHA,
  SELU_SCALE,
  bySign,
  constant,
  exp,
  hardSigmoid,
  mapKernelName,
  tanh,
} from "../f32/elementwise.ts";
import { VECTOR } from "../parts.ts";
import { parameters } from "./parts.ts";

type Vector = Expr<"v128">;
type Derivative = (f: FunctionBuilder, x: Local<"v128">) => Vector;

const ONE = constant(1);

/** The sigmoids of |x| and of −|x|, both accurate to the last bits, which 1 − sigmoid(x) would lose. */
function sigmoids(f: FunctionBuilder, x: Vector): readonly [Local<"v128">, Local<"v128">] {
  const e = f.local("v128", exp(f, f32x4.neg(f32x4.abs(x))));
  const large = f.local("v128", f32x4.div(ONE, f32x4.add(ONE, e)));
  return [large, f.local("v128", f32x4.mul(e, large))];
}

function hardSigmoidDerivative(x: Vector): Vector {
  return v128.and(constant(1 / 6), f32x4.lt(f32x4.abs(x), constant(3)));
}

/** The derivative dy/dx at x. At a kink, where there is no derivative, TensorFlow's choice is taken. */
const DERIVATIVES: Readonly<Record<MapName, Derivative>> = {
  sigmoid: (f, x) => f32x4.mul(...sigmoids(f, x)),
  silu: (f, x) => {
    const [large, small] = sigmoids(f, x);
    return f32x4.add(bySign(x, large, small), f32x4.mul(x, f32x4.mul(large, small)));
  },
  exponential: (f, x) => exp(f, x),
  tanh: (f, x) => {
    const y = f.local("v128", tanh(f, x));
    return f32x4.sub(ONE, f32x4.mul(y, y));
  },
  elu: (f, x) => bySign(x, ONE, exp(f, x)),
  // At 0 both parts of the sum have the slope 1 in TensorFlow.
  celu: (f, x) => v128.bitselect(constant(2), bySign(x, ONE, exp(f, x)), f32x4.eq(x, constant(0))),
  selu: (f, x) => {
    const negative = f32x4.mul(constant(SELU_SCALE * SELU_ALPHA), exp(f, x));
    const isPositive = v128.or(f32x4.gt(x, constant(0)), f32x4.eq(x, constant(0)));
    return v128.bitselect(constant(SELU_SCALE), negative, isPositive);
  },
  leaky_relu: (_, x) => bySign(x, ONE, constant(0.2)),
  hard_sigmoid: (_, x) => hardSigmoidDerivative(x),
  hard_silu: (_, x) => f32x4.add(hardSigmoid(x), f32x4.mul(x, hardSigmoidDerivative(x))),
  softsign: (f, x) => {
    const size = f.local("v128", f32x4.add(f32x4.abs(x), ONE));
    return f32x4.div(ONE, f32x4.mul(size, size));
  },
};

export function mapGradientName(name: MapName): string {
  return `${mapKernelName(name)}_gradient`;
}

/**
 * The gradient of an activation's inputs. Parameters: `count` (of vectors, at least 1), `gradient` (of the outputs), `x` (the inputs), `to`
 * (may be either).
 */
export function mapGradient(module: ModuleBuilder, name: MapName): FunctionBuilder {
  const f = module.function(mapGradientName(name));
  const [count, gradient, from, to] = parameters(f, 4);
  const x = f.local("v128");
  f.repeat(() => {
    f.set(x, v128.load(from));
    const slope = f.local("v128", DERIVATIVES[name](f, x));
    f.store(v128.store(to, f32x4.mul(v128.load(gradient), slope)));
    for (const pointer of [gradient, from, to]) f.increase(pointer, VECTOR);
    f.increase(count, -1);
  }, count);
  return f;
}

export const SOFTMAX_GRADIENT = "f32_softmax_gradient";

/**
 * The gradient of softmax's inputs: y × (g − Σ g × y) for each line. Parameters: `lines`, `length` (at least 1), `gradient` (g, of the
 * outputs), `y` (the outputs), `to` (may be either).
 */
export function softmaxGradient(module: ModuleBuilder): FunctionBuilder {
  const f = module.function(SOFTMAX_GRADIENT);
  const [lines, length, gradient, y, to] = parameters(f, 5);
  const count = f.local("i32");
  const offset = f.local("i32");
  const sums = f.local("v128");
  const sum = f.local("f32");
  const at = (start: Local<"i32">): Expr<"i32"> => i32.add(start, offset);
  /** Goes through the whole vectors of the line, and then through the remaining values one by one. */
  const along = (whole: () => void, one: () => void): void => {
    f.set(offset, i32.const(0));
    f.set(count, i32.shr_u(length, i32.const(2)));
    f.times(count, () => {
      whole();
      f.increase(offset, VECTOR);
    });
    f.set(count, i32.and(length, i32.const(3)));
    f.times(count, () => {
      one();
      f.increase(offset, 4);
    });
  };
  f.repeat(() => {
    f.set(sums, constant(0));
    f.set(sum, f32.const(0));
    along(
      () => f.set(sums, f32x4.add(sums, f32x4.mul(v128.load(at(gradient)), v128.load(at(y))))),
      () => f.set(sum, f32.add(sum, f32.mul(f32.load(at(gradient)), f32.load(at(y))))),
    );
    for (let lane = 0; lane < 4; lane++) f.set(sum, f32.add(sum, f32x4.extract_lane(sums, lane)));
    along(
      () => {
        const difference = f32x4.sub(v128.load(at(gradient)), f32x4.splat(sum));
        f.store(v128.store(at(to), f32x4.mul(v128.load(at(y)), difference)));
      },
      () => {
        const difference = f32.sub(f32.load(at(gradient)), sum);
        f.store(f32.store(at(to), f32.mul(f32.load(at(y)), difference)));
      },
    );
    for (const pointer of [gradient, y, to]) f.increase(pointer, offset);
    f.increase(lines, -1);
  }, lines);
  return f;
}

/**
 * Exponentials, logarithms and roots, elementwise: floats keep their dtype, integers and bools become float32. The shape is that
 * of x.
 */
import type { Literal } from '../../compiler/ir/jaxpr.ts';
import { withDerivative } from '../autodiff/with-derivative.ts';
import * as lax from '../lax/index.ts';
import type { LaxOperand } from '../lax/index.ts';
import type { Operand } from '../trace/bind.ts';
import { Tensor } from '../trace/tensor.ts';
import { float, promotedToFloat } from './operands.ts';

/** e to the power x. jax.numpy.exp. */
export function exp(x: Operand): Tensor {
  return lax.exp(float(x));
}

/** 2 to the power x. jax.numpy.exp2. */
export function exp2(x: Operand): Tensor {
  return lax.exp2(float(x));
}

/** exp(x) - 1, accurate near 0. jax.numpy.expm1. */
export function expm1(x: Operand): Tensor {
  return lax.expm1(float(x));
}

/** The natural logarithm; NaN below 0. jax.numpy.log. */
export function log(x: Operand): Tensor {
  return lax.log(float(x));
}

/** The logarithm of base 2; NaN below 0. jax.numpy.log2. */
export function log2(x: Operand): Tensor {
  return lax.log2(float(x));
}

/** log(1 + x), accurate near 0. jax.numpy.log1p. */
export function log1p(x: Operand): Tensor {
  return lax.log1p(float(x));
}

/** The square root; NaN below 0. jax.numpy.sqrt. */
export function sqrt(x: Operand): Tensor {
  return lax.sqrt(float(x));
}

/** The real cube root. jax.numpy.cbrt. */
export function cbrt(x: Operand): Tensor {
  return lax.cbrt(float(x));
}

/** The logarithm of base 10; NaN below 0. jax.numpy.log10. */
export function log10(x: Operand): Tensor {
  return lax.mul(lax.log(float(x)), Math.LOG10E);
}

/** 1 / x. jax.numpy.reciprocal. */
export function reciprocal(x: Operand): Tensor {
  return lax.div(1, float(x));
}

/**
 * log(exp(x) + exp(y)) without overflow; operands broadcast. The derivatives are JAX's, exp(x - result) and exp(y - result) with
 * 0 in the place of Infinity. jax.numpy.logaddexp. @throws SHAPE
 */
export function logaddexp(x: Operand, y: Operand): Tensor {
  const atoms = promotedToFloat('np.logaddexp', [x, y]);
  const tensors = atoms.filter((atom) => atom instanceof Tensor);
  /** The two operands, when tensors stand for those that are no literals. */
  const both = <T>(given: readonly T[]): (T | Literal)[] => {
    let next = 0;
    return atoms.map((atom) => (atom instanceof Tensor ? given[next++]! : atom));
  };
  const value = (...given: Tensor[]): Tensor => {
    const [a, b] = both(given);
    return logOfSum(a!, b!);
  };
  const tangent = (...given: Tensor[]): Tensor => {
    const result = finiteOrZero(value(...given.slice(0, tensors.length)));
    const weights = tensors.map((_, i) => lax.exp(lax.sub(finiteOrZero(given[i]!), result)));
    const weighted = weights.map((weight, i) => lax.mul(given[tensors.length + i]!, weight));
    return weighted.reduce((sum, one) => lax.add(sum, one));
  };
  return tensors.length === 0 ? value() : withDerivative('logaddexp', value, tangent, tensors);
}

function logOfSum(a: LaxOperand, b: LaxOperand): Tensor {
  const difference = lax.sub(a, b);
  const result = lax.add(lax.max(a, b), lax.log1p(lax.exp(lax.neg(lax.abs(difference)))));
  // The difference of equal infinities is NaN, and so is that of a NaN; the sum is right for both.
  return lax.select(lax.isNan(difference), lax.add(a, b), result);
}

function finiteOrZero(x: Tensor): Tensor {
  return lax.select(lax.eq(x, Infinity), 0, x);
}

/** sqrt(x² + y²) without overflow in the squares; operands broadcast. jax.numpy.hypot. @throws SHAPE */
export function hypot(x: Operand, y: Operand): Tensor {
  const [a, b] = promotedToFloat('np.hypot', [x, y]);
  const [width, height] = [lax.abs(a), lax.abs(b)];
  const [larger, smaller] = [lax.max(width, height), lax.min(width, height)];
  const ratio = lax.div(smaller, lax.select(lax.eq(larger, 0), 1, larger));
  const length = lax.mul(larger, lax.sqrt(lax.add(lax.square(ratio), 1)));
  // Infinity / Infinity would be NaN, and one infinite side says all, whatever the other is.
  const isInfinite = lax.bitwiseOr(lax.eq(width, Infinity), lax.eq(height, Infinity));
  return lax.select(isInfinite, Infinity, length);
}

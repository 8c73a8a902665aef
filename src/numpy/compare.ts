/** Whether tensors are equal or close, element by element or as wholes. */
import { sameShape } from '../../compiler/shape.ts';
import * as lax from '../lax/index.ts';
import { readOptions } from '../options.ts';
import { tensorOf } from '../trace/bind.ts';
import type { Operand } from '../trace/bind.ts';
import type { Tensor } from '../trace/tensor.ts';
import { equal } from './logic.ts';
import { promotedToFloat } from './operands.ts';
import { all } from './reductions.ts';

export interface CloseOptions {
  /** Relative to |y|; default 1e-5. */
  readonly rtol?: number;
  /** Default 1e-8. */
  readonly atol?: number;
  /** Whether two NaNs are close; default false. */
  readonly equalNan?: boolean;
}

/**
 * Whether |x - y| <= atol + rtol |y|, as floats: a bool of the broadcast shape. Infinities are close to themselves only.
 * jax.numpy.isclose.
 *
 * @throws SHAPE when the shapes do not broadcast.
 */
export function isclose(x: Operand, y: Operand, options: CloseOptions = {}): Tensor {
  const { rtol, atol, equalNan } = readOptions('np.isclose', options, { rtol: 1e-5, atol: 1e-8, equalNan: false });
  const [a, b] = promotedToFloat('np.isclose', [x, y]);
  const isWithin = lax.le(lax.abs(lax.sub(a, b)), lax.add(lax.mul(lax.abs(b), rtol), atol));
  const bothFinite = lax.bitwiseAnd(lax.isFinite(a), lax.isFinite(b));
  const close = lax.bitwiseOr(lax.bitwiseAnd(bothFinite, isWithin), lax.eq(a, b));
  return equalNan ? lax.bitwiseOr(close, lax.bitwiseAnd(lax.isNan(a), lax.isNan(b))) : close;
}

/** Whether all elements are close, as `isclose` says: a bool scalar. jax.numpy.allclose. @throws SHAPE */
export function allclose(x: Operand, y: Operand, options: CloseOptions = {}): Tensor {
  return all(isclose(x, y, options));
}

/** Whether shapes and all elements are equal: a bool scalar. jax.numpy.array_equal. */
export function arrayEqual(x: Operand, y: Operand): Tensor {
  const same = sameShape(tensorOf(x).shape, tensorOf(y).shape);
  return same ? all(equal(x, y)) : lax.full([], false);
}

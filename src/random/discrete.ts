/** Random bools and integers: bit for bit what JAX gives. */
import type { DType } from '../../compiler/dtype.ts';
import type { Literal } from '../../compiler/ir/jaxpr.ts';
import * as lax from '../lax/index.ts';
import { np } from '../numpy/index.ts';
import { broadcastAtom, fail, shapeOf } from '../numpy/operands.ts';
import { readOptions } from '../options.ts';
import { tensorOf } from '../trace/bind.ts';
import type { Operand } from '../trace/bind.ts';
import { literalOf } from '../trace/literal.ts';
import type { Tensor } from '../trace/tensor.ts';
import type { Variable } from '../trace/variable.ts';
import { split } from './key.ts';
import type { Key } from './key.ts';
import { bits, uniform, within } from './uniform.ts';
import type { SampleShape } from './uniform.ts';

/**
 * true with probability `p` (default 0.5), a number or a tensor that broadcasts to `shape` (default its own).
 * jax.random.bernoulli.
 *
 * @throws VALUE for a number outside [0, 1], SHAPE when p does not broadcast.
 */
export function bernoulli(key: Key | Variable, p: Operand = 0.5, shape?: SampleShape): Tensor {
  if (typeof p === 'number' && !(p >= 0 && p <= 1)) {
    fail('VALUE', `random.bernoulli: ${p} is not a probability`, 'random.bernoulli(key, 0.5, shape)');
  }
  const sample = uniform(key, shape ?? (typeof p === 'number' ? [] : tensorOf(p).shape));
  return np.less(sample, within(p, sample.shape));
}

export interface RademacherOptions {
  /** Default `int32`. */
  readonly dtype?: DType;
}

/** -1 or 1, each with probability 1/2. jax.random.rademacher. */
export function rademacher(key: Key | Variable, shape: SampleShape = [], options: RademacherOptions = {}): Tensor {
  const { dtype } = readOptions<Required<RademacherOptions>>('random.rademacher', options, { dtype: 'int32' });
  return lax.sub(lax.mul(lax.convertElementType(bernoulli(key, 0.5, shape), dtype), 2), 1);
}

export interface RandintOptions {
  /** `int32` (default) or `uint32`. */
  readonly dtype?: 'int32' | 'uint32';
}

/**
 * Integers from `minval` up to and without `maxval`: numbers, or tensors of this dtype that broadcast to `shape`; where these
 * leave no integer, minval is drawn. jax.random.randint.
 *
 * @throws VALUE for numbers that leave no integer or go beyond the dtype, DTYPE for tensors of another, SHAPE when they do not
 * broadcast.
 */
export function randint(
  key: Key | Variable,
  shape: SampleShape,
  minval: Operand,
  maxval: Operand,
  options: RandintOptions = {},
): Tensor {
  const { dtype } = readOptions<Required<RandintOptions>>('random.randint', options, { dtype: 'int32' });
  const result = shapeOf('random.randint', shape, 'random.randint(key, [2, 3], 0, 10)');
  const { start, span } = range(minval, maxval, dtype, result);
  const [first, second] = split(key);
  const [high, low] = [bits(first, result), bits(second, result)];
  // 64 random bits modulo the span, from the remainders of their halves: 2^32 = 2^16 * 2^16, as far as 32 bits hold it.
  const half = lax.rem(2 ** 16, span);
  const multiplier = lax.rem(lax.mul(half, half), span);
  const offset = lax.rem(lax.add(lax.mul(lax.rem(high, span), multiplier), lax.rem(low, span)), span);
  return lax.add(dtype === 'uint32' ? offset : lax.bitcastConvertType(offset, dtype), start);
}

interface Range {
  readonly start: Tensor | Literal;
  /** How many integers there are, as uint32; 0 stands for 2^32, by which a remainder is what it was. */
  readonly span: Tensor | Literal;
}

function range(minval: Operand, maxval: Operand, dtype: 'int32' | 'uint32', shape: readonly number[]): Range {
  if (typeof minval === 'number' && typeof maxval === 'number') {
    const { min, max } = np.iinfo(dtype);
    if (!Number.isInteger(minval) || !Number.isInteger(maxval) || minval < min || maxval > max + 1 || minval >= maxval) {
      const problem = `random.randint: there is no ${dtype} from ${minval} up to and without ${maxval}`;
      fail('VALUE', problem, 'random.randint(key, shape, 0, 10)');
    }
    return { start: literalOf(minval, dtype, false), span: literalOf((maxval - minval) % 2 ** 32, 'uint32', false) };
  }
  const [low, high] = [bound(minval, dtype, shape), bound(maxval, dtype, shape)];
  const difference = np.subtract(high, low);
  const span = dtype === 'uint32' ? difference : lax.bitcastConvertType(difference, 'uint32');
  return { start: low, span: np.where(np.lessEqual(high, low), 1, span) };
}

function bound(value: Operand, dtype: 'int32' | 'uint32', shape: readonly number[]): Tensor {
  const tensor = typeof value === 'number' ? np.array(value, { dtype }) : tensorOf(value);
  if (tensor.dtype !== dtype) {
    fail('DTYPE', `random.randint: a bound ${tensor.describe()} for integers of ${dtype}`, `bound.astype('${dtype}')`);
  }
  return tensor.ndim === 0 ? tensor : broadcastAtom(tensor, shape);
}

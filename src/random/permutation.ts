/** Random orders and choices. */
import { showShape, sizeOf } from '../../compiler/shape.ts';
import * as lax from '../lax/index.ts';
import { np } from '../numpy/index.ts';
import { axisOf, fail, shapeOf } from '../numpy/operands.ts';
import { readOptions } from '../options.ts';
import { tensorOf } from '../trace/bind.ts';
import type { Tensor } from '../trace/tensor.ts';
import type { Variable } from '../trace/variable.ts';
import { randint } from './discrete.ts';
import { split } from './key.ts';
import type { Key } from './key.ts';
import { bits } from './uniform.ts';
import type { SampleShape } from './uniform.ts';

export interface PermutationOptions {
  /** The axis to put into another order; default 0. */
  readonly axis?: number;
}

/**
 * x in a random order along an axis, slices staying whole; of a number n the integers below n. The orders are JAX's, element for
 * element, by sorting random bits (in one round up to 1,625 elements). jax.random.permutation.
 *
 * @throws AXIS; VALUE for a number that is no size.
 */
export function permutation(key: Key | Variable, x: number | Tensor | Variable, options: PermutationOptions = {}): Tensor {
  const { axis } = readOptions('random.permutation', options, { axis: 0 });
  if (typeof x === 'number') return order(key, shapeOf('random.permutation', x, 'random.permutation(key, 10)')[0] ?? 0);
  const tensor = tensorOf(x);
  const along = axisOf('random.permutation', axis, tensor.ndim);
  return np.take(tensor, order(key, tensor.shape[along] ?? 0), { axis: along });
}

export interface ChoiceOptions extends PermutationOptions {
  /** Whether an element may be drawn more than once; default true. */
  readonly replace?: boolean;
}

/**
 * Elements of x along an axis (of a number n: integers below n) drawn with equal probabilities. jax.random.choice without
 * weights.
 *
 * @throws VALUE when there are fewer elements than are drawn without replacement; AXIS.
 */
export function choice(
  key: Key | Variable,
  x: number | Tensor | Variable,
  shape: SampleShape = [],
  options: ChoiceOptions = {},
): Tensor {
  const { replace, axis } = readOptions('random.choice', options, { replace: true, axis: 0 });
  const result = shapeOf('random.choice', shape, 'random.choice(key, 10, [2, 3])');
  const from = typeof x === 'number' ? null : tensorOf(x);
  const along = from === null ? 0 : axisOf('random.choice', axis, from.ndim);
  const count = from === null ? Number(x) : (from.shape[along] ?? 0);
  if (!(count > 0) || (!replace && sizeOf(result) > count)) {
    fail('VALUE', `random.choice: cannot draw shape ${showShape(result)} from ${count} elements`, 'random.choice(key, 10, [5])');
  }
  const drawn = replace
    ? randint(key, result, 0, count)
    : np.reshape(np.slice(order(key, count), [0, sizeOf(result)]), result);
  return from === null ? drawn : np.take(from, drawn, { axis: along });
}

/** The integers below n, sorted by random bits, in as many rounds as make ties between the bits harmless. */
function order(key: Key | Variable, n: number): Tensor {
  const rounds = Math.ceil((3 * Math.log(Math.max(1, n))) / Math.log(2 ** 32 - 1));
  let result = np.arange(n);
  let rest = key;
  for (let round = 0; round < rounds; round++) {
    const [next, drawn] = split(rest);
    rest = next;
    [, result] = lax.sortKeyVal(bits(drawn, [n]), result);
  }
  return result;
}

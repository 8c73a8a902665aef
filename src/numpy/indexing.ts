/** Elements picked by position. */
import type { Literal } from '../../compiler/ir/jaxpr.ts';
import { broadcastShapes, showShape, sizeOf, stridesOf } from '../../compiler/shape.ts';
import * as lax from '../lax/index.ts';
import { readOptions } from '../options.ts';
import { located, tensorOf } from '../trace/bind.ts';
import type { Operand } from '../trace/bind.ts';
import type { Tensor } from '../trace/tensor.ts';
import { literalOf } from '../trace/literal.ts';
import { array } from './array.ts';
import { gather, integers } from './gather.ts';
import { axisOf, broadcastAtom, fail } from './operands.ts';
import { ravel } from './shape.ts';

export interface TakeOptions {
  /** The axis to pick along; by default the flattened tensor. */
  readonly axis?: number | null;
  /**
   * What an index outside the axis gives: `fill` (default) NaN, the lowest int32, the highest uint32 or true; `clip` the nearest
   * element. Negative indices count from the end under `fill`, and are 0 under `clip`.
   */
  readonly mode?: 'fill' | 'clip';
}

/**
 * The elements of x at integer `indices` along an axis: its extent gives way to the shape of the indices. jax.numpy.take.
 *
 * @throws AXIS; DTYPE for indices that are not integers.
 */
export function take(x: Operand, indices: Operand | readonly number[], options: TakeOptions = {}): Tensor {
  const { axis, mode } = readOptions<Required<TakeOptions>>('np.take', options, { axis: null, mode: 'fill' });
  const tensor = axis === null ? ravel(x) : tensorOf(x);
  return gather(tensor, positions(indices), axisOf('np.take', axis ?? 0, tensor.ndim), mode);
}

/**
 * For each place of `indices` the element of x at that place, but at the index along `axis`. The other axes broadcast; without an
 * axis both are taken flat. Out of range gives NaN, the lowest int32, the highest uint32 or true. jax.numpy.take_along_axis.
 *
 * @throws AXIS; SHAPE when the ranks differ or other axes do not broadcast; DTYPE for indices that are not integers.
 */
export function takeAlongAxis(x: Operand, indices: Operand, options: { readonly axis: number | null }): Tensor {
  const { axis } = readOptions<{ axis: number | null | undefined }>('np.takeAlongAxis', options, { axis: undefined });
  if (axis === undefined) fail('AXIS', 'np.takeAlongAxis: the axis is not given', 'np.takeAlongAxis(x, indices, { axis: -1 })');
  const picked = integers('np.takeAlongAxis', indices);
  if (axis === null) return take(x, ravel(picked));
  const tensor = tensorOf(x);
  const along = axisOf('np.takeAlongAxis', axis, tensor.ndim);
  if (picked.ndim !== tensor.ndim) {
    const problem = `np.takeAlongAxis: indices of shape ${showShape(picked.shape)} for shape ${showShape(tensor.shape)}`;
    fail('SHAPE', problem, 'np.takeAlongAxis(x, np.expandDims(indices, axis), { axis })');
  }
  const extent = tensor.shape[along] ?? 0;
  const beside = tensor.shape.map((size, i) => (i === along ? 1 : size));
  const fix = `np.takeAlongAxis(x, np.zeros(${showShape(beside)}, { dtype: 'int32' }), { axis: ${along} })`;
  const shape = located(() => broadcastShapes([beside, picked.shape], 'np.takeAlongAxis', () => fix));
  const widened = broadcastAtom(tensor, shape.map((size, i) => (i === along ? extent : size)));
  const index = broadcastAtom(picked, shape);
  const position = lax.select(lax.lt(index, 0), lax.add(index, extent), index);
  const flat = stridesOf(widened.shape)
    .map((stride, i) => lax.mul(i === along ? position : lax.broadcastedIota('int32', shape, i), stride))
    .reduce(lax.add);
  const isInside = lax.bitwiseAnd(lax.ge(position, 0), lax.lt(position, extent));
  return gather(ravel(widened), lax.select(isInside, flat, sizeOf(widened.shape)), 0, 'fill');
}

function positions(indices: Operand | readonly number[]): Tensor | Literal {
  if (typeof indices === 'number') return located(() => literalOf(indices, 'int32', false));
  return isList(indices) ? array(indices, { dtype: 'int32' }) : integers('np.take', indices);
}

function isList(indices: Operand | readonly number[]): indices is readonly number[] {
  return Array.isArray(indices);
}

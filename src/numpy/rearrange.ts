/** Elements moved within a tensor, around it, or left out by triangle. */
import { showShape } from '../../compiler/shape.ts';
import * as lax from '../lax/index.ts';
import { readOptions } from '../options.ts';
import { tensorOf } from '../trace/bind.ts';
import type { Operand } from '../trace/bind.ts';
import type { Tensor } from '../trace/tensor.ts';
import { axesOf, axisOf, fail } from './operands.ts';
import type { Axes } from './operands.ts';
import { reduceOptions } from './reduce.ts';
import { ravel, reshape, swapaxes } from './shape.ts';

/**
 * x with its elements moved `shift` places on along an axis, those beyond the end coming in at the start; without an axis the
 * flattened tensor is rolled. Several axes take one shift, or one each. jax.numpy.roll.
 *
 * @throws AXIS
 */
export function roll(x: Operand, shift: number | readonly number[], options: { readonly axis?: Axes } = {}): Tensor {
  const { axis } = readOptions<{ axis: Axes }>('np.roll', options, { axis: null });
  const tensor = tensorOf(x);
  if (axis === null) return reshape(roll(ravel(tensor), shift, { axis: 0 }), tensor.shape);
  const axes = [axis].flat().map((i: number) => axisOf('np.roll', i, tensor.ndim));
  const shifts = typeof shift === 'number' ? axes.map(() => shift) : shift;
  if (shifts.length !== axes.length || !shifts.every(Number.isInteger)) {
    fail('VALUE', `np.roll: shifts ${showShape(shifts)} for axes ${showShape(axes)}`, 'np.roll(x, [1, 2], { axis: [0, 1] })');
  }
  return axes.reduce((rolled, along, i) => rollAxis(rolled, shifts[i] ?? 0, along), tensor);
}

/** x in reverse order along the given axes, by default all. jax.numpy.flip. @throws AXIS */
export function flip(x: Operand, axis?: Axes | { readonly axis?: Axes }): Tensor {
  const tensor = tensorOf(x);
  return lax.rev(tensor, axesOf('np.flip', reduceOptions<{ axis: Axes }>('np.flip', axis, { axis: null }).axis, tensor.ndim));
}

/** x in reverse order along axis 0. jax.numpy.flipud. @throws AXIS */
export function flipud(x: Operand): Tensor {
  return flip(x, 0);
}

/** x in reverse order along axis 1. jax.numpy.fliplr. @throws AXIS */
export function fliplr(x: Operand): Tensor {
  return flip(x, 1);
}

/** x turned by a quarter `times` times, from axis 0 towards axis 1. jax.numpy.rot90. @throws AXIS */
export function rot90(x: Operand, times = 1): Tensor {
  const turns = ((times % 4) + 4) % 4;
  if (turns === 0) return tensorOf(x);
  if (turns === 2) return flip(x, [0, 1]);
  return turns === 1 ? flip(swapaxes(x, 0, 1), 0) : swapaxes(flip(x, 0), 0, 1);
}

/** Elements added before and after: one count, `[before, after]`, or one such pair per axis. */
export type PadWidth = number | readonly [number, number] | readonly (readonly [number, number])[];

export interface PadOptions {
  /** The value of the added elements; default 0. */
  readonly constantValues?: Operand;
}

/** x with elements of one value around it. jax.numpy.pad, mode `constant`. @throws VALUE for widths that do not fit the rank. */
export function pad(x: Operand, padWidth: PadWidth, options: PadOptions = {}): Tensor {
  const { constantValues } = readOptions<Required<PadOptions>>('np.pad', options, { constantValues: 0 });
  const tensor = tensorOf(x);
  const widths = padWidths(tensor, padWidth);
  if (widths.length !== tensor.ndim || !widths.flat().every((width) => Number.isInteger(width) && width >= 0)) {
    const given = JSON.stringify(padWidth);
    const problem = `np.pad: ${given} gives no [before, after] from 0 for each axis of shape ${showShape(tensor.shape)}`;
    fail('VALUE', problem, `np.pad(x, [${tensor.shape.map(() => '[1, 1]').join(', ')}])`);
  }
  return lax.pad(tensor, constantValues, widths.map(([before, after]) => [before, after, 0] as const));
}

/** x with zeros above the k-th diagonal of its last two axes. jax.numpy.tril. @throws AXIS when x has fewer than two axes. */
export function tril(x: Operand, k = 0): Tensor {
  const tensor = tensorOf(x);
  return lax.select(lowerTriangle('np.tril', tensor, k), tensor, 0);
}

/** x with zeros below the k-th diagonal of its last two axes. jax.numpy.triu. @throws AXIS when x has fewer than two axes. */
export function triu(x: Operand, k = 0): Tensor {
  const tensor = tensorOf(x);
  return lax.select(lowerTriangle('np.triu', tensor, k - 1), 0, tensor);
}

function rollAxis(tensor: Tensor, shift: number, axis: number): Tensor {
  const extent = tensor.shape[axis] ?? 0;
  const offset = extent === 0 ? 0 : ((shift % extent) + extent) % extent;
  if (offset === 0) return tensor;
  const cut = extent - offset;
  return lax.concatenate([lax.sliceInDim(tensor, cut, extent, { axis }), lax.sliceInDim(tensor, 0, cut, { axis })], axis);
}

function padWidths(tensor: Tensor, padWidth: PadWidth): readonly (readonly [number, number])[] {
  if (typeof padWidth === 'number') return tensor.shape.map(() => [padWidth, padWidth] as const);
  return isPair(padWidth) ? tensor.shape.map(() => padWidth) : padWidth;
}

function isPair(padWidth: Exclude<PadWidth, number>): padWidth is readonly [number, number] {
  return padWidth.length === 2 && padWidth.every((width) => typeof width === 'number');
}

function lowerTriangle(name: string, tensor: Tensor, k: number): Tensor {
  const [row, column] = [-2, -1].map((axis) => axisOf(name, axis, tensor.ndim, () => `${name}(np.atleast2d(x))`)) as [number, number];
  return lax.ge(
    lax.add(lax.broadcastedIota('int32', tensor.shape, row), k),
    lax.broadcastedIota('int32', tensor.shape, column),
  );
}

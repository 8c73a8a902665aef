/** Tensors joined, repeated and taken apart. Operands of different dtypes are promoted. */
import { sameShape, showShape } from '../../compiler/shape.ts';
import type { Shape } from '../../compiler/shape.ts';
import * as lax from '../lax/index.ts';
import { readOptions } from '../options.ts';
import { describeValue, resultType, tensorOf } from '../trace/bind.ts';
import type { Operand } from '../trace/bind.ts';
import type { Tensor } from '../trace/tensor.ts';
import { asDType, axisOf, fail } from './operands.ts';
import { atleast1d, atleast2d, broadcastTo, expandDims, ravel, reshape } from './shape.ts';

export interface AxisOptions {
  /** Default 0; negative axes count from the end. */
  readonly axis?: number;
}

/** Tensors one after the other along an axis that they have. jax.numpy.concatenate. @throws SHAPE when the other axes differ. */
export function concatenate(xs: readonly Operand[], options: AxisOptions = {}): Tensor {
  const [first, ...rest] = promotedList('np.concatenate', xs);
  const { axis } = readOptions('np.concatenate', options, { axis: 0 });
  const along = axisOf('np.concatenate', axis, first.ndim);
  const others = ({ shape }: Tensor): string => showShape(shape.filter((_, i) => i !== along));
  if (rest.some((tensor) => tensor.ndim !== first.ndim || others(tensor) !== others(first))) {
    const shapes = [first, ...rest].map(({ shape }) => shape);
    const fitting = shapes.map((shape) => first.shape.map((extent, i) => (i === along ? (shape[i] ?? 1) : extent)));
    const problem = `np.concatenate: shapes ${shapes.map(showShape).join(' and ')} differ in more than axis ${along}`;
    fail('SHAPE', problem, alongOneAxis(shapes) ?? `np.concatenate([${fitting.map(onesOf).join(', ')}], { axis: ${along} })`);
  }
  return rest.length === 0 ? first : lax.concatenate([first, ...rest], along);
}

/** Tensors of one shape along a new axis. jax.numpy.stack. @throws SHAPE when the shapes differ. */
export function stack(xs: readonly Operand[], options: AxisOptions = {}): Tensor {
  const tensors = promotedList('np.stack', xs);
  const { axis } = readOptions('np.stack', options, { axis: 0 });
  const [first, ...rest] = tensors.map(({ shape }) => shape) as [Shape, ...Shape[]];
  if (!rest.every((shape) => sameShape(shape, first))) {
    const fitting = `np.stack([${[first, ...rest].map(() => onesOf(first)).join(', ')}])`;
    const problem = `np.stack: shapes ${[first, ...rest].map(showShape).join(' and ')} differ`;
    fail('SHAPE', problem, alongOneAxis([first, ...rest]) ?? fitting);
  }
  const along = axisOf('np.stack', axis, tensors[0].ndim + 1);
  return concatenate(tensors.map((tensor) => lax.expandDims(tensor, [along])), { axis: along });
}

/** Tensors below each other, vectors as rows. jax.numpy.vstack. @throws SHAPE */
export function vstack(xs: readonly Operand[]): Tensor {
  return concatenate(xs.map(atleast2d));
}

/** Tensors beside each other: along axis 1, vectors along axis 0. jax.numpy.hstack. @throws SHAPE */
export function hstack(xs: readonly Operand[]): Tensor {
  const tensors = xs.map(atleast1d);
  return concatenate(tensors, { axis: tensors[0]?.ndim === 1 ? 0 : 1 });
}

/**
 * x cut along an axis into `parts` pieces of one extent, or before each of the indices `parts`. jax.numpy.split.
 *
 * @throws SHAPE when the extent is no multiple of the number of pieces.
 */
export function split(x: Operand, parts: number | readonly number[], options: AxisOptions = {}): Tensor[] {
  const { axis } = readOptions('np.split', options, { axis: 0 });
  const tensor = tensorOf(x);
  const along = axisOf('np.split', axis, tensor.ndim);
  const extent = tensor.shape[along] ?? 0;
  const cuts = typeof parts === 'number' ? evenCuts(tensor, along, parts) : parts.map((cut) => bounded(cut, extent));
  return [0, ...cuts].map((start, i) => lax.sliceInDim(tensor, start, Math.max(start, cuts[i] ?? extent), { axis: along }));
}

/**
 * x repeated `repetitions[i]` times along axis i; the shorter of shape and repetitions is filled up with leading ones.
 * jax.numpy.tile.
 */
export function tile(x: Operand, repetitions: number | readonly number[]): Tensor {
  const tensor = tensorOf(x);
  const given = typeof repetitions === 'number' ? [repetitions] : repetitions;
  const rank = Math.max(tensor.ndim, given.length);
  const padded = (list: readonly number[]): number[] => [...new Array<number>(rank - list.length).fill(1), ...list];
  const [extents, times] = [padded(tensor.shape), padded(given)];
  const apart = broadcastTo(
    reshape(tensor, extents.flatMap((extent) => [1, extent])),
    extents.flatMap((extent, axis) => [times[axis] ?? 1, extent]),
  );
  return reshape(apart, extents.map((extent, axis) => extent * (times[axis] ?? 1)));
}

/**
 * Each element `repeats` times in a row, along an axis or (by default) of the flattened tensor. jax.numpy.repeat, static repeats.
 */
export function repeat(x: Operand, repeats: number, options: { readonly axis?: number | null } = {}): Tensor {
  const { axis } = readOptions<{ axis: number | null }>('np.repeat', options, { axis: null });
  if (!Number.isInteger(repeats) || repeats < 0) {
    fail('VALUE', `np.repeat: ${repeats} is not a number of repetitions`, 'np.repeat(x, 2)');
  }
  const tensor = axis === null ? ravel(x) : tensorOf(x);
  const along = axisOf('np.repeat', axis ?? 0, tensor.ndim);
  const extents = [...tensor.shape];
  extents.splice(along + 1, 0, repeats);
  const apart = broadcastTo(expandDims(tensor, along + 1), extents);
  return reshape(apart, tensor.shape.map((extent, i) => (i === along ? extent * repeats : extent)));
}

/** How shapes that differ along one axis only are joined along it. */
function alongOneAxis(shapes: readonly Shape[]): string | undefined {
  const [first = []] = shapes;
  const differing = first.flatMap((extent, axis) => (shapes.every((shape) => shape[axis] === extent) ? [] : [axis]));
  const joins = differing.length === 1 && shapes.every((shape) => shape.length === first.length);
  return joins ? `np.concatenate(xs, { axis: ${differing[0]} })` : undefined;
}

function onesOf(shape: Shape): string {
  return `np.ones(${showShape(shape)})`;
}

function promotedList(name: string, xs: readonly Operand[]): readonly [Tensor, ...Tensor[]] {
  if (!Array.isArray(xs)) fail('VALUE', `${name}: tensors to join come in a list, not as ${describeValue(xs)}`, `${name}([x, y])`);
  const [first, ...rest] = xs.map(tensorOf);
  if (first === undefined) return fail('VALUE', `${name}: there is nothing to join`, `${name}([x, y])`);
  const { dtype } = resultType([first, ...rest]);
  return [asDType(first, dtype), ...rest.map((tensor) => asDType(tensor, dtype))];
}

function evenCuts(tensor: Tensor, axis: number, parts: number): number[] {
  const extent = tensor.shape[axis] ?? 0;
  if (!Number.isInteger(parts) || parts < 1 || extent % parts !== 0) {
    const problem = `np.split: axis ${axis} of shape ${showShape(tensor.shape)} is not cut into ${parts} equal parts`;
    fail('SHAPE', problem, 'np.split(x, [2, 5])');
  }
  return Array.from({ length: parts - 1 }, (_, i) => ((i + 1) * extent) / parts);
}

/** An index counted from the front, within the axis. */
function bounded(index: number, extent: number): number {
  return Math.min(Math.max(index < 0 ? index + extent : index, 0), extent);
}

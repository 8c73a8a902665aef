/** Products of vectors and matrices: each is one dot_general. Operands are promoted; bools count as int32. */
import { broadcastShapes, fittingShapes, showShape } from '../../compiler/shape.ts';
import type { Shape } from '../../compiler/shape.ts';
import * as lax from '../lax/index.ts';
import type { DimensionNumbers } from '../lax/index.ts';
import { readOptions } from '../options.ts';
import { located, resultType, tensorOf } from '../trace/bind.ts';
import type { Operand } from '../trace/bind.ts';
import type { Tensor } from '../trace/tensor.ts';
import { multiply } from './arithmetic.ts';
import { asDType, axisOf, broadcastAtom, fail } from './operands.ts';
import { ravel } from './shape.ts';

/**
 * The matrix product over the last axis of x and the last but one of y; leading axes broadcast. A vector is a row on the left, a
 * column on the right, and its axis goes. jax.numpy.matmul.
 *
 * @throws SHAPE for scalars and for extents that differ.
 */
export function matmul(x: Operand, y: Operand): Tensor {
  const [a, b] = factors(x, y);
  if (a.ndim === 0 || b.ndim === 0) {
    const problem = `np.matmul: shapes ${showShape(a.shape)} and ${showShape(b.shape)}: a scalar has no axis to contract`;
    fail('SHAPE', problem, 'np.multiply(x, y)');
  }
  // Without batch axes on the right, those of the left are free axes like the rows.
  if (b.ndim <= 2) return contract('np.matmul', a, b, [a.ndim - 1], [Math.max(0, b.ndim - 2)]);
  const batch = located(() => batchOf(a.shape, b.shape));
  const right = broadcastAtom(b, [...batch, ...b.shape.slice(-2)]);
  if (a.ndim === 1) return contract('np.matmul', a, right, [0], [right.ndim - 2]);
  const left = broadcastAtom(a, [...batch, ...a.shape.slice(-2)]);
  const axes = batch.map((_, axis) => axis);
  return contract('np.matmul', left, right, [left.ndim - 1], [right.ndim - 2], [axes, axes]);
}

/** The leading axes that matrices broadcast to. @throws SHAPE */
function batchOf(x: Shape, y: Shape): Shape {
  const operation = `np.matmul of ${showShape(x)} and ${showShape(y)}, leading axes`;
  return broadcastShapes([x.slice(0, -2), y.slice(0, -2)], operation, (batches) => {
    const [left = [], right = []] = fittingShapes(batches);
    const [a, b] = [[...left, ...x.slice(-2)], [...right, x.at(-1)!, y.at(-1)!]];
    return `np.matmul(np.ones(${showShape(a)}), np.ones(${showShape(b)}))`;
  });
}

/**
 * The product over the last axis of x and the last but one (or only) of y; of a scalar the multiple. jax.numpy.dot. @throws SHAPE
 */
export function dot(x: Operand, y: Operand): Tensor {
  const [a, b] = factors(x, y);
  if (a.ndim === 0 || b.ndim === 0) return multiply(a, b);
  return contract('np.dot', a, b, [a.ndim - 1], [Math.max(0, b.ndim - 2)]);
}

/** The product of the flattened operands: a scalar. jax.numpy.vdot. @throws SHAPE when their sizes differ. */
export function vdot(x: Operand, y: Operand): Tensor {
  const [a, b] = factors(x, y);
  return contract('np.vdot', ravel(a), ravel(b), [0], [0]);
}

/** The product over the last axes of both; of a scalar the multiple. jax.numpy.inner. @throws SHAPE when they differ. */
export function inner(x: Operand, y: Operand): Tensor {
  const [a, b] = factors(x, y);
  if (a.ndim === 0 || b.ndim === 0) return multiply(a, b);
  return contract('np.inner', a, b, [a.ndim - 1], [b.ndim - 1]);
}

/** All products of an element of x and one of y: shape [x.size, y.size]. jax.numpy.outer. */
export function outer(x: Operand, y: Operand): Tensor {
  const [a, b] = factors(x, y);
  return contract('np.outer', ravel(a), ravel(b), [], []);
}

export interface TensordotOptions {
  /** How many axes to contract, the last of x with the first of y; or lists of axes to pair. Default 2. */
  readonly axes?: number | readonly [number | readonly number[], number | readonly number[]];
}

/** The sum of products over paired axes; the others of x, then those of y, are left. jax.numpy.tensordot. @throws SHAPE, AXIS */
export function tensordot(x: Operand, y: Operand, options: TensordotOptions = {}): Tensor {
  const { axes } = readOptions<Required<TensordotOptions>>('np.tensordot', options, { axes: 2 });
  const [a, b] = factors(x, y);
  if (typeof axes === 'number') {
    if (!Number.isInteger(axes) || axes < 0 || axes > Math.min(a.ndim, b.ndim)) {
      const shapes = `${showShape(a.shape)} and ${showShape(b.shape)}`;
      fail('AXIS', `np.tensordot: shapes ${shapes} do not have ${axes} axes each to contract`, 'np.tensordot(x, y, { axes: 1 })');
    }
    const paired = Array.from({ length: axes }, (_, i) => i);
    return contract('np.tensordot', a, b, paired.map((i) => a.ndim - axes + i), paired);
  }
  const resolve = (list: number | readonly number[], { ndim }: Tensor): number[] =>
    [list].flat().map((axis: number) => axisOf('np.tensordot', axis, ndim, () => 'np.tensordot(x, y, { axes: 0 })'));
  const [left, right] = [resolve(axes[0], a), resolve(axes[1], b)];
  if (left.length !== right.length) {
    const problem = `np.tensordot: axes ${showShape(left)} of x cannot be paired with axes ${showShape(right)} of y`;
    fail('AXIS', problem, 'np.tensordot(x, y, { axes: [[0, 1], [1, 0]] })');
  }
  return contract('np.tensordot', a, b, left, right);
}

/** The product over one axis (default the last) of operands that broadcast. jax.numpy.vecdot. @throws SHAPE, AXIS */
export function vecdot(x: Operand, y: Operand, options: { readonly axis?: number } = {}): Tensor {
  const { axis } = readOptions('np.vecdot', options, { axis: -1 });
  const product = multiply(...factors(x, y));
  return lax.reduceSum(product, [axisOf('np.vecdot', axis, product.ndim)]);
}

function contract(
  name: string,
  x: Tensor,
  y: Tensor,
  contracting: readonly number[],
  withAxes: readonly number[],
  batch: DimensionNumbers[1] = [[], []],
): Tensor {
  for (const [i, axis] of contracting.entries()) {
    const other = withAxes[i] ?? -1;
    if (x.shape[axis] === y.shape[other]) continue;
    const fitting = y.shape.map((extent, place) => (place === other ? x.shape[axis] : extent) ?? 1);
    const problem =
      `${name}: shapes ${showShape(x.shape)} and ${showShape(y.shape)} do not contract: ` +
      `axis ${axis} of x has extent ${x.shape[axis]}, axis ${other} of y ${y.shape[other]}`;
    fail('SHAPE', problem, fixOf(name, x, y, fitting));
  }
  return lax.dotGeneral(x, y, [[contracting, withAxes], batch]);
}

/** A transposed operand if that fits, else shapes that do. */
function fixOf(name: string, x: Tensor, y: Tensor, fitting: readonly number[]): string {
  const transposable = name === 'np.matmul' || name === 'np.dot';
  if (transposable && y.ndim > 1 && y.shape.at(-1) === x.shape.at(-1)) return `${name}(x, np.swapaxes(y, -1, -2))`;
  if (transposable && x.ndim > 1 && x.shape.at(-2) === y.shape.at(y.ndim > 1 ? -2 : -1)) return `${name}(np.swapaxes(x, -1, -2), y)`;
  return `${name}(np.ones(${showShape(x.shape)}), np.ones(${showShape(fitting)}))`;
}

/** Both operands in their common dtype. */
function factors(x: Operand, y: Operand): [Tensor, Tensor] {
  const [a, b] = [tensorOf(x), tensorOf(y)];
  const { dtype } = resultType([a, b]);
  const number = dtype === 'bool' ? 'int32' : dtype;
  return [asDType(a, number), asDType(b, number)];
}

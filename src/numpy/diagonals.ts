/** Diagonals. */
import { showShape } from '../../compiler/shape.ts';
import * as lax from '../lax/index.ts';
import { readOptions } from '../options.ts';
import { tensorOf } from '../trace/bind.ts';
import type { Operand } from '../trace/bind.ts';
import type { Tensor } from '../trace/tensor.ts';
import { axisOf, fail } from './operands.ts';
import { sum } from './reductions.ts';
import { moveaxis, reshape } from './shape.ts';

export interface DiagonalOptions {
  /** Which diagonal: above the main one when positive. Default 0. */
  readonly offset?: number;
  /** The axes of the rows and of the columns; default 0 and 1. */
  readonly axis1?: number;
  readonly axis2?: number;
}

/** The diagonal over two axes, which give way to one at the end. jax.numpy.diagonal. @throws AXIS */
export function diagonal(x: Operand, options: DiagonalOptions = {}): Tensor {
  const { offset, axis1, axis2 } = readOptions('np.diagonal', options, { offset: 0, axis1: 0, axis2: 1 });
  const tensor = tensorOf(x);
  const fix = tensor.ndim < 2 ? 'np.diagonal(np.atleast2d(x))' : 'np.diagonal(x, { axis1: 0, axis2: 1 })';
  const axes = [axis1, axis2].map((axis) => axisOf('np.diagonal', axis, tensor.ndim, () => fix));
  const matrices = moveaxis(tensor, axes, [-2, -1]);
  const batch = matrices.shape.slice(0, -2);
  const [rows = 0, columns = 0] = matrices.shape.slice(-2);
  const length = Math.max(0, Math.min(rows - Math.max(0, -offset), columns - Math.max(0, offset)));
  const start = offset >= 0 ? offset : -offset * columns;
  // Row-major, one step along the diagonal is one row and one column.
  const flat = reshape(matrices, [...batch, rows * columns]);
  const end = length === 0 ? Math.min(start, rows * columns) : start + (length - 1) * (columns + 1) + 1;
  return lax.sliceInDim(flat, Math.min(start, end), end, { axis: batch.length, stride: columns + 1 });
}

/** The sum of a diagonal. jax.numpy.trace. @throws AXIS */
export function trace(x: Operand, options: DiagonalOptions = {}): Tensor {
  return sum(diagonal(x, options), -1);
}

/** The k-th diagonal of a matrix; of a vector the square matrix with it on the k-th diagonal. jax.numpy.diag. @throws SHAPE */
export function diag(x: Operand, k = 0): Tensor {
  const tensor = tensorOf(x);
  if (tensor.ndim === 2) return diagonal(tensor, { offset: k });
  if (tensor.ndim !== 1) {
    fail('SHAPE', `np.diag: shape ${showShape(tensor.shape)} is neither a vector nor a matrix`, 'np.diagonal(x)');
  }
  const size = tensor.size + Math.abs(k);
  const padded = lax.pad(tensor, 0, [[Math.max(0, -k), Math.max(0, k), 0]]);
  // The element in row i comes from a vector as long as the matrix; what k leaves out of the row is never on the diagonal.
  const onDiagonal = lax.eq(
    lax.add(lax.broadcastedIota('int32', [size, size], 0), k),
    lax.broadcastedIota('int32', [size, size], 1),
  );
  const rows = lax.broadcastInDim(padded, [size, size], [0]);
  return lax.select(onDiagonal, rows, 0);
}

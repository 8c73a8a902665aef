/** Initializers of orthonormal rows or columns, uniform over the orthogonal matrices. */
import type { DType } from '../../compiler/dtype.ts';
import { showShape, sizeOf } from '../../compiler/shape.ts';
import * as lax from '../lax/index.ts';
import { np } from '../numpy/index.ts';
import { asDType, axisOf, fail } from '../numpy/operands.ts';
import { readOptions } from '../options.ts';
import * as random from '../random/index.ts';
import type { Tensor } from '../trace/tensor.ts';
import type { Initializer } from './initializers.ts';

export interface OrthogonalOptions {
  /** The length of the rows or columns; default 1. */
  readonly scale?: number;
  /** The axis that numbers the columns; the others together are the rows. Default -1. */
  readonly columnAxis?: number;
  /** The dtype of calls that give none; default float32. */
  readonly dtype?: DType;
}

/**
 * Orthonormal rows or columns, whichever are fewer, times `scale` (Saxe et al. 2014, Exact solutions to the nonlinear dynamics of
 * learning in deep linear neural networks, arXiv:1312.6120). jax.nn.initializers.orthogonal.
 *
 * @throws VALUE for a scale that is no finite number; the initializer SHAPE for fewer than two axes, AXIS.
 */
export function orthogonal(options: OrthogonalOptions = {}): Initializer {
  return orthogonalNamed('nnx.initializers.orthogonal', options);
}

/**
 * Convolution kernels that are an orthogonal matrix at the centre of the window and zero elsewhere (Xiao et al. 2018, Dynamical
 * Isometry and a Mean Field Theory of CNNs, arXiv:1806.05393): shapes [...window, inputs, outputs] of one to three window axes.
 * jax.nn.initializers.delta_orthogonal.
 *
 * @throws VALUE, AXIS as `orthogonal`; the initializer SHAPE for other shapes, and for fewer outputs than inputs.
 */
export function deltaOrthogonal(options: OrthogonalOptions = {}): Initializer {
  const name = 'nnx.initializers.deltaOrthogonal';
  const matrixOf = orthogonalNamed(name, options);
  return (key, shape, dtype) => {
    const [inputs = 0, outputs = 0] = shape.slice(-2);
    if (shape.length < 3 || shape.length > 5 || outputs < inputs) {
      const problem = `${name}: ${showShape(shape)} is not one to three axes of a window, inputs, and as many outputs or more`;
      fail('SHAPE', problem, `${name}()(key, [3, 3, 8, 16])`);
    }
    const window = shape.slice(0, -2);
    const centre = np.reshape(matrixOf(key, [inputs, outputs], dtype), [...window.map(() => 1), inputs, outputs]);
    const margins = window.map((extent) => [Math.floor((extent - 1) / 2), Math.floor(extent / 2), 0] as const);
    return lax.pad(centre, 0, [...margins, [0, 0, 0], [0, 0, 0]]);
  };
}

function orthogonalNamed(name: string, options: OrthogonalOptions): Initializer {
  const defaults = { scale: 1, columnAxis: -1, dtype: 'float32' } as const;
  const { scale, columnAxis, dtype: usual } = readOptions<Required<OrthogonalOptions>>(name, options, defaults);
  if (!Number.isFinite(scale)) fail('VALUE', `${name}: scale is ${scale}, not a finite number`, `${name}({ scale: 1 })`);
  return (key, shape, dtype = usual) => {
    if (shape.length < 2) {
      fail('SHAPE', `${name}: ${showShape(shape)} is no matrix: it needs two axes`, `${name}()(key, [4, 3])`);
    }
    const axis = axisOf(name, columnAxis, shape.length, (known) => `${name}({ columnAxis: ${known} })`);
    const others = shape.filter((_, i) => i !== axis);
    const [rows, columns] = [sizeOf(others), shape[axis]!];
    const wide = rows < columns;
    const drawn = random.normal(key, wide ? [columns, rows] : [rows, columns], { dtype });
    const basis = orthonormalRows(np.transpose(asDType(drawn, 'float32')));
    const matrix = wide ? basis : np.transpose(basis);
    return asDType(lax.mul(np.moveaxis(np.reshape(matrix, [...others, columns]), -1, axis), scale), dtype);
  };
}

/**
 * The rows made orthonormal one after the other, [n, m] with n <= m. This is the factor Q of the QR decomposition whose R has a
 * positive diagonal, by Gram and Schmidt; done twice, which is enough to be orthogonal up to rounding (Giraud et al. 2005).
 */
function orthonormalRows(rows: Tensor): Tensor {
  const [[basis]] = lax.scan(
    ([known, i], row) => {
      const rest = withoutSpan(known, withoutSpan(known, row));
      const unit = rest.div(np.linalg.norm(rest));
      return [[lax.dynamicUpdateSliceInDim(known, np.expandDims(unit, 0), i), i.add(1)] as const, null];
    },
    [np.zerosLike(rows), np.array(0, { dtype: 'int32' })] as const,
    rows,
  );
  return basis;
}

/** The part of a vector that is orthogonal to every row of an orthonormal basis, of which unused rows are zero. */
function withoutSpan(basis: Tensor, vector: Tensor): Tensor {
  return vector.sub(np.matmul(np.matmul(basis, vector), basis));
}

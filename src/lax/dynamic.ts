/** Slices and lookups whose positions are computed: start indices are integers, numbers or scalar tensors. */
import { Literal } from '../../compiler/ir/jaxpr.ts';
import { isInteger } from '../../compiler/dtype.ts';
import { showShape } from '../../compiler/shape.ts';
import { apply, cast } from '../trace/bind.ts';
import { Tensor } from '../trace/tensor.ts';
import { userError } from '../trace/user-error.ts';
import { add, lt } from './binary.ts';
import { reshape } from './movement.ts';
import { atomOf, sameType } from './operands.ts';
import type { LaxOperand } from './operands.ts';
import { select } from './select.ts';

/**
 * The box of extents `sliceSizes` that starts at `startIndices`, one for each axis. Negative indices count from the end; then the
 * box is moved so that it fits. jax.lax.dynamic_slice.
 *
 * @throws SHAPE when the number of indices is not the rank or a size is above the extent, DTYPE for indices that are not
 * integers.
 */
export function dynamicSlice(x: LaxOperand, startIndices: readonly LaxOperand[], sliceSizes: readonly number[]): Tensor {
  const atom = atomOf(x);
  return apply('dynamic_slice', [atom, ...starts('lax.dynamicSlice', atom.aval.shape, startIndices)], { sliceSizes });
}

/**
 * x with the box at `startIndices` replaced by `update`; the indices are those of `dynamicSlice`. jax.lax.dynamic_update_slice.
 *
 * @throws SHAPE when `update` has another rank or does not fit, DTYPE when it has another dtype.
 */
export function dynamicUpdateSlice(x: LaxOperand, update: LaxOperand, startIndices: readonly LaxOperand[]): Tensor {
  const [atom, replacement] = sameType([x, update]);
  return apply('dynamic_update_slice', [atom, replacement, ...starts('lax.dynamicUpdateSlice', atom.aval.shape, startIndices)]);
}

/** `dynamicSlice` along one axis. jax.lax.dynamic_slice_in_dim. */
export function dynamicSliceInDim(x: LaxOperand, start: LaxOperand, size: number, axis = 0): Tensor {
  const { shape } = atomOf(x).aval;
  return dynamicSlice(x, shape.map((_, i) => (i === axis ? start : 0)), shape.map((extent, i) => (i === axis ? size : extent)));
}

/** The slice at one index of an axis, which is dropped unless `keepdims`. jax.lax.dynamic_index_in_dim. */
export function dynamicIndexInDim(
  x: LaxOperand,
  index: LaxOperand,
  axis = 0,
  { keepdims = true }: { keepdims?: boolean } = {},
): Tensor {
  const slice = dynamicSliceInDim(x, index, 1, axis);
  return keepdims ? slice : reshape(slice, slice.shape.filter((_, i) => i !== axis));
}

/** `dynamicUpdateSlice` along one axis. jax.lax.dynamic_update_slice_in_dim. */
export function dynamicUpdateSliceInDim(x: LaxOperand, update: LaxOperand, start: LaxOperand, axis = 0): Tensor {
  return dynamicUpdateSlice(x, update, atomOf(x).aval.shape.map((_, i) => (i === axis ? start : 0)));
}

/** One int32 scalar for each axis, not negative unless it is below the start of the axis. */
function starts(name: string, shape: readonly number[], indices: readonly LaxOperand[]): (Tensor | Literal)[] {
  if (indices.length !== shape.length) {
    throw userError('SHAPE', `${name}: ${indices.length} start indices for a tensor of shape ${showShape(shape)}`, {
      fix: `${name}(x, [${shape.map(() => 0).join(', ')}], ...)`,
    });
  }
  return indices.map((index, axis) => start(name, atomOf(index), shape[axis] ?? 0));
}

function start(name: string, index: Tensor | Literal, extent: number): Tensor | Literal {
  const { dtype, shape } = index.aval;
  if (!isInteger(dtype) || shape.length > 0) {
    const problem = `${name}: a start index is an integer scalar, not ${dtype}${showShape(shape)}`;
    throw userError(shape.length > 0 ? 'SHAPE' : 'DTYPE', problem, { fix: "index.astype('int32')" });
  }
  const position = cast(index, 'int32');
  if (position instanceof Tensor) return select(lt(position, 0), add(position, extent), position);
  return position.value < 0 ? new Literal(position.value + extent, position.aval) : position;
}

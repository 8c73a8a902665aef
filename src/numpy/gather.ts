/** Lookup along one axis, as `take` and `slice` use it. */
import { isInteger } from '../../compiler/dtype.ts';
import type { Literal } from '../../compiler/ir/jaxpr.ts';
import { apply, tensorOf } from '../trace/bind.ts';
import type { Operand } from '../trace/bind.ts';
import type { Tensor } from '../trace/tensor.ts';
import { asDType, fail } from './operands.ts';

/** Indices as an int32 tensor. @throws DTYPE */
export function integers(name: string, indices: Operand): Tensor {
  const tensor = tensorOf(indices);
  if (!isInteger(tensor.dtype)) {
    fail('DTYPE', `${name}: indices are integers, not ${tensor.describe()}`, "indices.astype('int32')");
  }
  return asDType(tensor, 'int32');
}

/** The elements of x at `indices` of an axis, whose place the axes of the indices take. */
export function gather(x: Tensor, indices: Tensor | Literal, axis: number, mode: 'fill' | 'clip'): Tensor {
  return apply('gather', [x, indices], { axis, mode });
}

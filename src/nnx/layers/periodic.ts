/** Inputs continued beyond their ends, for convolutions without borders. */
import * as lax from '../../lax/index.ts';
import { fail } from '../../numpy/operands.ts';
import type { Tensor } from '../../trace/tensor.ts';

/** `wrap` goes on at the other end; `reflect` goes back, without the last element once more. numpy.pad. */
export type Continuation = 'wrap' | 'reflect';

/** `x` with so many elements before and after an axis. @throws SHAPE for an axis without elements. */
export function continued(x: Tensor, axis: number, [low, high]: readonly [number, number], mode: Continuation): Tensor {
  const extent = x.shape[axis]!;
  if (low === 0 && high === 0) return x;
  if (extent === 0) {
    fail('SHAPE', `padding '${mode}': axis ${axis} of ${x.describe()} has nothing to go on with`, `{ padding: 'SAME' }`);
  }
  const period = mode === 'wrap' || extent === 1 ? x : thereAndBack(x, axis);
  const length = period.shape[axis]!;
  const before = Math.ceil(low / length);
  const after = Math.ceil((extent + high) / length);
  const repeated = lax.concatenate(new Array<Tensor>(before + after).fill(period), axis);
  const start = before * length - low;
  return lax.sliceInDim(repeated, start, start + low + extent + high, { axis });
}

function thereAndBack(x: Tensor, axis: number): Tensor {
  const inner = lax.sliceInDim(x, 1, x.shape[axis]! - 1, { axis });
  return lax.concatenate([x, lax.rev(inner, [axis])], axis);
}

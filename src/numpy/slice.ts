/** NumPy's indexing with numbers, ranges and tensors. */
import { showShape } from '../../compiler/shape.ts';
import * as lax from '../lax/index.ts';
import { tensorOf } from '../trace/bind.ts';
import type { Operand } from '../trace/bind.ts';
import { Tensor } from '../trace/tensor.ts';
import { Variable } from '../trace/variable.ts';
import { gather, integers } from './gather.ts';
import { fail } from './operands.ts';

/**
 * `[start, stop, step]` of a range: each may be left out or null, and negative bounds count from the end. `[]` is the whole axis.
 */
export type Range = readonly [start?: number | null, stop?: number | null, step?: number | null];

/**
 * One entry of an index: a number or a scalar int tensor picks and drops the axis; a range keeps it; an int tensor puts its own
 * axes in its place; null is a new axis of extent 1; '...' stands for as many whole axes as are left.
 */
export type Index = number | Range | Tensor | Variable | null | '...';

/**
 * The part of x that NumPy writes `x[1, 2:5, None, ..., ::-1]`: `x.slice(1, [2, 5], null, '...', [null, null, -1])`. Axes without
 * an entry are whole. Ranges are cut to the extent; a tensor index out of range gives NaN, the lowest int32, the highest uint32
 * or true.
 *
 * @throws AXIS for more entries than axes; VALUE for a number outside its axis; DTYPE for a tensor that is not of integers.
 */
export function slice(x: Operand, ...indices: readonly Index[]): Tensor {
  let result = tensorOf(x);
  let axis = 0;
  for (const index of expanded(result, indices)) {
    if (index === null) {
      result = lax.expandDims(result, [axis]);
      axis += 1;
    } else if (typeof index === 'number') {
      result = at(result, index, axis);
    } else if (index instanceof Tensor || index instanceof Variable) {
      const picked = integers('np.slice', index);
      result = gather(result, picked, axis, 'fill');
      axis += picked.ndim;
    } else {
      result = range(result, index, axis);
      axis += 1;
    }
  }
  return result;
}

/** The indices with `...` written out. */
function expanded(x: Tensor, indices: readonly Index[]): Exclude<Index, '...'>[] {
  const count = indices.filter((index) => index !== null && index !== '...').length;
  const dots = indices.filter((index) => index === '...').length;
  if (count > x.ndim || dots > 1) {
    const problem = `np.slice: ${count} indices and ${dots} times '...' for shape ${showShape(x.shape)}`;
    fail('AXIS', problem, `x.slice(${x.shape.map(() => '[]').join(', ')})`);
  }
  const whole = Array.from({ length: x.ndim - count }, (): Range => []);
  return indices.flatMap((index) => (index === '...' ? whole : [index]));
}

/** The slice at one index of an axis, which is dropped. */
function at(x: Tensor, index: number, axis: number): Tensor {
  const extent = x.shape[axis] ?? 0;
  if (!Number.isInteger(index) || index < -extent || index >= extent) {
    fail('VALUE', `np.slice: index ${index} is outside axis ${axis} of shape ${showShape(x.shape)}`, 'x.slice(-1)');
  }
  const position = index < 0 ? index + extent : index;
  return lax.squeeze(lax.sliceInDim(x, position, position + 1, { axis }), [axis]);
}

function range(x: Tensor, bounds: Range, axis: number): Tensor {
  const extent = x.shape[axis] ?? 0;
  const [start = null, stop = null, step = null] = bounds;
  const stride = step ?? 1;
  const isRange = [start, stop, step].every((bound) => bound === null || Number.isInteger(bound));
  if (bounds.length > 3 || stride === 0 || !isRange) {
    fail('VALUE', `np.slice: ${JSON.stringify(bounds)} is not [start, stop, step] of integers, step not 0`, 'x.slice([0, 2])');
  }
  // A backward range is a forward range of the reversed axis.
  const place = (bound: number): number => {
    const position = bound < 0 ? bound + extent : bound;
    return Math.min(Math.max(stride < 0 ? extent - 1 - position : position, 0), extent);
  };
  const low = start === null ? 0 : place(start);
  const high = stop === null ? extent : place(stop);
  const source = stride < 0 ? lax.rev(x, [axis]) : x;
  if (low === 0 && high === extent && Math.abs(stride) === 1) return source;
  return lax.sliceInDim(source, low, Math.max(low, high), { axis, stride: Math.abs(stride) });
}

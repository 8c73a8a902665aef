/** Reductions of windows that move over an array: pooling in general. */
import { isFloat } from '../../compiler/dtype.ts';
import { MAXIMUM, MINIMUM, SUM } from '../../compiler/primitives/reduce/fold.ts';
import { readOptions } from '../options.ts';
import { apply } from '../trace/bind.ts';
import type { Tensor } from '../trace/tensor.ts';
import { userError } from '../trace/user-error.ts';
import { add, max, min } from './binary.ts';
import { atomOf } from './operands.ts';
import type { LaxOperand } from './operands.ts';
import { paddingOf } from './padding.ts';
import type { Padding } from './padding.ts';

export interface ReduceWindowOptions {
  /** From one element of the operand to the next, one entry per axis; default 1. */
  readonly baseDilation?: readonly number[] | null;
  /** From one element of a window to the next; default 1. */
  readonly windowDilation?: readonly number[] | null;
}

/** `lax.add`, `lax.max` or `lax.min`. */
export type WindowComputation = typeof add;

const MONOIDS = new Map([
  [add, { primitive: 'reduce_window_sum', name: 'add', fold: SUM, start: '0' }],
  [max, { primitive: 'reduce_window_max', name: 'max', fold: MAXIMUM, start: '-Infinity' }],
  [min, { primitive: 'reduce_window_min', name: 'min', fold: MINIMUM, start: 'Infinity' }],
]);

/**
 * Every window of `x` combined by `lax.add`, `lax.max` or `lax.min`, from the value that changes nothing: 0, -Infinity, Infinity
 * (or the lowest and highest integer). The parameters have an entry per axis of x; windows move by `windowStrides`. Of several
 * elements that attain a maximum, the first has the derivative. jax.lax.reduce_window.
 *
 * @throws VALUE for another computation or initial value, and for extents below 1; SHAPE when there is not an entry per axis.
 */
export function reduceWindow(
  x: LaxOperand,
  initValue: number,
  computation: WindowComputation,
  windowDimensions: readonly number[],
  windowStrides: readonly number[],
  padding: Padding,
  options: ReduceWindowOptions = {},
): Tensor {
  const call = 'lax.reduceWindow';
  const choices = readOptions<Required<ReduceWindowOptions>>(call, options, { baseDilation: null, windowDilation: null });
  const operand = atomOf(x);
  const { dtype, shape } = operand.aval;
  const monoid = MONOIDS.get(computation);
  if (monoid === undefined) {
    throw userError('VALUE', `${call}: windows are combined by lax.add, lax.max or lax.min, not by ${describe(computation)}`, {
      fix: `${call}(x, 0, lax.add, [${windowDimensions}], [${windowStrides}], 'VALID')`,
    });
  }
  const neutral = monoid.fold.identity(dtype);
  const infinite = !isFloat(dtype) && Math.abs(initValue) === Infinity && initValue === monoid.fold.identity('float32');
  if (initValue !== neutral && !infinite) {
    throw userError('VALUE', `${call}: lax.${monoid.name} of ${dtype} begins with ${neutral}, not with ${initValue}`, {
      fix: `lax.${monoid.name}(${call}(x, ${monoid.start}, lax.${monoid.name}, ...), ${initValue})`,
    });
  }
  const ones = shape.map(() => 1);
  const windowDilation = choices.windowDilation ?? ones;
  const axes = shape.map((extent, axis) => ({
    extent,
    window: windowDimensions[axis] ?? 1,
    stride: windowStrides[axis] ?? 1,
    windowDilation: windowDilation[axis] ?? 1,
  }));
  return apply(monoid.primitive, [operand], {
    windowDimensions,
    windowStrides,
    padding: paddingOf(call, padding, axes),
    baseDilation: choices.baseDilation ?? ones,
    windowDilation,
  });
}

function describe(computation: unknown): string {
  const named = typeof computation === 'function' && computation.name !== '';
  return named ? `the function ${computation.name}` : 'an unnamed function';
}

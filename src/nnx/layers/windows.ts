/** What convolutions and pooling have in common: numbers per spatial axis, and inputs with any number of batch axes. */
import { showShape, sizeOf } from '../../../compiler/shape.ts';
import { fail } from '../../numpy/operands.ts';
import { describeValue } from '../../trace/bind.ts';
import type { Tensor } from '../../trace/tensor.ts';

/** One number for all spatial axes, or one for each. */
export type PerAxis = number | readonly number[];

/** One number for each of `rank` spatial axes, whole and from 1. @throws VALUE */
export function perAxis(call: string, option: string, value: PerAxis, rank: number): readonly number[] {
  const list = typeof value === 'number' ? new Array<number>(rank).fill(value) : value;
  if (list.length === rank && list.every((entry) => Number.isInteger(entry) && entry >= 1)) return list;
  const problem = `${call}: ${option} ${JSON.stringify(value)} must be a whole number from 1, or ${rank} of them`;
  return fail('VALUE', problem, `{ ${option}: [${Array.from({ length: rank }, () => 1).join(', ')}] }`);
}

/** Numbers of elements before and after each spatial axis: one for all, one per axis for both sides, or pairs. */
export type Amounts = number | readonly (number | readonly [number, number])[];

/** A pair for each of `rank` spatial axes. @throws VALUE for what is no such amounts. */
export function pairs(call: string, padding: Amounts, rank: number): readonly (readonly [number, number])[] {
  const list = typeof padding === 'number' ? new Array<number>(rank).fill(padding) : padding;
  const isPair = (entry: unknown): boolean => Array.isArray(entry) && entry.length === 2 && entry.every(Number.isInteger);
  if (Array.isArray(list) && list.length === rank && list.every((entry) => Number.isInteger(entry) || isPair(entry))) {
    return list.map((entry) => (typeof entry === 'number' ? [entry, entry] : entry));
  }
  const given = typeof padding === 'object' ? JSON.stringify(padding) : describeValue(padding);
  const problem = `${call}: the padding ${given} is no name of one, no whole number and no list of ${rank} of them or of pairs`;
  return fail('VALUE', problem, `{ padding: [${Array.from({ length: rank }, () => '[0, 0]').join(', ')}] }`);
}

/** The tensor with all axes before the spatial ones as one, applied to `f`, and its result with them again. */
export function inOneBatch(x: Tensor, spatial: number, f: (x: Tensor) => Tensor): Tensor {
  const batch = x.shape.slice(0, x.ndim - spatial - 1);
  if (batch.length === 1) return f(x);
  const y = f(x.reshape([sizeOf(batch), ...x.shape.slice(batch.length)]));
  return y.reshape([...batch, ...y.shape.slice(1)]);
}

/** @throws SHAPE unless x has the spatial axes that windows move along, and one for the features. */
export function expectSpatial(name: string, x: Tensor, window: readonly number[], fix: string): void {
  if (x.ndim >= window.length + 1) return;
  const needed = `windows of ${showShape(window)} need ${window.length} axes and one for the features`;
  fail('SHAPE', `${name}: the input ${x.describe()} has rank ${x.ndim}, and ${needed}`, fix);
}

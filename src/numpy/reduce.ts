/** What reductions share: their options, and reducing with `keepdims`. */
import { sizeOf } from '../../compiler/shape.ts';
import * as lax from '../lax/index.ts';
import { readOptions } from '../options.ts';
import type { Tensor } from '../trace/tensor.ts';
import { axesOf, fail } from './operands.ts';
import type { Axes } from './operands.ts';

export interface ReduceOptions {
  /** The axes to reduce; all by default. */
  readonly axis?: Axes;
  /** Whether reduced axes stay, with extent 1; default false. */
  readonly keepdims?: boolean;
}

/** What a reduction takes after its operand: axes alone, or options. */
export type Reduce<Options extends ReduceOptions = ReduceOptions> = Axes | Options;

/** What reductions do unless told otherwise. */
export const WHOLE: Required<ReduceOptions> = { axis: null, keepdims: false };

/** The options of a reduction, which may be axes alone. @throws VALUE for an unknown option */
export function reduceOptions<Choices extends { readonly axis: Axes }>(
  name: string,
  reduce: Axes | Partial<Choices> | undefined,
  defaults: Choices,
): Choices {
  const isAxes = reduce === null || typeof reduce === 'number' || Array.isArray(reduce);
  return readOptions(name, (isAxes ? { axis: reduce } : (reduce ?? {})) as Partial<Choices>, defaults);
}

/** x reduced by a lax reduction over the axes of the options. */
export function reduced(
  name: string,
  reduction: (x: Tensor, axes: readonly number[]) => Tensor,
  x: Tensor,
  { axis = null, keepdims = false }: ReduceOptions,
): Tensor {
  const axes = axesOf(name, axis, x.ndim);
  if (axes.length === 0) return x;
  const result = reduction(x, axes);
  return keepdims ? lax.expandDims(result, axes) : result;
}

/** The number of elements that are reduced to one. */
export function reducedSize(name: string, x: Tensor, { axis = null }: ReduceOptions): number {
  return sizeOf(axesOf(name, axis, x.ndim).map((i) => x.shape[i] ?? 1));
}

/** @throws VALUE when the axes to reduce have no elements. */
export function nonEmpty(name: string, x: Tensor, options: ReduceOptions): Tensor {
  if (reducedSize(name, x, options) > 0) return x;
  return fail('VALUE', `${name}: ${x.describe()} has no elements along the reduced axes`, `if (x.size > 0) ${name}(x)`);
}

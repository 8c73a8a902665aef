/** Sorting along an axis. Zeros are equal whatever their sign, and NaN comes last. */
import { findPrimitive } from '../../compiler/primitives/index.ts';
import { normalizeAxis } from '../../compiler/shape.ts';
import { readOptions } from '../options.ts';
import { bind, located } from '../trace/bind.ts';
import type { Tensor } from '../trace/tensor.ts';
import { atomOf } from './operands.ts';
import type { LaxOperand } from './operands.ts';

export interface SortOptions {
  /** The axis; default the last. */
  readonly dimension?: number;
  /** Whether equal keys must keep their order; default true. They keep it anyhow. */
  readonly isStable?: boolean;
  /**
   * How many operands, from the first, are compared, one where those before are equal; default 1. The others are carried
   * along.
   */
  readonly numKeys?: number;
}

/**
 * x in ascending order along an axis, or several tensors of one shape in the order of their keys. Derivatives are carried
 * along. jax.lax.sort.
 *
 * @throws SHAPE when the shapes differ, AXIS, VALUE for another number of keys than there are operands to compare.
 */
export function sort(x: LaxOperand, options?: SortOptions): Tensor;
export function sort(operands: readonly LaxOperand[], options?: SortOptions): Tensor[];
export function sort(operands: LaxOperand | readonly LaxOperand[], options: SortOptions = {}): Tensor | Tensor[] {
  const { dimension, ...rest } = readOptions('lax.sort', options, { dimension: -1, isStable: true, numKeys: 1 });
  const isList = Array.isArray(operands);
  const atoms = (isList ? operands : [operands as LaxOperand]).map(atomOf);
  const rank = atoms[0]?.aval.shape.length ?? 0;
  const fix = (fitting: string): string => `lax.sort(x, { dimension: ${fitting} })`;
  const params = { dimension: located(() => normalizeAxis(dimension, rank, 'lax.sort', fix)), ...rest };
  const sorted = bind(findPrimitive('sort')!, atoms, params);
  return isList ? sorted : sorted[0]!;
}

/**
 * The keys in ascending order along an axis, and the values in the order of their keys. jax.lax.sort_key_val. @throws as
 * `sort`
 */
export function sortKeyVal(
  keys: LaxOperand,
  values: LaxOperand,
  options: Pick<SortOptions, 'dimension' | 'isStable'> = {},
): [keys: Tensor, values: Tensor] {
  const choices = readOptions('lax.sortKeyVal', options, { dimension: -1, isStable: true });
  return sort([keys, values], choices) as [Tensor, Tensor];
}

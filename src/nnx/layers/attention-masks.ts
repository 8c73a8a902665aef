/** Masks of attention weights: float32 by default, as in Flax, where 0 hides a key from a query. */
import type { DType } from '../../../compiler/dtype.ts';
import { np } from '../../numpy/index.ts';
import { asDType, fail } from '../../numpy/operands.ts';
import { readOptions } from '../../options.ts';
import { tensorOf } from '../../trace/bind.ts';
import type { Operand } from '../../trace/bind.ts';
import type { Tensor } from '../../trace/tensor.ts';

export interface CausalMaskOptions {
  /** How many leading axes of extent 1 to add; default 0. */
  readonly extraBatchDims?: number;
  /** Default float32. */
  readonly dtype?: DType;
}

export interface AttentionMaskOptions extends CausalMaskOptions {
  /** What a query's number and a key's make of each other; default their product. */
  readonly pairwiseFn?: (query: Tensor, key: Tensor) => Tensor;
}

/**
 * A mask from one number for each query, [...batch, T], and each key, [...batch, S]: [...batch, 1, T, S], for all heads.
 * flax.nnx.make_attention_mask.
 */
export function makeAttentionMask(queryInput: Operand, keyInput: Operand, options: AttentionMaskOptions = {}): Tensor {
  const defaults: Required<AttentionMaskOptions> = { extraBatchDims: 0, dtype: 'float32', pairwiseFn: np.multiply };
  const { pairwiseFn, extraBatchDims, dtype } = readOptions('nnx.makeAttentionMask', options, defaults);
  const pairs = np.expandDims(pairwiseFn(np.expandDims(queryInput, -1), np.expandDims(keyInput, -2)), -3);
  return asDType(np.expandDims(pairs, Array.from({ length: extraBatchDims }, (_, axis) => axis)), dtype);
}

/** The mask under which position t of x [...batch, T] sees those up to t: [...batch, 1, T, T]. flax.nnx.make_causal_mask. */
export function makeCausalMask(x: Operand, options: CausalMaskOptions = {}): Tensor {
  const { shape } = tensorOf(x);
  const positions = np.broadcastTo(np.arange(shape.at(-1) ?? 0), shape);
  return makeAttentionMask(positions, positions, { ...options, pairwiseFn: np.greaterEqual });
}

/**
 * The mask, float32, that hides what any of the masks hides; null where there is none. Masks that are null do not count.
 * flax.nnx.combine_masks.
 *
 * @throws SHAPE for masks of different ranks, and for those that do not broadcast.
 */
export function combineMasks(...masks: readonly (Operand | null)[]): Tensor | null {
  const given = masks.filter((mask) => mask !== null).map(tensorOf);
  if (new Set(given.map(({ ndim }) => ndim)).size > 1) {
    const problem = `nnx.combineMasks: the masks ${given.map((mask) => mask.describe()).join(', ')} have different ranks`;
    fail('SHAPE', problem, 'nnx.combineMasks(mask, np.expandDims(other, 0))');
  }
  if (given.length === 0) return null;
  return asDType(given.reduce((all, mask) => np.logicalAnd(all, mask)), 'float32');
}

/** Scaled dot-product attention (Vaswani et al. 2017, Attention is all you need, arXiv:1706.03762). */
import { isInteger } from '../../compiler/dtype.ts';
import { sameShape, showShape } from '../../compiler/shape.ts';
import * as lax from '../lax/index.ts';
import { np } from '../numpy/index.ts';
import { asDType, fail, floatTensor } from '../numpy/operands.ts';
import { readOptions } from '../options.ts';
import { resultType, tensorOf } from '../trace/bind.ts';
import type { Operand } from '../trace/bind.ts';
import type { Tensor } from '../trace/tensor.ts';
import { broadcasting, checkHeads, scores, weightedSum } from './heads.ts';
import { softmax } from './normalized.ts';

export interface AttentionOptions {
  /** Added to the scaled products; broadcasts to [...batch, N, T, S]. */
  readonly bias?: Operand | null;
  /** bool, broadcasts to [...batch, N, T, S]: where false, the query does not see the key. */
  readonly mask?: Operand | null;
  /** What the products are multiplied by; default 1 / sqrt(H). */
  readonly scale?: number | null;
  /** Whether a query sees only the keys up to its own position; default false. */
  readonly isCausal?: boolean;
  /** How many queries of each batch element count, int32[...batch]; the results of the others are zero. */
  readonly querySeqLengths?: Operand | null;
  /** How many keys of each batch element count, int32[...batch]. */
  readonly keyValueSeqLengths?: Operand | null;
  /** How many keys before and behind its own position a query sees: `[left, right]`, or one number for both. */
  readonly localWindowSize?: number | readonly [left: number, right: number] | null;
}

const DEFAULTS: Required<AttentionOptions> = {
  bias: null,
  mask: null,
  scale: null,
  isCausal: false,
  querySeqLengths: null,
  keyValueSeqLengths: null,
  localWindowSize: null,
};

/**
 * The mean of the values, weighted by the softmax of query times key: queries [...batch, T, N, H], keys [...batch, S, K, H] and
 * values [...batch, S, K, V] give [...batch, T, N, V]. N is a multiple of K: so many query heads share a head of keys. Weights
 * are float32, and finite for a query that sees no key, which gives the plain mean. jax.nn.dot_product_attention.
 *
 * @throws SHAPE; DTYPE for a mask that is not bool; VALUE for a window of negative size.
 */
export function dotProductAttention(query: Operand, key: Operand, value: Operand, options: AttentionOptions = {}): Tensor {
  const name = 'nn.dotProductAttention';
  const choices = readOptions<Required<AttentionOptions>>(name, options, DEFAULTS);
  const [q, k, v] = ofOneType([query, key, value]);
  checkHeads(name, q, k, v);
  const products = scores(asDType(q, 'float32'), asDType(k, 'float32'));
  const scaled = lax.mul(products, choices.scale ?? 1 / Math.sqrt(q.shape.at(-1)!));
  const { bias } = choices;
  const biased = bias === null ? scaled : np.add(scaled, broadcasting(name, 'bias', tensorOf(bias), scaled.shape));
  const visible = masks(name, choices, scaled.shape).reduce<Tensor | null>(both, null);
  // Far below every product, yet finite, so that a row without any key is uniform and not NaN.
  const logits = visible === null ? biased : np.where(visible, biased, -0.7 * np.finfo('float32').max);
  const result = weightedSum(asDType(softmax(logits), v.dtype), v);
  if (choices.querySeqLengths === null) return result;
  return np.where(within(choices.querySeqLengths, q.shape.at(-3)!, [-2, -1]), result, 0);
}

function ofOneType(operands: readonly [Operand, Operand, Operand]): [Tensor, Tensor, Tensor] {
  const [query, key, value] = operands.map(floatTensor) as [Tensor, Tensor, Tensor];
  const { dtype } = resultType([query, key, value]);
  return [asDType(query, dtype), asDType(key, dtype), asDType(value, dtype)];
}

/** All the masks that the options ask for, of shapes that broadcast to that of the weights. */
function masks(name: string, options: Required<AttentionOptions>, shape: readonly number[]): Tensor[] {
  const [length, keys] = [shape.at(-2)!, shape.at(-1)!];
  const { mask, isCausal, localWindowSize, querySeqLengths, keyValueSeqLengths } = options;
  const found: Tensor[] = [];
  if (mask !== null) found.push(broadcasting(name, 'mask', boolean(name, tensorOf(mask)), shape));
  if (isCausal) found.push(lax.ge(distances(length, keys), 0));
  if (localWindowSize !== null) {
    const [left, right] = windowOf(name, localWindowSize);
    found.push(lax.le(distances(length, keys), left), lax.ge(distances(length, keys), -right));
  }
  const batch = shape.slice(0, -3);
  if (querySeqLengths !== null) found.push(within(lengthsOf(name, querySeqLengths, batch), length, [-3, -1]));
  if (keyValueSeqLengths !== null) found.push(within(lengthsOf(name, keyValueSeqLengths, batch), keys, [-3, -2]));
  return found;
}

/** How far behind the query's position the key is: int32[length, keys]. */
function distances(length: number, keys: number): Tensor {
  return np.subtract(np.expandDims(np.arange(length), 1), np.arange(keys));
}

/** Which of `extent` positions lie within the lengths: bool[...batch, extent], with axes of extent 1 inserted at `axes`. */
function within(lengths: Operand, extent: number, axes: readonly number[]): Tensor {
  return np.expandDims(np.less(np.arange(extent), np.expandDims(lengths, -1)), axes);
}

function lengthsOf(name: string, lengths: Operand, batch: readonly number[]): Tensor {
  const given = tensorOf(lengths);
  if (isInteger(given.dtype) && sameShape(given.shape, batch)) return given;
  const problem = `${name}: the lengths ${given.describe()} are not integers, one for each of the batch ${showShape(batch)}`;
  return fail('SHAPE', problem, `np.full(${showShape(batch)}, 3, { dtype: 'int32' })`);
}

function both(mask: Tensor | null, other: Tensor): Tensor {
  return mask === null ? other : np.logicalAnd(mask, other);
}

function boolean(name: string, mask: Tensor): Tensor {
  if (mask.dtype === 'bool') return mask;
  const problem = `${name}: the mask ${mask.describe()} is not bool; what is added to the products is the bias`;
  return fail('DTYPE', problem, 'np.notEqual(mask, 0)');
}

function windowOf(name: string, size: number | readonly [number, number]): readonly [number, number] {
  const [left, right] = typeof size === 'number' ? [size, size] : size;
  if (left >= 0 && right >= 0) return [left, right];
  const problem = `${name}: the window [${left}, ${right}] has a negative size`;
  return fail('VALUE', problem, `${name}(q, k, v, { localWindowSize: [3, 0] })`);
}

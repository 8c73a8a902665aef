/** Attention with dropout of its weights. */
import type { DType } from '../../../compiler/dtype.ts';
import * as lax from '../../lax/index.ts';
import { dotProductAttention as attend, softmax } from '../../nn/index.ts';
import { broadcasting, checkHeads, scores, weightedSum } from '../../nn/heads.ts';
import { np } from '../../numpy/index.ts';
import { asDType, fail } from '../../numpy/operands.ts';
import * as random from '../../random/index.ts';
import type { Key } from '../../random/index.ts';
import { describeValue, tensorOf } from '../../trace/bind.ts';
import type { Operand } from '../../trace/bind.ts';
import type { Tensor } from '../../trace/tensor.ts';
import type { Variable } from '../../trace/variable.ts';
import { sow } from '../sow.ts';
import { promoteDtype } from './dtypes.ts';
import { readLayerOptions } from './layer.ts';

export interface DotProductAttentionOptions {
  /** Added to the scaled products; broadcasts to [...batch, N, T, S]. */
  readonly bias?: Operand | null;
  /** Broadcasts to [...batch, N, T, S]: where 0 or false, the query does not see the key. */
  readonly mask?: Operand | null;
  /** Whether one mask of dropout, [T, S], serves all batch elements and heads; default true. */
  readonly broadcastDropout?: boolean;
  /** The key that dropout draws with; needed where there is dropout. */
  readonly dropoutRng?: Key | Variable | null;
  /** The probability that a weight is dropped; default 0. */
  readonly dropoutRate?: number;
  /** Whether there is no dropout; default false. */
  readonly deterministic?: boolean;
  /** The dtype to compute in; by default the one that the operands promote to. */
  readonly dtype?: DType | null;
  /** Whether a query sees only the keys up to its own position; default false. */
  readonly isCausal?: boolean;
  /** Whether `capture` gets the weights before dropout, as `attention_weights`; default false. */
  readonly sowWeights?: boolean;
}

type Choices = Required<DotProductAttentionOptions>;

const DEFAULTS: Choices = {
  bias: null,
  mask: null,
  broadcastDropout: true,
  dropoutRng: null,
  dropoutRate: 0,
  deterministic: false,
  dtype: null,
  isCausal: false,
  sowWeights: false,
};

/**
 * The softmax of query times key, divided by the square root of the depth: queries [...batch, T, N, H] and keys [...batch, S,
 * K, H] give [...batch, N, T, S]. A query that sees no key has equal weights. flax.nnx.dot_product_attention_weights.
 *
 * @throws SHAPE; RNG for dropout without `dropoutRng`, VALUE for a rate that is no probability.
 */
export function dotProductAttentionWeights(query: Operand, key: Operand, options: DotProductAttentionOptions = {}): Tensor {
  const name = 'nnx.dotProductAttentionWeights';
  const choices = readLayerOptions<Choices>(name, options, DEFAULTS);
  const [q, k] = promoteDtype(name, [query, key], choices.dtype);
  checkHeads(name, q, k, null);
  return weightsOf(name, q, k, choices);
}

/**
 * The values, weighted by `dotProductAttentionWeights`: values [...batch, S, K, V] give [...batch, T, N, V]. Without dropout it
 * is `nn.dotProductAttention`. flax.nnx.dot_product_attention.
 *
 * @throws SHAPE; RNG for dropout without `dropoutRng`, VALUE for a rate that is no probability.
 */
export function dotProductAttention(
  query: Operand,
  key: Operand,
  value: Operand,
  options: DotProductAttentionOptions = {},
): Tensor {
  const name = 'nnx.dotProductAttention';
  const choices = readLayerOptions<Choices>(name, options, DEFAULTS);
  const { dtype, bias, mask, isCausal, sowWeights } = choices;
  const [q, k, v] = promoteDtype(name, [query, key, value], dtype);
  checkHeads(name, q, k, v);
  if (drops(name, choices) || sowWeights) return weightedSum(weightsOf(name, q, k, choices), v);
  return attend(q, k, v, { bias, mask: mask === null ? null : asDType(mask, 'bool'), isCausal });
}

function weightsOf(name: string, query: Tensor, key: Tensor, choices: Choices): Tensor {
  const products = scores(lax.div(query, Math.sqrt(query.shape.at(-1)!)), key);
  const { bias } = choices;
  const logits = bias === null ? products : np.add(products, broadcasting(name, 'bias', tensorOf(bias), products.shape));
  const weights = asDType(softmax(masked(name, logits, choices)), query.dtype);
  if (choices.sowWeights) sow(weights, 'attention_weights');
  return drops(name, choices) ? dropped(name, weights, choices) : weights;
}

/** @throws VALUE for a rate that is no probability. */
export function checkRate(call: string, rate: number): void {
  if (rate >= 0 && rate <= 1) return;
  const problem = `${call}: the rate of dropout is a probability, not ${describeValue(rate)}`;
  fail('VALUE', problem, `${call}(..., { dropoutRate: 0.1 })`);
}

function drops(name: string, { deterministic, dropoutRate }: Choices): boolean {
  checkRate(name, dropoutRate);
  return !deterministic && dropoutRate > 0;
}

/** The logits, with the lowest float where a key is hidden, so that a row without any key stays finite. */
function masked(name: string, logits: Tensor, { mask, isCausal }: Choices): Tensor {
  const causal = isCausal ? np.tril(np.ones(logits.shape.slice(-2), { dtype: 'bool' })) : null;
  const given = mask === null ? null : broadcasting(name, 'mask', asDType(mask, 'bool'), logits.shape);
  const visible = given !== null && causal !== null ? np.logicalAnd(given, causal) : given ?? causal;
  return visible === null ? logits : np.where(visible, logits, np.finfo(logits.dtype).min);
}

function dropped(name: string, weights: Tensor, { dropoutRng, dropoutRate, broadcastDropout }: Choices): Tensor {
  if (dropoutRng === null) {
    const problem = `${name}: dropout at rate ${dropoutRate} needs a key`;
    return fail('RNG', problem, `${name}(..., { dropoutRate: ${dropoutRate}, dropoutRng: key })`);
  }
  const keep = 1 - dropoutRate;
  const shape = broadcastDropout ? weights.shape.map((extent, axis) => (axis < weights.ndim - 2 ? 1 : extent)) : weights.shape;
  const kept = random.bernoulli(dropoutRng, keep, shape);
  return np.where(kept, weights.div(keep), 0);
}

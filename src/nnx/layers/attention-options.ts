/** How to make and to call MultiHeadAttention. */
import type { Operand } from '../../trace/bind.ts';
import { Tensor } from '../../trace/tensor.ts';
import { Variable } from '../../trace/variable.ts';
import type { Initializer } from '../initializers.ts';
import type { KeySource } from '../rngs.ts';
import { dotProductAttention } from './dot-product-attention.ts';
import type { DotProductAttentionOptions } from './dot-product-attention.ts';
import { LINEAR_DEFAULTS } from './linear.ts';
import type { LinearOptions } from './linear.ts';

/** Attention over queries [...batch, T, N, H], keys and values [...batch, S, K, H]: [...batch, T, N, H]. */
export type AttentionFn = (query: Tensor, key: Tensor, value: Tensor, options: DotProductAttentionOptions) => Tensor;

export interface MultiHeadAttentionOptions extends LinearOptions {
  /** The features of all heads together; default `inFeatures`. */
  readonly qkvFeatures?: number | null;
  /** The features of the result; default `inFeatures`. */
  readonly outFeatures?: number | null;
  /** The heads of keys and values, of which `numHeads` is a multiple; default `numHeads`. */
  readonly numKvHeads?: number | null;
  /** The features of `inputsK` and `inputsV`; default `inFeatures`. */
  readonly inKvFeatures?: number | null;
  /** The probability that a weight is dropped; default 0. */
  readonly dropoutRate?: number;
  /** Whether one mask of dropout serves all batch elements and heads; default true. */
  readonly broadcastDropout?: boolean;
  /** Whether there is no dropout; null (default) leaves it to each call. */
  readonly deterministic?: boolean | null;
  /** Whether queries and keys pass a LayerNorm without bias (Dehghani et al. 2023, arXiv:2302.05442); default false. */
  readonly normalizeQk?: boolean;
  /** Default `kernelInit`. */
  readonly outKernelInit?: Initializer | null;
  /** Default `biasInit`. */
  readonly outBiasInit?: Initializer | null;
  /** Default `nnx.dotProductAttention`. */
  readonly attentionFn?: AttentionFn;
  /** Whether calls take one position, and keep its key and value in the cache; default false. */
  readonly decode?: boolean;
  /** Whether the layer with dropout has a stream of its own; default true. */
  readonly keepRngs?: boolean;
}

export interface MultiHeadAttentionCallOptions {
  /** Broadcasts to [...batch, numHeads, T, S]: where 0 or false, the query does not see the key. */
  readonly mask?: Operand | null;
  /** Whether a query sees only the keys up to its own position; default false. Decoding always does so. */
  readonly isCausal?: boolean;
  /** By default as the layer was made. */
  readonly deterministic?: boolean | null;
  /** Where this call's key for dropout comes from, in place of the layer's own stream. */
  readonly rngs?: KeySource | null;
  /** By default as the layer was made. */
  readonly decode?: boolean;
  /** Whether `capture` gets the weights, [...batch, numHeads, T, S], as `attention_weights`; default false. */
  readonly sowWeights?: boolean;
}

/** What `forward` takes behind the queries: keys, values, and options at the end. */
export type AttentionArguments =
  | readonly [options?: MultiHeadAttentionCallOptions]
  | readonly [inputsK: Operand | null, options?: MultiHeadAttentionCallOptions]
  | readonly [inputsK: Operand | null, inputsV: Operand | null, options?: MultiHeadAttentionCallOptions];

export const ATTENTION_DEFAULTS: Required<Omit<MultiHeadAttentionOptions, 'rngs'>> = {
  ...LINEAR_DEFAULTS,
  qkvFeatures: null,
  outFeatures: null,
  numKvHeads: null,
  inKvFeatures: null,
  dropoutRate: 0,
  broadcastDropout: true,
  deterministic: null,
  normalizeQk: false,
  outKernelInit: null,
  outBiasInit: null,
  attentionFn: dotProductAttention,
  decode: false,
  keepRngs: true,
};

export interface ReadArguments {
  readonly inputsK: Operand | null;
  readonly inputsV: Operand | null;
  readonly options: MultiHeadAttentionCallOptions;
}

export function readArguments(given: AttentionArguments): ReadArguments {
  const all: readonly (Operand | MultiHeadAttentionCallOptions | null | undefined)[] = given;
  const [inputsK = null, inputsV = null] = all.filter((argument) => !isOptions(argument)) as (Operand | null | undefined)[];
  return { inputsK, inputsV, options: all.find(isOptions) ?? {} };
}

function isOptions(argument: unknown): argument is MultiHeadAttentionCallOptions {
  return typeof argument === 'object' && argument !== null && !(argument instanceof Tensor) && !(argument instanceof Variable);
}

/** MultiHeadAttention: attention between projections, with a cache for decoding position by position. */
import type { DType } from '../../../compiler/dtype.ts';
import { np } from '../../numpy/index.ts';
import { fail } from '../../numpy/operands.ts';
import { readOptions } from '../../options.ts';
import { tensorOf } from '../../trace/bind.ts';
import type { Operand } from '../../trace/bind.ts';
import type { Tensor } from '../../trace/tensor.ts';
import { Module } from '../module.ts';
import { RngStream } from '../rng-stream.ts';
import { Cache } from '../variables.ts';
import { append } from './attention-cache.ts';
import { ATTENTION_DEFAULTS, readArguments } from './attention-options.ts';
import type { AttentionArguments, AttentionFn } from './attention-options.ts';
import type { MultiHeadAttentionCallOptions, MultiHeadAttentionOptions } from './attention-options.ts';
import { checkRate } from './dot-product-attention.ts';
import { checkFeatures, constructorOptions, nameOf } from './layer.ts';
import { LayerNorm } from './layer-norm.ts';
import { LinearGeneral } from './linear-general.ts';

/**
 * Attention of `numHeads` heads between linear layers: [...batch, T, inFeatures] to [...batch, T, outFeatures]. Vaswani et al.
 * 2017, Attention is all you need, arXiv:1706.03762; flax.nnx.MultiHeadAttention.
 */
export class MultiHeadAttention extends Module {
  static readonly callOptions: readonly string[] = ['deterministic', 'rngs', 'decode', 'isCausal'];
  readonly numHeads: number;
  readonly inFeatures: number;
  readonly qkvFeatures: number;
  readonly outFeatures: number;
  readonly numKvHeads: number;
  readonly inKvFeatures: number;
  readonly headDim: number;
  readonly dtype: DType | null;
  readonly dropoutRate: number;
  readonly broadcastDropout: boolean;
  readonly deterministic: boolean | null;
  readonly attentionFn: AttentionFn;
  readonly decode: boolean;
  readonly query: LinearGeneral;
  readonly key: LinearGeneral;
  readonly value: LinearGeneral;
  readonly query_ln: LayerNorm | null;
  readonly key_ln: LayerNorm | null;
  readonly out: LinearGeneral;
  /** The layer's own stream for dropout. */
  readonly rngs: RngStream | null;
  /** [...batch, length, numKvHeads, headDim]; null before `initCache`. */
  cached_key: Cache | null = null;
  cached_value: Cache | null = null;
  /** int32[]: the position that comes next. */
  cache_index: Cache | null = null;

  /** @throws VALUE for heads that do not divide, and for a `dropoutRate` that is no probability; RNG without `rngs`. */
  constructor(numHeads: number, inFeatures: number, options: MultiHeadAttentionOptions) {
    super();
    const choices = constructorOptions('MultiHeadAttention', options, ATTENTION_DEFAULTS);
    const { useBias, kernelInit, biasInit, dtype, paramDtype, normalizeQk, dropoutRate } = choices;
    this.numHeads = numHeads;
    this.inFeatures = inFeatures;
    this.qkvFeatures = choices.qkvFeatures ?? inFeatures;
    this.outFeatures = choices.outFeatures ?? inFeatures;
    this.numKvHeads = choices.numKvHeads ?? numHeads;
    this.inKvFeatures = choices.inKvFeatures ?? inFeatures;
    checkDivisible(this);
    this.headDim = this.qkvFeatures / numHeads;
    this.dtype = dtype;
    checkRate('new nnx.MultiHeadAttention', dropoutRate);
    this.dropoutRate = dropoutRate;
    this.broadcastDropout = choices.broadcastDropout;
    this.deterministic = choices.deterministic;
    this.attentionFn = choices.attentionFn;
    this.decode = choices.decode;
    const { rngs } = options;
    const linear = { useBias, kernelInit, biasInit, dtype, paramDtype, rngs };
    this.query = new LinearGeneral(inFeatures, [numHeads, this.headDim], linear);
    this.key = new LinearGeneral(this.inKvFeatures, [this.numKvHeads, this.headDim], linear);
    this.value = new LinearGeneral(this.inKvFeatures, [this.numKvHeads, this.headDim], linear);
    const norm = (): LayerNorm => new LayerNorm(this.headDim, { useBias: false, dtype, paramDtype, rngs });
    this.query_ln = normalizeQk ? norm() : null;
    this.key_ln = normalizeQk ? norm() : null;
    this.out = new LinearGeneral([numHeads, this.headDim], this.outFeatures, {
      ...linear,
      axis: [-2, -1],
      kernelInit: choices.outKernelInit ?? kernelInit,
      biasInit: choices.outBiasInit ?? biasInit,
    });
    this.rngs = dropoutRate > 0 && choices.keepRngs ? new RngStream(rngs.makeRng('dropout'), 'dropout') : null;
  }

  /**
   * `forward(x)` for self-attention, `forward(q, kv)` or `forward(q, k, v)`, each with options behind: queries [...batch, T,
   * inFeatures], keys and values [...batch, S, inKvFeatures].
   *
   * @throws SHAPE; VALUE when a layer with dropout is not told whether it is deterministic, and for decoding without a cache;
   * RNG for dropout without a key; CHECK for decoding behind the end of the cache.
   */
  forward(inputsQ: Operand, ...rest: AttentionArguments): Tensor {
    const { inputsK, inputsV, options } = readArguments(rest);
    const { deterministic, decode } = this;
    const defaults = { mask: null, isCausal: false, deterministic, rngs: null, decode, sowWeights: false };
    const choices = readOptions<Required<MultiHeadAttentionCallOptions>>('attention.forward', options, defaults);
    const [q, k, v] = checkedInputs(this, inputsQ, inputsK, inputsV);
    const [query, key, value] = [this.query.forward(q), this.key.forward(k), this.value.forward(v)];
    const own = { query: this.query_ln?.forward(query) ?? query, key: this.key_ln?.forward(key) ?? key, value };
    const { mask, isCausal, sowWeights } = choices;
    const seen = choices.decode ? decoded(this, own.key, value, mask) : { ...own, mask, isCausal };
    const attended = this.attentionFn(own.query, seen.key, seen.value, {
      mask: seen.mask,
      isCausal: seen.isCausal,
      dtype: this.dtype,
      broadcastDropout: this.broadcastDropout,
      sowWeights,
      ...dropoutOf(this, choices),
    });
    return this.out.forward(attended);
  }

  /**
   * Makes the cache for decoding, of zeros: for inputs of shape [...batch, length, features], one position a call, `length` at
   * most. Calling it again begins anew.
   */
  initCache(inputShape: readonly number[], dtype: DType = 'float32'): void {
    const shape = [...inputShape.slice(0, -1), this.numKvHeads, this.headDim];
    this.cached_key = new Cache(np.zeros(shape, { dtype }));
    this.cached_value = new Cache(np.zeros(shape, { dtype }));
    this.cache_index = new Cache(np.array(0, { dtype: 'int32' }));
  }
}

function checkDivisible({ numHeads, numKvHeads, qkvFeatures }: MultiHeadAttention): void {
  const name = 'new nnx.MultiHeadAttention';
  if (qkvFeatures % numHeads !== 0) {
    const problem = `${name}: the ${qkvFeatures} features of queries and keys do not divide into ${numHeads} heads`;
    fail('VALUE', problem, `{ qkvFeatures: ${Math.ceil(qkvFeatures / numHeads) * numHeads}, rngs }`);
  }
  if (numHeads % numKvHeads !== 0) {
    const problem = `${name}: ${numHeads} heads do not divide into groups for ${numKvHeads} heads of keys and values`;
    fail('VALUE', problem, `{ numKvHeads: 1, rngs }`);
  }
}

/** The inputs of the three projections. */
function checkedInputs(
  layer: MultiHeadAttention,
  inputsQ: Operand,
  inputsK: Operand | null,
  inputsV: Operand | null,
): readonly [query: Tensor, key: Tensor, value: Tensor] {
  if (inputsK === null && inputsV !== null) {
    fail('VALUE', `${nameOf(layer)}: there are values and no keys`, 'attention.forward(x, keysAndValues)');
  }
  const query = tensorOf(inputsQ);
  const key = inputsK === null ? query : tensorOf(inputsK);
  const value = inputsV === null ? key : tensorOf(inputsV);
  const { numHeads, inFeatures, inKvFeatures } = layer;
  checkFeatures(layer, query, [-1], [inFeatures], (features) => `new nnx.MultiHeadAttention(${numHeads}, ${features}, { rngs })`);
  for (const input of [key, value]) {
    checkFeatures(layer, input, [-1], [inKvFeatures], (features) =>
      `new nnx.MultiHeadAttention(${numHeads}, ${inFeatures}, { inKvFeatures: ${features}, rngs })`);
  }
  return [query, key, value];
}

/** All keys and values up to this position, which enter the cache. */
function decoded(
  layer: MultiHeadAttention,
  key: Tensor,
  value: Tensor,
  mask: Operand | null,
): { readonly key: Tensor; readonly value: Tensor; readonly mask: Tensor; readonly isCausal: false } {
  const { cached_key, cached_value, cache_index } = layer;
  if (cached_key === null || cached_value === null || cache_index === null) {
    const problem = `${nameOf(layer)}: decoding needs a cache, and there is none`;
    return fail('VALUE', problem, 'attention.initCache([batch, length, features])');
  }
  const known = append(nameOf(layer), { key: cached_key, value: cached_value, index: cache_index }, key, value);
  return { ...known, mask: mask === null ? known.filled : np.logicalAnd(mask, known.filled), isCausal: false };
}

function dropoutOf(
  layer: MultiHeadAttention,
  { deterministic, rngs }: Required<MultiHeadAttentionCallOptions>,
): { readonly dropoutRate: number; readonly dropoutRng: Tensor | null } {
  const { dropoutRate } = layer;
  if (dropoutRate > 0 && deterministic === null) {
    const problem = `${nameOf(layer)} has dropout, and neither its options nor the call say whether it is deterministic`;
    fail('VALUE', problem, 'attention.forward(x, { deterministic: false })');
  }
  if (dropoutRate === 0 || deterministic === true) return { dropoutRate: 0, dropoutRng: null };
  const dropoutRng = rngs?.makeRng('dropout') ?? layer.rngs?.makeRng() ?? null;
  if (dropoutRng !== null) return { dropoutRate, dropoutRng };
  const problem = `${nameOf(layer)} drops weights, and has no rngs, neither of its own nor from the call`;
  return fail('RNG', problem, 'attention.forward(x, { deterministic: false, rngs })');
}

/** Dropout: random zeros in training. */
import * as lax from '../../lax/index.ts';
import { np } from '../../numpy/index.ts';
import { axesOf, fail, floatTensor } from '../../numpy/operands.ts';
import { readOptions } from '../../options.ts';
import * as random from '../../random/index.ts';
import { describeValue } from '../../trace/bind.ts';
import type { Operand } from '../../trace/bind.ts';
import type { Tensor } from '../../trace/tensor.ts';
import { Module } from '../module.ts';
import { RngStream } from '../rng-stream.ts';
import type { KeySource } from '../rngs.ts';
import { nameOf } from './layer.ts';

export interface DropoutOptions {
  /** Axes along which one draw counts for all elements; default none. */
  readonly broadcastDims?: readonly number[];
  /** Whether the layer is the identity unless a call says otherwise; default false. */
  readonly deterministic?: boolean;
  /** The name of the stream in `rngs`; default dropout. */
  readonly rngCollection?: string;
  /** Where the layer's own stream is forked from; without it every random call needs `rngs`. */
  readonly rngs?: KeySource | null;
}

export interface DropoutCallOptions {
  /** Whether this call is the identity; by default as the layer was made. */
  readonly deterministic?: boolean;
  /** Where this call's key comes from, in place of the layer's own stream. */
  readonly rngs?: KeySource;
}

/**
 * Zeroes each element with probability `rate` and divides the others by 1 - rate, in the shape and dtype of the input (integers
 * become float32). Srivastava et al. 2014, Dropout: a simple way to prevent neural networks from overfitting. flax.nnx.Dropout.
 */
export class Dropout extends Module {
  static readonly callOptions: readonly string[] = ['deterministic', 'rngs'];
  readonly rate: number;
  readonly broadcastDims: readonly number[];
  readonly deterministic: boolean;
  readonly rngCollection: string;
  /** The layer's own stream, whose count goes up with every random call. */
  readonly rngs: RngStream | null;

  /** @throws VALUE for a rate outside [0, 1] and for an unknown option. */
  constructor(rate: number, options: DropoutOptions = {}) {
    super();
    const defaults = { broadcastDims: [], deterministic: false, rngCollection: 'dropout', rngs: null };
    const choices = readOptions<Required<DropoutOptions>>('new nnx.Dropout', options, defaults);
    if (!(rate >= 0 && rate <= 1)) {
      fail('VALUE', `new nnx.Dropout: the rate is a probability, not ${describeValue(rate)}`, 'new nnx.Dropout(0.1, { rngs })');
    }
    this.rate = rate;
    this.broadcastDims = choices.broadcastDims;
    this.deterministic = choices.deterministic;
    this.rngCollection = choices.rngCollection;
    const { rngs } = choices;
    this.rngs = rngs === null ? null : new RngStream(rngs.makeRng(this.rngCollection), this.rngCollection);
  }

  /** @throws RNG for a random call when neither the layer nor the call has `rngs`, AXIS for `broadcastDims` that x lacks. */
  forward(x: Operand, options: DropoutCallOptions = {}): Tensor {
    const defaults = { deterministic: this.deterministic, rngs: null };
    const { deterministic, rngs } = readOptions<CallChoices>('dropout.forward', options, defaults);
    const input = floatTensor(x);
    if (deterministic || this.rate === 0) return input;
    if (this.rate === 1) return np.zerosLike(input);
    const shared = axesOf(nameOf(this), this.broadcastDims, input.ndim);
    const shape = input.shape.map((extent, axis) => (shared.includes(axis) ? 1 : extent));
    const keep = 1 - this.rate;
    const source: KeySource = rngs ?? this.rngs ?? withoutRngs(this);
    const mask = random.bernoulli(source.makeRng(this.rngCollection), keep, shape);
    return lax.select(np.broadcastTo(mask, input.shape), input.div(keep), np.zerosLike(input));
  }
}

interface CallChoices {
  readonly deterministic: boolean;
  readonly rngs: KeySource | null;
}

/** @throws RNG */
function withoutRngs(layer: Dropout): never {
  const problem = `${nameOf(layer)} draws a mask and has no rngs, neither its own nor from the call`;
  return fail('RNG', problem, `new nnx.Dropout(${layer.rate}, { rngs })`);
}

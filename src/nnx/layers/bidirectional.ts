/** Bidirectional: a sequence forwards and backwards. */
import { np } from '../../numpy/index.ts';
import { readOptions } from '../../options.ts';
import type { Operand } from '../../trace/bind.ts';
import type { Tensor } from '../../trace/tensor.ts';
import { Module } from '../module.ts';
import type { CarryOf, RNNCellBase } from './rnn-cell.ts';
import type { RNN, RNNCallOptions, SequenceOptions, Sequenced } from './rnn.ts';

export interface BidirectionalOptions<Returns extends boolean> extends SequenceOptions<Returns> {
  /** What becomes of both outputs at each step; default one behind the other, on the last axis. */
  readonly mergeFn?: (forward: Tensor, backward: Tensor) => Tensor;
}

export type BidirectionalCallOptions<Carry, Returns extends boolean> = Omit<
  RNNCallOptions<Carry, Returns>,
  'reverse' | 'keepOrder'
>;

type AnyRNN = RNN<RNNCellBase<unknown>, boolean>;

/** The carries of both directions. */
export type CarryPair<Forward extends AnyRNN, Backward extends AnyRNN> = readonly [
  forward: CarryOf<Forward['cell']>,
  backward: CarryOf<Backward['cell']>,
];

/**
 * One RNN from the first step to the last and one from the last to the first, merged step by step: [...batch, time, features] to
 * [...batch, time, features of both]. One module in both places shares its parameters. flax.nnx.Bidirectional.
 */
export class Bidirectional<Forward extends AnyRNN, Backward extends AnyRNN, Returns extends boolean = false> extends Module {
  static readonly callOptions: readonly string[] = ['rngs'];
  readonly forward_rnn: Forward;
  readonly backward_rnn: Backward;
  readonly mergeFn: (forward: Tensor, backward: Tensor) => Tensor;
  readonly timeMajor: boolean;
  readonly returnCarry: boolean;

  constructor(forwardRnn: Forward, backwardRnn: Backward, options: BidirectionalOptions<Returns> = {}) {
    super();
    const defaults = { timeMajor: false, returnCarry: false, mergeFn: concatenated };
    const choices = readOptions<Required<BidirectionalOptions<boolean>>>('new nnx.Bidirectional', options, defaults);
    this.forward_rnn = forwardRnn;
    this.backward_rnn = backwardRnn;
    this.mergeFn = choices.mergeFn;
    this.timeMajor = choices.timeMajor;
    this.returnCarry = choices.returnCarry;
  }

  /** @throws as `RNN` */
  forward<R extends boolean = Returns>(
    inputs: Operand,
    options: BidirectionalCallOptions<CarryPair<Forward, Backward>, R> = {},
  ): Sequenced<CarryPair<Forward, Backward>, R> {
    const { timeMajor, returnCarry } = this;
    const defaults = { timeMajor, returnCarry, initialCarry: null, seqLengths: null, rngs: null };
    type Choices = Required<BidirectionalCallOptions<readonly [unknown, unknown], boolean>>;
    const { initialCarry, ...choices } = readOptions<Choices>('bidirectional.forward', options, defaults);
    const shared = { ...choices, returnCarry: true } as const;
    const run = (rnn: AnyRNN, direction: 0 | 1): readonly [unknown, Tensor] =>
      rnn.forward(inputs, { ...shared, initialCarry: initialCarry?.[direction], reverse: direction === 1, keepOrder: true });
    const [ahead, y] = run(this.forward_rnn, 0);
    const [back, z] = run(this.backward_rnn, 1);
    const merged = this.mergeFn(y, z);
    return (choices.returnCarry ? [[ahead, back], merged] : merged) as Sequenced<CarryPair<Forward, Backward>, R>;
  }
}

function concatenated(forward: Tensor, backward: Tensor): Tensor {
  return np.concatenate([forward, backward], { axis: -1 });
}

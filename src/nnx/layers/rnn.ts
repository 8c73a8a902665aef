/** RNN: a recurrent cell over a sequence. */
import { isInteger } from '../../../compiler/dtype.ts';
import { sameShape, showShape } from '../../../compiler/shape.ts';
import * as lax from '../../lax/index.ts';
import { np } from '../../numpy/index.ts';
import { fail } from '../../numpy/operands.ts';
import { readOptions } from '../../options.ts';
import { tensorOf } from '../../trace/bind.ts';
import type { Operand } from '../../trace/bind.ts';
import type { Tensor } from '../../trace/tensor.ts';
import { map } from '../../tree-functions.ts';
import { Module } from '../module.ts';
import type { KeySource } from '../rngs.ts';
import { nameOf } from './layer.ts';
import type { CarryOf, RNNCellBase } from './rnn-cell.ts';

export interface SequenceOptions<Returns extends boolean> {
  /** Whether inputs and outputs are [time, ...batch, features] and not [...batch, time, features]; default false. */
  readonly timeMajor?: boolean;
  /** Whether the carry after the last step is returned before the outputs; default false. */
  readonly returnCarry?: Returns;
}

export interface RNNOptions<Returns extends boolean> extends SequenceOptions<Returns> {
  /** Whether the last input comes first; default false. */
  readonly reverse?: boolean;
  /** Whether the outputs of a reversed sequence stand at the places of their inputs; default false. */
  readonly keepOrder?: boolean;
  /** So many copies of the cell in each step of the loop; default 1. */
  readonly unroll?: number;
}

/** `timeMajor`, `returnCarry`, `reverse` and `keepOrder` are as the RNN was made unless a call says otherwise. */
export interface RNNCallOptions<Carry, Returns extends boolean> extends Omit<RNNOptions<Returns>, 'unroll'> {
  /** The carry before the first step; default `cell.initializeCarry`. */
  readonly initialCarry?: Carry | null;
  /**
   * The number of steps that count, from 0 to all, integers [...batch]: the carry returned is the one after them, and only they
   * are reversed. The outputs of the others have no meaning.
   */
  readonly seqLengths?: Operand | null;
  /** Where cells with a random carry get keys from; default null. */
  readonly rngs?: KeySource | null;
}

/** Outputs, or the last carry and outputs. */
export type Sequenced<Carry, Returns extends boolean> = Returns extends true ? readonly [carry: Carry, y: Tensor] : Tensor;

/**
 * A cell over the steps of a sequence: [...batch, time, features] to [...batch, time, hiddenFeatures]. It is one `lax.scan`,
 * whatever the length. flax.nnx.RNN, which also keeps a random stream for the carry.
 */
export class RNN<Cell extends RNNCellBase<unknown>, Returns extends boolean = false> extends Module {
  static readonly callOptions: readonly string[] = ['rngs'];
  readonly cell: Cell;
  readonly timeMajor: boolean;
  readonly returnCarry: boolean;
  readonly reverse: boolean;
  readonly keepOrder: boolean;
  readonly unroll: number;

  constructor(cell: Cell, options: RNNOptions<Returns> = {}) {
    super();
    const defaults = { timeMajor: false, returnCarry: false, reverse: false, keepOrder: false, unroll: 1 };
    const choices = readOptions<Required<RNNOptions<boolean>>>('new nnx.RNN', options, defaults);
    this.cell = cell;
    this.timeMajor = choices.timeMajor;
    this.returnCarry = choices.returnCarry;
    this.reverse = choices.reverse;
    this.keepOrder = choices.keepOrder;
    this.unroll = choices.unroll;
  }

  /**
   * @throws SHAPE for inputs without a time axis, for lengths that are not one for each sequence, and as the cell; DTYPE for
   * lengths that are not integers.
   */
  forward<R extends boolean = Returns>(
    inputs: Operand,
    options: RNNCallOptions<CarryOf<Cell>, R> = {},
  ): Sequenced<CarryOf<Cell>, R> {
    const { cell, timeMajor, returnCarry, reverse, keepOrder } = this;
    const defaults = { timeMajor, returnCarry, reverse, keepOrder, initialCarry: null, seqLengths: null, rngs: null };
    const choices = readOptions<Required<RNNCallOptions<unknown, boolean>>>('rnn.forward', options, defaults);
    const x = tensorOf(inputs);
    if (x.ndim <= cell.numFeatureAxes) {
      const problem = `${nameOf(this)}: the input ${x.describe()} has no time axis beside its features`;
      fail('SHAPE', problem, 'rnn.forward(np.expandDims(x, 0))');
    }
    const timeAxis = choices.timeMajor ? 0 : x.ndim - cell.numFeatureAxes - 1;
    const steps = np.moveaxis(x, timeAxis, 0);
    const lengths = choices.seqLengths === null ? null : lengthsOf(this, tensorOf(choices.seqLengths), steps);
    const xs = choices.reverse ? flipSequences(steps, lengths) : steps;
    const carry = choices.initialCarry ?? cell.initializeCarry(xs.shape.slice(1), choices.rngs);
    const [last, ys] = run(this, carry, xs, choices.returnCarry ? lengths : null);
    const ordered = choices.reverse && choices.keepOrder ? flipSequences(ys, lengths) : ys;
    const y = np.moveaxis(ordered, 0, timeAxis);
    return (choices.returnCarry ? [last, y] : y) as Sequenced<CarryOf<Cell>, R>;
  }
}

type AnyRNN = RNN<RNNCellBase<unknown>, boolean>;

/** The carry after the last step, with lengths that of each sequence after the last that counts; and the outputs. */
function run({ cell, unroll }: AnyRNN, first: unknown, xs: Tensor, lengths: Tensor | null): readonly [unknown, Tensor] {
  const counts = lengths === null ? null : np.less(positions(xs, lengths), lengths);
  const [[end, last], ys] = lax.scan(
    ([carry, last]: readonly [unknown, unknown], [x, counted]: readonly [Tensor, Tensor | null]) => {
      const [next, y] = cell.forward(carry, x);
      return [[next, counted === null ? null : chosen(counted, next, last)], y] as const;
    },
    [first, counts === null ? null : first],
    [xs, counts],
    { unroll },
  );
  return [counts === null ? end : last, ys];
}

/** Of each sequence the new carry where it counts. */
function chosen(counted: Tensor, next: unknown, last: unknown): unknown {
  const choose = (now: Tensor, before: Tensor): Tensor =>
    np.where(counted.reshape(extended(counted.shape, now.ndim)), now, before);
  return map(choose, next as Tensor, last as Tensor);
}

/** The number of each step: int32[time, ...batch], with extents of 1. */
function positions(xs: Tensor, lengths: Tensor): Tensor {
  const time = xs.shape[0]!;
  return np.arange(time).reshape(extended([time], lengths.ndim + 1));
}

/** Each sequence from its last step that counts to its first, and behind them the others: xs is [time, ...batch, ...features]. */
function flipSequences(xs: Tensor, lengths: Tensor | null): Tensor {
  if (lengths === null) return np.flip(xs, 0);
  const time = xs.shape[0]!;
  const sources = np.remainder(np.add(np.subtract(time - 1, positions(xs, lengths)), lengths), time);
  return np.takeAlongAxis(xs, sources.reshape(extended(sources.shape, xs.ndim)), { axis: 0 });
}

/** The shape with axes of extent 1 behind, up to a rank. */
function extended(shape: readonly number[], rank: number): number[] {
  return Array.from({ length: rank }, (_, axis) => shape[axis] ?? 1);
}

function lengthsOf(rnn: AnyRNN, lengths: Tensor, steps: Tensor): Tensor {
  const batch = steps.shape.slice(1, steps.ndim - rnn.cell.numFeatureAxes);
  const fix = `rnn.forward(x, { seqLengths: np.full(${showShape(batch)}, ${steps.shape[0]}) })`;
  if (!isInteger(lengths.dtype)) fail('DTYPE', `${nameOf(rnn)}: the lengths ${lengths.describe()} are not integers`, fix);
  if (sameShape(lengths.shape, batch)) return lengths;
  const problem = `${nameOf(rnn)}: the lengths ${lengths.describe()} are not one for each sequence of ${showShape(batch)}`;
  return fail('SHAPE', problem, fix);
}

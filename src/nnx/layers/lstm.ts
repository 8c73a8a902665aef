/** Long short-term memory: what both cells of it share. */
import { fail } from '../../numpy/operands.ts';
import { describeValue, tensorOf } from '../../trace/bind.ts';
import type { Operand } from '../../trace/bind.ts';
import type { Tensor } from '../../trace/tensor.ts';
import { zeros } from '../initializers.ts';
import type { Initializer } from '../initializers.ts';
import type { KeySource } from '../rngs.ts';
import { nameOf } from './layer.ts';
import { HiddenCell, carryOf, checkCarry } from './rnn-cell.ts';
import type { GatedCellOptions } from './rnn-cell.ts';

/** The memory c and the output h, [...batch, hiddenFeatures] each. */
export type LSTMCarry = readonly [c: Tensor, h: Tensor];

/** The gates and the candidate g, before their activations. */
export type LSTMGates = readonly [i: Tensor, f: Tensor, g: Tensor, o: Tensor];

/**
 * Gates i, f, o and a candidate g, each of W x + U h + b: c' = f c + i g, h' = o tanh(c'). Hochreiter and Schmidhuber 1997, Long
 * short-term memory; Gers et al. 2000 for the gate f.
 */
export abstract class LSTM extends HiddenCell<LSTMCarry> {
  readonly gateFn: (x: Tensor) => Tensor;

  constructor(inFeatures: number, hiddenFeatures: number, options: Required<Omit<GatedCellOptions, 'rngs'>>) {
    super(inFeatures, hiddenFeatures, options);
    this.gateFn = options.gateFn;
  }

  abstract gates(x: Tensor, h: Tensor): LSTMGates;

  override initializeCarry(
    inputShape: readonly number[],
    rngs: KeySource | null = null,
    carryInit: Initializer = zeros,
  ): LSTMCarry {
    const one = (): Tensor => carryOf(this, inputShape, rngs, carryInit);
    return [one(), one()];
  }

  /** @throws SHAPE for tensors of other shapes, VALUE for a carry that is no pair. */
  override forward(carry: LSTMCarry, x: Operand): readonly [carry: LSTMCarry, y: Tensor] {
    if (!Array.isArray(carry) || carry.length !== 2) {
      fail('VALUE', `${nameOf(this)}: the carry is a pair [c, h], not ${describeValue(carry)}`, 'cell.initializeCarry(x.shape)');
    }
    const input = tensorOf(x);
    checkCarry(this, carry, input);
    const { gateFn, activationFn } = this;
    const [c, h] = carry;
    const [i, f, g, o] = this.gates(input, h);
    const memory = gateFn(f).mul(c).add(gateFn(i).mul(activationFn(g)));
    const output = gateFn(o).mul(activationFn(memory));
    return [[memory, output], output];
  }
}

/** SimpleCell: the recurrent network of Elman. */
import { tensorOf } from '../../trace/bind.ts';
import type { Operand } from '../../trace/bind.ts';
import type { Tensor } from '../../trace/tensor.ts';
import { zeros } from '../initializers.ts';
import type { Initializer } from '../initializers.ts';
import type { KeySource } from '../rngs.ts';
import { constructorOptions } from './layer.ts';
import type { Linear } from './linear.ts';
import { CELL_DEFAULTS, HiddenCell, carryOf, checkCarry, layersOf } from './rnn-cell.ts';
import type { CellOptions } from './rnn-cell.ts';

export interface SimpleCellOptions extends CellOptions {
  /** Whether the carry is added before the activation; default false. */
  readonly residual?: boolean;
}

const { gateFn: _, ...UNGATED } = CELL_DEFAULTS;
const DEFAULTS: Required<Omit<SimpleCellOptions, 'rngs'>> = { ...UNGATED, dtype: 'float32', residual: false };

/**
 * h' = tanh(W x + b + U h): [...batch, inFeatures] to [...batch, hiddenFeatures]. Elman 1990, Finding structure in time;
 * flax.nnx.SimpleCell.
 */
export class SimpleCell extends HiddenCell<Tensor> {
  readonly residual: boolean;
  readonly dense_h: Linear;
  readonly dense_i: Linear;

  /** @throws RNG without `rngs`, VALUE for an unknown option. */
  constructor(inFeatures: number, hiddenFeatures: number, options: SimpleCellOptions) {
    const choices = constructorOptions('SimpleCell', options, DEFAULTS);
    super(inFeatures, hiddenFeatures, choices);
    const { ofInput, ofCarry } = layersOf(this, choices, options.rngs);
    this.residual = choices.residual;
    this.dense_h = ofCarry(1, { useBias: false });
    this.dense_i = ofInput(1, { useBias: true });
  }

  override initializeCarry(inputShape: readonly number[], rngs: KeySource | null = null, carryInit: Initializer = zeros): Tensor {
    return carryOf(this, inputShape, rngs, carryInit);
  }

  override forward(carry: Tensor, x: Operand): readonly [carry: Tensor, y: Tensor] {
    const input = tensorOf(x);
    checkCarry(this, [carry], input);
    const sum = this.dense_i.forward(input).add(this.dense_h.forward(carry));
    const next = this.activationFn(this.residual ? sum.add(carry) : sum);
    return [next, next];
  }
}

/** OptimizedLSTMCell: long short-term memory, with one product for all gates. */
import { np } from '../../numpy/index.ts';
import type { Tensor } from '../../trace/tensor.ts';
import { constructorOptions } from './layer.ts';
import type { Linear } from './linear.ts';
import { LSTM } from './lstm.ts';
import type { LSTMGates } from './lstm.ts';
import { CELL_DEFAULTS, layersOf } from './rnn-cell.ts';
import type { GatedCellOptions } from './rnn-cell.ts';

/**
 * `LSTMCell` with the kernels of i, f, g and o beside each other, which takes half the kernel launches.
 * flax.nnx.OptimizedLSTMCell.
 */
export class OptimizedLSTMCell extends LSTM {
  /** Kernel [inFeatures, 4 hiddenFeatures]. */
  readonly dense_i: Linear;
  /** Kernel [hiddenFeatures, 4 hiddenFeatures], and the bias. */
  readonly dense_h: Linear;

  /** @throws RNG without `rngs`, VALUE for an unknown option. */
  constructor(inFeatures: number, hiddenFeatures: number, options: GatedCellOptions) {
    const choices = constructorOptions('OptimizedLSTMCell', options, CELL_DEFAULTS);
    super(inFeatures, hiddenFeatures, choices);
    const { ofInput, ofCarry } = layersOf(this, choices, options.rngs);
    this.dense_i = ofInput(4, { useBias: false });
    this.dense_h = ofCarry(4, { useBias: true });
  }

  override gates(x: Tensor, h: Tensor): LSTMGates {
    return np.split(this.dense_i.forward(x).add(this.dense_h.forward(h)), 4, { axis: -1 }) as [Tensor, Tensor, Tensor, Tensor];
  }
}

/** LSTMCell: long short-term memory, with a layer for each gate. */
import { asDType } from '../../numpy/operands.ts';
import type { Tensor } from '../../trace/tensor.ts';
import { orthogonal } from '../initializers.ts';
import { constructorOptions } from './layer.ts';
import type { Linear } from './linear.ts';
import { LSTM } from './lstm.ts';
import type { LSTMGates } from './lstm.ts';
import { CELL_DEFAULTS, layersOf } from './rnn-cell.ts';
import type { GatedCellOptions } from './rnn-cell.ts';

/** Recurrent kernels are drawn in float32 whatever the dtype, as Flax does here alone. */
const DEFAULTS: Required<Omit<GatedCellOptions, 'rngs'>> = {
  ...CELL_DEFAULTS,
  recurrentKernelInit: (key, shape, dtype = 'float32') => asDType(orthogonal()(key, shape), dtype),
};

/** Long short-term memory: [...batch, inFeatures] to [...batch, hiddenFeatures]. flax.nnx.LSTMCell. */
export class LSTMCell extends LSTM {
  readonly ii: Linear;
  readonly if_: Linear;
  readonly ig: Linear;
  readonly io: Linear;
  readonly hi: Linear;
  readonly hf: Linear;
  readonly hg: Linear;
  readonly ho: Linear;

  /** @throws RNG without `rngs`, VALUE for an unknown option. */
  constructor(inFeatures: number, hiddenFeatures: number, options: GatedCellOptions) {
    const choices = constructorOptions('LSTMCell', options, DEFAULTS);
    super(inFeatures, hiddenFeatures, choices);
    const { ofInput, ofCarry } = layersOf(this, choices, options.rngs);
    this.ii = ofInput(1, { useBias: false });
    this.if_ = ofInput(1, { useBias: false });
    this.ig = ofInput(1, { useBias: false });
    this.io = ofInput(1, { useBias: false });
    this.hi = ofCarry(1, { useBias: true });
    this.hf = ofCarry(1, { useBias: true });
    this.hg = ofCarry(1, { useBias: true });
    this.ho = ofCarry(1, { useBias: true });
  }

  override gates(x: Tensor, h: Tensor): LSTMGates {
    return [
      this.ii.forward(x).add(this.hi.forward(h)),
      this.if_.forward(x).add(this.hf.forward(h)),
      this.ig.forward(x).add(this.hg.forward(h)),
      this.io.forward(x).add(this.ho.forward(h)),
    ];
  }
}

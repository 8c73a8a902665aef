/** GRUCell: gated recurrent units. */
import * as lax from '../../lax/index.ts';
import { np } from '../../numpy/index.ts';
import { tensorOf } from '../../trace/bind.ts';
import type { Operand } from '../../trace/bind.ts';
import type { Tensor } from '../../trace/tensor.ts';
import { zeros } from '../initializers.ts';
import type { Initializer } from '../initializers.ts';
import type { KeySource } from '../rngs.ts';
import { constructorOptions } from './layer.ts';
import type { Linear } from './linear.ts';
import { CELL_DEFAULTS, HiddenCell, carryOf, checkCarry, layersOf } from './rnn-cell.ts';
import type { GatedCellOptions } from './rnn-cell.ts';

/**
 * The reset gate r and the update gate z choose between the carry and a candidate n: h' = (1 - z) n + z h, with n = tanh(W x +
 * b + r U h). [...batch, inFeatures] to [...batch, hiddenFeatures]. Cho et al. 2014, Learning phrase representations using RNN
 * encoder-decoder, arXiv:1406.1078; flax.nnx.GRUCell.
 */
export class GRUCell extends HiddenCell<Tensor> {
  readonly gateFn: (x: Tensor) => Tensor;
  /** For r, z and n beside each other: kernel [inFeatures, 3 hiddenFeatures], and the bias. */
  readonly dense_i: Linear;
  /** Kernel [hiddenFeatures, 3 hiddenFeatures]. */
  readonly dense_h: Linear;

  /** @throws RNG without `rngs`, VALUE for an unknown option. */
  constructor(inFeatures: number, hiddenFeatures: number, options: GatedCellOptions) {
    const choices = constructorOptions('GRUCell', options, CELL_DEFAULTS);
    super(inFeatures, hiddenFeatures, choices);
    const { ofInput, ofCarry } = layersOf(this, choices, options.rngs);
    this.gateFn = choices.gateFn;
    this.dense_i = ofInput(3, { useBias: true });
    this.dense_h = ofCarry(3, { useBias: false });
  }

  override initializeCarry(inputShape: readonly number[], rngs: KeySource | null = null, carryInit: Initializer = zeros): Tensor {
    return carryOf(this, inputShape, rngs, carryInit);
  }

  override forward(carry: Tensor, x: Operand): readonly [carry: Tensor, y: Tensor] {
    const input = tensorOf(x);
    checkCarry(this, [carry], input);
    const [resetI, updateI, candidateI] = thirds(this.dense_i.forward(input));
    const [resetH, updateH, candidateH] = thirds(this.dense_h.forward(carry));
    const reset = this.gateFn(resetI.add(resetH));
    const update = this.gateFn(updateI.add(updateH));
    const candidate = this.activationFn(candidateI.add(reset.mul(candidateH)));
    const next = lax.sub(1, update).mul(candidate).add(update.mul(carry));
    return [next, next];
  }
}

function thirds(x: Tensor): readonly [reset: Tensor, update: Tensor, candidate: Tensor] {
  return np.split(x, 3, { axis: -1 }) as [Tensor, Tensor, Tensor];
}

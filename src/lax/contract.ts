/** Sums of products. */
import type { DimensionNumbers } from '../../compiler/primitives/operations.ts';
import type { Tensor } from '../trace/tensor.ts';
import { applySame } from './operands.ts';
import type { LaxOperand } from './operands.ts';

export type { DimensionNumbers };

/**
 * The sum of products over paired axes: `dimensionNumbers` is `[[x contracting, y contracting], [x batch, y batch]]`. The result
 * has the batch axes, then the others of x, then the others of y. jax.lax.dot_general.
 *
 * @throws SHAPE when paired axes have different extents, DTYPE when the dtypes differ.
 */
export function dotGeneral(x: LaxOperand, y: LaxOperand, dimensionNumbers: DimensionNumbers): Tensor {
  return applySame('dot_general', [x, y], { dimensionNumbers });
}

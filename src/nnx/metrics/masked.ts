/** The values of a batch that count. */
import { sameShape, showShape } from '../../../compiler/shape.ts';
import { np } from '../../numpy/index.ts';
import { asDType, fail } from '../../numpy/operands.ts';
import { describeValue, tensorOf } from '../../trace/bind.ts';
import type { Operand } from '../../trace/bind.ts';
import { Tensor } from '../../trace/tensor.ts';
import { Variable } from '../../trace/variable.ts';
import type { MetricUpdates } from './metric.ts';

export interface Counted {
  /** The values as float32, 0 where they do not count. */
  readonly values: Tensor;
  /** bool, of the shape of the values; null if all count. */
  readonly mask: Tensor | null;
  /** How many count: int32, or a number if it is known. */
  readonly count: Tensor | number;
}

/** @throws DTYPE unless the mask is bool, SHAPE unless it has the shape of the values, VALUE for masks by name. */
export function countedOf(name: string, operand: Operand, given: MetricUpdates['mask']): Counted {
  const values = asDType(operand, 'float32');
  if (given === undefined) return { values, mask: null, count: values.size };
  if (!(given instanceof Tensor || given instanceof Variable)) {
    const problem = `${name}.update: the mask is ${describeValue(given)}; masks by name are for a MultiMetric`;
    fail('VALUE', problem, 'metric.update({ values, mask })');
  }
  const mask = tensorOf(given);
  if (mask.dtype !== 'bool') {
    const problem = `${name}.update: the mask ${mask.describe()} is not bool`;
    fail('DTYPE', problem, 'metric.update({ values, mask: np.notEqual(mask, 0) })');
  }
  if (!sameShape(mask.shape, values.shape)) {
    const problem = `${name}.update: the mask ${mask.describe()} for values of shape ${showShape(values.shape)}`;
    fail('SHAPE', problem, 'metric.update({ values, mask: np.broadcastTo(mask, values.shape) })');
  }
  return { values: np.where(mask, values, 0), mask, count: np.sum(mask) };
}

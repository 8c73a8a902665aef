/**
 * Sorting along an axis (bare or as an option; negative ones count from the end), or of the flattened tensor (`null`). Zeros are
 * equal whatever their sign, NaN comes last; equal elements keep their order.
 *
 * @throws AXIS for an axis that x does not have.
 */
import * as lax from '../lax/index.ts';
import { tensorOf } from '../trace/bind.ts';
import type { Operand } from '../trace/bind.ts';
import type { Tensor } from '../trace/tensor.ts';
import { axisOf } from './operands.ts';
import { reduceOptions } from './reduce.ts';

export interface SortOptions {
  /** Default the last; `null` for the flattened tensor. */
  readonly axis?: number | null;
  /** Whether the largest come first, NaN before them; default false. */
  readonly descending?: boolean;
}

/** What these functions take after their operand: an axis alone, or options. */
export type Sort = number | null | SortOptions;

/** The elements in order. jax.numpy.sort. */
export function sort(x: Operand, options?: Sort): Tensor {
  const { line, dimension, descending } = read('np.sort', x, options);
  const sorted = lax.sort(line, { dimension });
  return descending ? lax.rev(sorted, [dimension]) : sorted;
}

/** The int32 positions along the axis of the elements in order. jax.numpy.argsort. */
export function argsort(x: Operand, options?: Sort): Tensor {
  const { line, dimension, descending } = read('np.argsort', x, options);
  // In a descending order equal elements keep their order too: it is the reverse of the order of the reversed line.
  const turned = (tensor: Tensor): Tensor => (descending ? lax.rev(tensor, [dimension]) : tensor);
  const positions = lax.broadcastedIota('int32', line.shape, dimension);
  const [, sorted] = lax.sortKeyVal(turned(line), turned(positions), { dimension });
  return turned(sorted);
}

function read(name: string, x: Operand, options: Sort | undefined): { line: Tensor; dimension: number; descending: boolean } {
  const { axis, descending } = reduceOptions<Required<SortOptions>>(name, options, { axis: -1, descending: false });
  const tensor = tensorOf(x);
  const line = axis === null ? lax.reshape(tensor, [tensor.size]) : tensor;
  return { line, dimension: axisOf(name, axis ?? 0, line.ndim), descending };
}

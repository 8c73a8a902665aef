/** Adafactor's second moment: for large matrices a row and a column in the place of all elements. */
import * as lax from '../lax/index.ts';
import { np } from '../numpy/index.ts';
import { readOptions } from '../options.ts';
import type { Tensor } from '../trace/tensor.ts';
import { checkPositive, checkWhole, firstCount, increment } from './numbers.ts';
import type { GradientTransformation } from './transformation.ts';
import { mapAny, mapTrees } from './trees.ts';

export interface FactoredOptions {
  /** Whether large leaves are factored at all. Default true. */
  readonly factored?: boolean;
  /** Exponent of the decay 1 - t^-decayRate; default 0.8. */
  readonly decayRate?: number;
  /** The step from which t counts; default 0. */
  readonly stepOffset?: number;
  /** Leaves with two axes of at least this extent are factored; default 128. */
  readonly minDimSizeToFactor?: number;
  /** Added to squares; default 1e-30. */
  readonly epsilon?: number;
}

/** Means of squares: over the largest axis, over the second largest, and of leaves that are not factored. optax.FactoredState. */
export interface FactoredState {
  readonly count: Tensor;
  readonly vRow: unknown;
  readonly vCol: unknown;
  readonly v: unknown;
}

/**
 * The gradients over the root of a mean of squares that is kept in factors. Shazeer and Stern 2018; optax.scale_by_factored_rms.
 */
export function scaleByFactoredRms(options: FactoredOptions = {}): GradientTransformation<FactoredState> {
  const name = 'optax.scaleByFactoredRms';
  const defaults = { factored: true, decayRate: 0.8, stepOffset: 0, minDimSizeToFactor: 128, epsilon: 1e-30 };
  const given = readOptions<Required<FactoredOptions>>(name, options, defaults);
  const { factored, decayRate, stepOffset, minDimSizeToFactor, epsilon } = given;
  checkPositive(name, 'decayRate', decayRate);
  checkWhole(name, 'stepOffset', stepOffset, 0);
  checkWhole(name, 'minDimSizeToFactor', minDimSizeToFactor, 1);
  checkPositive(name, 'epsilon', epsilon);
  const axesOf = (x: Tensor): LargestAxes | null => (factored ? largestAxes(x.shape, minDimSizeToFactor) : null);
  const start = (params: unknown, shapeOf: (x: Tensor, axes: LargestAxes | null) => readonly number[]): unknown =>
    mapTrees(name, { params }, (param) => np.zeros(shapeOf(param, axesOf(param)), { dtype: param.dtype }));
  return {
    init: (params) => ({
      count: firstCount(),
      vRow: start(params, ({ shape }, axes) => (axes === null ? [1] : without(shape, axes.largest))),
      vCol: start(params, ({ shape }, axes) => (axes === null ? [1] : without(shape, axes.second))),
      v: start(params, ({ shape }, axes) => (axes === null ? shape : [1])),
    }),
    update: <U>(updates: U, { count, vRow, vCol, v }: FactoredState) => {
      const step = np.add(np.astype(np.subtract(count, stepOffset), 'float32'), 1);
      // The first mean is the first square: at t = 1 the weight of the past is exactly 0.
      const weight = np.exp(np.multiply(np.log(step), -decayRate));
      const average = (old: Tensor, squares: Tensor): Tensor => {
        const fresh = np.astype(weight, old.dtype);
        return np.add(np.multiply(old, np.subtract(1, fresh)), np.multiply(squares, fresh));
      };
      const squaresOf = (update: Tensor): Tensor => np.add(np.square(update), epsilon);
      const meanOver = (means: unknown, axis: keyof LargestAxes): unknown =>
        mapAny(name, { means, updates }, (old, update) => {
          const axes = axesOf(update!);
          return axes === null ? old : average(old, np.mean(squaresOf(update!), { axis: axes[axis] }));
        });
      const rows = meanOver(vRow, 'largest');
      const columns = meanOver(vCol, 'second');
      const whole = mapAny(name, { v, updates }, (old, update) =>
        axesOf(update!) === null ? average(old, squaresOf(update!)) : old,
      );
      const direction = mapAny<U>(name, { updates, rows, columns, whole }, (update, row, column, all) => {
        const axes = axesOf(update);
        if (axes === null) return np.multiply(update, lax.rsqrt(all!));
        const { largest, second } = axes;
        const total = np.mean(row!, { axis: second > largest ? second - 1 : second, keepdims: true });
        const ofRows = np.expandDims(lax.rsqrt(np.divide(row!, total)), largest);
        return np.multiply(np.multiply(update, ofRows), np.expandDims(lax.rsqrt(column!), second));
      });
      return [direction, { count: increment(count), vRow: rows, vCol: columns, v: whole }];
    },
  };
}

/** The axes of the largest two extents. */
interface LargestAxes {
  readonly largest: number;
  readonly second: number;
}

/** Null where there are no two axes of at least `least`. */
function largestAxes(shape: readonly number[], least: number): LargestAxes | null {
  const [second, largest] = shape
    .map((extent, axis) => ({ extent, axis }))
    .sort((a, b) => a.extent - b.extent || a.axis - b.axis)
    .slice(-2);
  if (second === undefined || largest === undefined || second.extent < least) return null;
  return { largest: largest.axis, second: second.axis };
}

function without(shape: readonly number[], axis: number): number[] {
  return shape.filter((_, i) => i !== axis);
}

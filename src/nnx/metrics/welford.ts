/** Welford: mean and spread of all values. */
import { np } from '../../numpy/index.ts';
import { asDType } from '../../numpy/operands.ts';
import { tensorOf } from '../../trace/bind.ts';
import type { Tensor } from '../../trace/tensor.ts';
import { typeName } from '../../trace/printing.ts';
import { zero } from './average.ts';
import { countedOf } from './masked.ts';
import { Metric, MetricState } from './metric.ts';
import type { MetricUpdates, MetricValues } from './metric.ts';

/** Each float32[]. flax.nnx.metrics.Statistics. */
export interface Statistics {
  readonly mean: Tensor;
  readonly standardErrorOfMean: Tensor;
  /** Of the values themselves, not the estimate for what they are drawn from: the divisor is their number. */
  readonly standardDeviation: Tensor;
}

/**
 * Mean, standard deviation and standard error of the mean of all elements of all values, which go by the name `argname` (default
 * `values`). Batches are joined by their means and sums of squared differences, which do not cancel (Welford 1962; Chan, Golub
 * and LeVeque 1979). Before the first value the mean is 0 and the others NaN. flax.nnx.metrics.Welford, with masks.
 */
export class Welford extends Metric {
  readonly argname: string;
  readonly count: MetricState;
  readonly mean: MetricState;
  /** The sum of squared differences from the mean. */
  readonly m2: MetricState;

  constructor(argname: string = 'values') {
    super();
    this.argname = argname;
    this.count = new MetricState(zero('int32'));
    this.mean = new MetricState(zero('float32'));
    this.m2 = new MetricState(zero('float32'));
  }

  get argnames(): readonly string[] {
    return [this.argname];
  }

  protected observe(given: MetricValues, masked: MetricUpdates['mask']): void {
    const { values, mask, count } = countedOf(typeName(this.constructor), given[this.argname]!, masked);
    const [before, mean] = [asDType(this.count, 'float32'), this.mean.value];
    const added = asDType(tensorOf(count), 'float32');
    // A batch of nothing changes nothing.
    const batchMean = values.sum().div(np.maximum(added, 1));
    const differences = values.sub(batchMean);
    const batchM2 = np.square(mask === null ? differences : np.where(mask, differences, 0)).sum();
    const delta = batchMean.sub(mean);
    const share = added.div(np.maximum(before.add(added), 1));
    this.count.update((old) => old.add(count));
    this.mean.value = mean.add(delta.mul(share));
    this.m2.update((m2) => m2.add(batchM2).add(delta.square().mul(before).mul(share)));
  }

  compute(): Statistics {
    const count = asDType(this.count, 'float32');
    const standardDeviation = this.m2.value.div(count).sqrt();
    return { mean: this.mean.value, standardErrorOfMean: standardDeviation.div(count.sqrt()), standardDeviation };
  }

  reset(): void {
    this.count.clear();
    this.mean.clear();
    this.m2.clear();
  }
}

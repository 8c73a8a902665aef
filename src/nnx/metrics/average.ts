/** Average: the mean of all values. */
import { asDType } from '../../numpy/operands.ts';
import { hostTensor } from '../../trace/literal.ts';
import { typeName } from '../../trace/printing.ts';
import type { Tensor } from '../../trace/tensor.ts';
import { countedOf } from './masked.ts';
import { Metric, MetricState } from './metric.ts';
import type { MetricUpdates, MetricValues } from './metric.ts';

/**
 * The mean of all elements of all values, which are numbers or tensors of any shape and go by the name `argname` (default
 * `values`): `average.update({ values: loss })`. It is NaN before the first. flax.nnx.metrics.Average.
 */
export class Average extends Metric {
  readonly argname: string;
  readonly total: MetricState;
  readonly count: MetricState;

  constructor(argname: string = 'values') {
    super();
    this.argname = argname;
    this.total = new MetricState(zero('float32'));
    this.count = new MetricState(zero('int32'));
  }

  get argnames(): readonly string[] {
    return [this.argname];
  }

  protected observe(values: MetricValues, mask: MetricUpdates['mask']): void {
    const counted = countedOf(typeName(this.constructor), values[this.argname]!, mask);
    this.total.update((total) => total.add(counted.values.sum()));
    this.count.update((count) => count.add(counted.count));
  }

  /** float32[]. */
  compute(): Tensor {
    return this.total.value.div(asDType(this.count, 'float32'));
  }

  reset(): void {
    this.total.clear();
    this.count.clear();
  }
}

/** 0, strongly typed. */
export function zero(dtype: 'float32' | 'int32'): Tensor {
  return hostTensor(dtype === 'float32' ? new Float32Array(1) : new Int32Array(1), [], dtype);
}

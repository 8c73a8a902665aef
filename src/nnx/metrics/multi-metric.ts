/** MultiMetric: several metrics in one. */
import { fail } from '../../numpy/operands.ts';
import { Tensor } from '../../trace/tensor.ts';
import { Variable } from '../../trace/variable.ts';
import { Metric } from './metric.ts';
import type { Mask, MetricUpdates, MetricValues } from './metric.ts';

/**
 * Metrics by name, each of which takes what it needs of an update: `new MultiMetric({ loss: new Average('loss'), accuracy: new
 * Accuracy() })` takes `{ loss, logits, labels }`, and computes `{ loss, accuracy }`. A mask is for all of them, or
 * there is one for some by their names. flax.nnx.MultiMetric.
 */
export class MultiMetric<M extends Readonly<Record<string, Metric>> = Readonly<Record<string, Metric>>> extends Metric {
  readonly metrics: M;

  constructor(metrics: M) {
    super();
    this.metrics = { ...metrics };
  }

  get argnames(): readonly string[] {
    return [...new Set(Object.values(this.metrics).flatMap(({ argnames }) => argnames))];
  }

  protected observe(values: MetricValues, mask: MetricUpdates['mask']): void {
    const maskOf = masksByName(mask, Object.keys(this.metrics));
    for (const [name, metric] of Object.entries(this.metrics)) {
      const own = Object.fromEntries(metric.argnames.map((argname) => [argname, values[argname]]));
      metric.update({ ...own, mask: maskOf(name) });
    }
  }

  /** What each metric computes, under its name. */
  compute(): { readonly [Name in keyof M]: ReturnType<M[Name]['compute']> } {
    const results = Object.entries(this.metrics).map(([name, metric]) => [name, metric.compute()]);
    return Object.fromEntries(results) as { [Name in keyof M]: ReturnType<M[Name]['compute']> };
  }

  reset(): void {
    for (const metric of Object.values(this.metrics)) metric.reset();
  }
}

/** The mask of each metric. @throws VALUE for masks of metrics that are not there. */
function masksByName(mask: MetricUpdates['mask'], names: readonly string[]): (name: string) => Mask | undefined {
  if (mask === undefined || mask instanceof Tensor || mask instanceof Variable) return () => mask;
  const unknown = Object.keys(mask).filter((name) => !names.includes(name));
  if (unknown.length > 0) {
    const problem = `MultiMetric.update: masks for ${unknown.join(', ')}; the metrics are ${names.join(', ')}`;
    fail('VALUE', problem, `metrics.update({ ..., mask: { ${names[0] ?? 'loss'}: mask } })`);
  }
  return (name) => mask[name];
}

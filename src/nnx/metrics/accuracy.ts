/** Accuracy: how many predictions are right. */
import { isInteger } from '../../../compiler/dtype.ts';
import { sameShape, showShape } from '../../../compiler/shape.ts';
import { np } from '../../numpy/index.ts';
import { fail } from '../../numpy/operands.ts';
import { readOptions } from '../../options.ts';
import { describeValue, tensorOf } from '../../trace/bind.ts';
import type { Tensor } from '../../trace/tensor.ts';
import { Average } from './average.ts';
import type { MetricUpdates, MetricValues } from './metric.ts';

export interface AccuracyOptions {
  /** For two classes: from which logit on a prediction is positive. Default null, for classes along the last axis. */
  readonly threshold?: number | null;
}

/**
 * The share of right predictions: `accuracy.update({ logits, labels })`. Without a threshold, logits [..., classes] predict their
 * largest class, and labels [...] are integers; with one, logits [...] predict a positive label from it on. NaN before the first.
 * flax.nnx.metrics.Accuracy.
 */
export class Accuracy extends Average {
  readonly threshold: number | null;

  /** @throws VALUE for a threshold that is no finite number. */
  constructor(options: AccuracyOptions = {}) {
    super();
    const { threshold } = readOptions<Required<AccuracyOptions>>('nnx.metrics.Accuracy', options, { threshold: null });
    if (threshold !== null && !Number.isFinite(threshold)) {
      const problem = `nnx.metrics.Accuracy: the threshold ${describeValue(threshold)} is no finite number`;
      fail('VALUE', problem, 'new nnx.metrics.Accuracy({ threshold: 0.5 })');
    }
    this.threshold = threshold;
  }

  override get argnames(): readonly string[] {
    return ['logits', 'labels'];
  }

  protected override observe(given: MetricValues, mask: MetricUpdates['mask']): void {
    const [logits, labels] = [tensorOf(given['logits']!), tensorOf(given['labels']!)];
    const { threshold } = this;
    checkLabels(logits, labels, threshold === null ? logits.shape.slice(0, -1) : logits.shape);
    const right =
      threshold === null
        ? np.equal(np.argmax(logits, -1), labels.astype('int32'))
        : np.equal(np.greaterEqual(logits, threshold), np.greater(labels, 0));
    super.observe({ [this.argname]: right }, mask);
  }
}

function checkLabels(logits: Tensor, labels: Tensor, shape: readonly number[]): void {
  const both = `Accuracy.update: labels ${labels.describe()} for logits ${logits.describe()}`;
  if (logits.ndim === 0 || !sameShape(labels.shape, shape)) {
    const problem = `${both} do not have the shape ${showShape(shape)}`;
    fail('SHAPE', problem, 'new nnx.metrics.Accuracy({ threshold: 0.5 }) // for logits and labels of one shape');
  }
  if (!isInteger(labels.dtype)) {
    fail('DTYPE', `${both} are not integers`, "accuracy.update({ logits, labels: labels.astype('int32') })");
  }
}

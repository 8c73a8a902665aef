/** Metric: what is summed up over batches. */
import { np } from '../../numpy/index.ts';
import type { Operand } from '../../trace/bind.ts';
import { typeName } from '../../trace/printing.ts';
import type { Tensor } from '../../trace/tensor.ts';
import { userError } from '../../trace/user-error.ts';
import { Variable } from '../../trace/variable.ts';
import { Module } from '../module.ts';
import { State } from '../state.ts';
import { update as writeState } from '../update.ts';

/** What a metric knows so far. flax.nnx.metrics.MetricState. */
export class MetricState extends Variable {
  declare readonly __kind: 'MetricState';

  /** Zeros, of the shape of now: a metric may be a stack of metrics. */
  clear(): void {
    const { shape, dtype } = this;
    this.value = np.zeros(shape, { dtype });
  }
}

/** Which values count: bool, of their shape. */
export type Mask = Tensor | Variable;

/** Values by name, and which of them count; a MultiMetric takes a mask for all its metrics, or masks by their names. */
export interface MetricUpdates {
  readonly mask?: Mask | Readonly<Record<string, Mask>> | undefined;
  readonly [name: string]: Operand | Readonly<Record<string, Mask>> | undefined;
}

export type MetricValues = Readonly<Record<string, Operand>>;

/**
 * The base class of metrics: modules whose state is of the class MetricState, so that they may be updated inside jit and scan. A
 * subclass says which values it takes (`argnames`), and how they are taken in (`observe`), summed up (`compute`) and forgotten
 * (`reset`). flax.nnx.metrics.Metric.
 */
export abstract class Metric extends Module {
  /** The names of the values that `update` takes. */
  abstract get argnames(): readonly string[];

  /** Takes in the values of `argnames`. */
  protected abstract observe(values: MetricValues, mask: MetricUpdates['mask']): void;

  /** The metric of all values since the last `reset`. */
  abstract compute(): unknown;

  /** Forgets all values. */
  abstract reset(): void;

  /**
   * Takes in the values of a batch: `metric.update({ values: loss })`. A State is written into the Variables, as in any module.
   *
   * @throws VALUE for a value that is missing, or that no metric here takes; SHAPE, DTYPE for a mask that does not fit.
   */
  override update(updates: MetricUpdates | State): void {
    if (updates instanceof State) {
      writeState(this, updates);
      return;
    }
    const { mask, ...given } = updates;
    const values = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
    checkNames(this, Object.keys(values));
    this.observe(values as MetricValues, mask);
  }
}

function checkNames(metric: Metric, given: readonly string[]): void {
  const taken = metric.argnames;
  const missing = taken.filter((name) => !given.includes(name));
  const unknown = given.filter((name) => !taken.includes(name));
  if (missing.length === 0 && unknown.length === 0) return;
  const name = typeName(metric.constructor);
  const problem = missing.length > 0 ? `${missing.join(', ')} is missing` : `there is no ${unknown.join(', ')}`;
  throw userError('VALUE', `${name}.update: ${problem}; it takes ${taken.join(', ')} and mask`, {
    fix: `metric.update({ ${taken.join(', ')} })`,
  });
}

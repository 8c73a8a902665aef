/** Numbers of a transformation that may be read and changed while it runs. */
import { np } from '../numpy/index.ts';
import type { Tensor } from '../trace/tensor.ts';
import { userError } from '../trace/user-error.ts';
import { checkFinite, firstCount, increment } from './numbers.ts';
import type { GradientTransformation, OptState, Schedule } from './transformation.ts';

type Hyperparams<Name extends string = string, T = Tensor> = Readonly<Record<Name, T>>;

/** optax.InjectStatefulHyperparamsState. */
export interface InjectState<Name extends string = string, S = OptState> {
  readonly count: Tensor;
  /** float32[] each: the values of the next step, or of the last one where a schedule gives them. */
  readonly hyperparams: Hyperparams<Name>;
  readonly innerState: S;
}

/**
 * A transformation whose numbers are tensors of its state: `injectHyperparams((h) => adam(h.learningRate), { learningRate: 1e-3
 * })`. Those given as schedules follow the count of steps; the others may be set between two steps, which needs no new trace: of
 * an `nnx.Optimizer` they are Variables, such as `optState/hyperparams/learningRate`. Learning rates, factors and weight decays
 * may be tensors. optax.inject_hyperparams.
 *
 * @throws VALUE without any numbers, and for a number that is not finite.
 */
export function injectHyperparams<Name extends string, S>(
  factory: (hyperparams: Hyperparams<Name>) => GradientTransformation<S>,
  hyperparams: Hyperparams<Name, number | Schedule>,
): GradientTransformation<InjectState<Name, S>> {
  const name = 'optax.injectHyperparams';
  const given = Object.entries<number | Schedule>(hyperparams);
  if (given.length === 0) {
    throw userError('VALUE', `${name}: there are no hyperparameters`, {
      fix: 'injectHyperparams(({ learningRate }) => sgd(learningRate), { learningRate: 0.1 })',
    });
  }
  for (const [key, value] of given) if (typeof value !== 'function') checkFinite(name, key, value);
  const valuesAt = (count: Tensor, held?: Hyperparams<Name>): Hyperparams<Name> => {
    const entries = given.map(([key, value]) => {
      if (typeof value !== 'function') return [key, held?.[key as Name] ?? np.full([], value, { dtype: 'float32' })];
      return [key, np.astype(value(count), 'float32')];
    });
    return Object.fromEntries(entries) as Hyperparams<Name>;
  };
  return {
    init: (params) => {
      const count = firstCount();
      const values = valuesAt(count);
      return { count, hyperparams: values, innerState: factory(values).init(params) };
    },
    update: (updates, state, params) => {
      const values = valuesAt(state.count, state.hyperparams);
      const [next, innerState] = factory(values).update(updates, state.innerState, params);
      return [next, { count: increment(state.count), hyperparams: values, innerState }];
    },
  };
}

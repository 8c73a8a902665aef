/** Transformations in a row. */
import { userError } from '../trace/user-error.ts';
import type { GradientTransformation } from './transformation.ts';

/** The updates of each transformation go to the next; the state is the list of their states. optax.chain. */
export function chain<const S extends readonly unknown[]>(
  ...transforms: { readonly [K in keyof S]: GradientTransformation<S[K]> }
): GradientTransformation<S> {
  const row: readonly GradientTransformation[] = transforms;
  return {
    init: (params) => row.map((transform) => transform.init(params)) as unknown as S,
    update: (updates, states, params) => {
      checkStates(row, states);
      let current = updates;
      const next = row.map((transform, i) => {
        const [result, state] = transform.update(current, states[i], params);
        current = result;
        return state;
      });
      return [current, next as unknown as S];
    },
  };
}

function checkStates(row: readonly GradientTransformation[], states: unknown): void {
  if (Array.isArray(states) && states.length === row.length) return;
  throw userError('PYTREE', `optax.chain: the state is not that of ${row.length} transformations`, {
    fix: 'let state = tx.init(params);',
  });
}

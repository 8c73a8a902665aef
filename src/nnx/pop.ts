/** pop: takes Variables out of a model. The counterpart of nnx.pop. */
import { userError } from '../trace/user-error.ts';
import { currentTrace } from '../trace/trace.ts';
import { typeName } from '../trace/printing.ts';
import { Variable } from '../trace/variable.ts';
import { divide } from './filters.ts';
import type { Filter } from './filters.ts';
import { oneOrEach } from './functional.ts';
import type { Divided, OneOrEach } from './state-types.ts';
import { State } from './state.ts';
import { places } from './walk.ts';
import type { Place } from './walk.ts';

/**
 * Removes the Variables that the filters choose from the model, wherever it holds them, and returns them: a State for one filter,
 * an array of States for several. What no filter chooses stays. flax.nnx.pop.
 *
 * @throws VALUE without a filter; STRUCTURE inside a trace that did not make the Variables; UNSUPPORTED for elements of arrays.
 */
export function pop<M extends object, const F extends readonly [Filter, ...Filter[]]>(
  model: M,
  ...filters: F
): OneOrEach<Divided<M, F>> {
  if ((filters as readonly Filter[]).length === 0) {
    throw userError('VALUE', 'nnx.pop: which Variables to remove is not said', { fix: 'nnx.pop(model, nnx.Intermediate)' });
  }
  const all = [...places(model)];
  const entries = all.filter(isOwnVariable).map(({ path, value }) => [path, value] as const);
  const groups = divide('nnx.pop', entries, filters).slice(0, -1);
  const chosen = new Map(groups.flat().map(([path, variable]) => [variable, path]));
  for (const [variable, path] of chosen) checkTrace(variable, path);
  const removals = all.flatMap((place) => (chosen.has(place.value as Variable) ? [removalOf(place)] : []));
  for (const remove of removals) remove();
  return oneOrEach(groups.map((group) => new State(group))) as OneOrEach<Divided<M, F>>;
}

function isOwnVariable(place: Place): place is Place & { readonly value: Variable } {
  return !place.repeated && place.value instanceof Variable;
}

function checkTrace(variable: Variable, path: string): void {
  const trace = currentTrace();
  if (trace === null || trace.created(variable)) return;
  const kind = typeName(variable.constructor);
  throw userError('STRUCTURE', `nnx.pop: '${path}' (${kind}) may not leave its model inside ${trace.name}`, {
    fix: `nnx.pop(model, filter) outside ${trace.name}`,
  });
}

/** What removes a Variable from one of its places. */
function removalOf({ owner, part, path }: Place): () => void {
  if (owner === null || Array.isArray(owner)) {
    const what = owner === null ? 'the model itself' : 'an element of an array, and those after it would move';
    throw userError('UNSUPPORTED', `nnx.pop: '${path}' is ${what}`, {
      fix: 'this.named = { w: new Param(0) }; // in place of an array',
    });
  }
  return () => {
    if (owner instanceof Map) owner.delete(String(part));
    else Reflect.deleteProperty(owner, part);
  };
}

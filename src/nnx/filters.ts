/** Filters choose Variables: by class, by tag, by path, or by a predicate. The counterpart of flax.nnx.filterlib. */
import { describeValue } from '../trace/literal.ts';
import { userError } from '../trace/user-error.ts';
import { typeName } from '../trace/printing.ts';
import { Variable } from '../trace/variable.ts';
import { splitPath } from './paths.ts';
import type { VariableClass } from './variables.ts';

/** Whether the Variable at `path`, such as `layers/linear/w`, is chosen. */
export type VariablePredicate = (path: string, variable: Variable) => boolean;

/** A predicate that tells the kind of the Variables that it chooses. */
export type VariableGuard<V extends Variable> = (path: string, variable: Variable) => variable is V;

/** What is left: as the last of several filters, all that those before it did not choose. Flax's `...`. */
export const rest: unique symbol = Symbol('nnx.rest');

/**
 * A class (instances of subclasses too), a tag (the Variable's metadata `tag`), a predicate, all (`rest`, `true`) or nothing
 * (`false`), or an array of filters, of which one suffices.
 */
export type Filter = VariableClass | string | boolean | typeof rest | VariablePredicate | readonly Filter[];

/** The kind of Variables that a filter chooses, where its type tells. */
export type Chosen<F> =
  F extends VariableClass<infer V>
    ? V
    : F extends VariableGuard<infer V>
      ? V
      : F extends readonly (infer G)[]
        ? // The type of all filters contains itself.
          Filter extends G
          ? Variable
          : Chosen<G>
        : Variable;

/** @throws VALUE for what is no filter. */
export function toPredicate(filter: Filter): VariablePredicate {
  if (isVariableClass(filter)) return (_, variable) => variable instanceof filter;
  if (typeof filter === 'string') return (_, { metadata }) => metadata.tag === filter;
  if (typeof filter === 'boolean') return () => filter;
  if (typeof filter === 'function') return filter;
  if (filter === rest) return () => true;
  if (Array.isArray(filter)) return any(...(filter as readonly Filter[]));
  const problem = `${describeValue(filter)} is not a filter: a class of Variables, a tag, a predicate, or an array of these`;
  throw userError('VALUE', problem, { fix: '{ wrt: Param }' });
}

/** What one of the filters chooses. flax.nnx.Any. */
export function any<const F extends readonly Filter[]>(...filters: F): VariableGuard<Chosen<F[number]>> {
  const predicates = filters.map(toPredicate);
  return (path, variable): variable is Chosen<F[number]> => predicates.some((chooses) => chooses(path, variable));
}

/** What every one of the filters chooses. flax.nnx.All. */
export function all(...filters: readonly Filter[]): VariablePredicate {
  const predicates = filters.map(toPredicate);
  return (path, variable) => predicates.every((chooses) => chooses(path, variable));
}

/** What the filter does not choose. flax.nnx.Not. */
export function not(filter: Filter): VariablePredicate {
  const chooses = toPredicate(filter);
  return (path, variable) => !chooses(path, variable);
}

/** Instances of a class, subclasses included. flax.nnx.OfType. */
export function ofType<V extends Variable>(type: VariableClass<V>): VariableGuard<V> {
  return (_, variable): variable is V => variable instanceof type;
}

/** Variables whose metadata `tag` is this. flax.nnx.WithTag. */
export function withTag(tag: string): VariablePredicate {
  return toPredicate(tag);
}

/** Variables with this part in their path; unless `exact`, a piece of a part suffices. flax.nnx.PathContains. */
export function pathContains(key: string | number, { exact = true }: { readonly exact?: boolean } = {}): VariablePredicate {
  const wanted = String(key);
  return (path) => splitPath(path).some((part) => (exact ? String(part) === wanted : String(part).includes(wanted)));
}

/** Variables at these paths. flax.nnx.PathIn. */
export function pathIn(...paths: readonly string[]): VariablePredicate {
  return (path) => paths.includes(path);
}

/** flax.nnx.Everything. */
export const everything: VariablePredicate = () => true;

/** flax.nnx.Nothing. */
export const nothing: VariablePredicate = () => false;

/**
 * The entries that each filter is the first to choose, and last those that none chooses.
 *
 * @throws VALUE where a filter that chooses everything is not the last.
 */
export function divide<V extends Variable>(
  name: string,
  entries: Iterable<readonly [path: string, variable: V]>,
  filters: readonly Filter[],
): (readonly [string, V])[][] {
  const early = filters.findIndex((filter, i) => (filter === rest || filter === true) && i < filters.length - 1);
  if (early >= 0) {
    const shown = showFilter(filters[early]!);
    const place = `number ${early + 1} of ${filters.length}`;
    throw userError('VALUE', `${name}: ${shown} takes all that is left, so it may only come last, and not as ${place}`, {
      fix: `${name}(model, ...filters, nnx.rest)`,
    });
  }
  const predicates = filters.map(toPredicate);
  const groups: (readonly [string, V])[][] = [...filters.map(() => []), []];
  for (const [path, variable] of entries) {
    const first = predicates.findIndex((chooses) => chooses(path, variable));
    groups.at(first)!.push([path, variable]);
  }
  return groups;
}

/**
 * The entries that each filter is the first to choose; without filters, all.
 *
 * @throws VALUE when there are entries that none chooses.
 */
export function divideAll<V extends Variable>(
  name: string,
  entries: Iterable<readonly [path: string, variable: V]>,
  filters: readonly Filter[],
): (readonly [string, V])[][] {
  const groups = divide(name, entries, filters.length === 0 ? [rest] : filters);
  const left = groups.pop()!;
  if (left.length === 0) return groups;
  const list = left.map(([path, variable]) => `'${path}' (${typeName(variable.constructor)})`).join(', ');
  throw userError('VALUE', `${name}: none of the filters ${filters.map(showFilter).join(', ')} chooses ${list}`, {
    fix: `${name}(model, ...filters, nnx.rest)`,
  });
}

/** The filter in messages. */
export function showFilter(filter: Filter): string {
  if (typeof filter === 'string') return `tag '${filter}'`;
  if (filter === rest) return 'nnx.rest';
  if (typeof filter === 'boolean') return String(filter);
  if (isVariableClass(filter)) return typeName(filter);
  return Array.isArray(filter) ? `[${filter.map(showFilter).join(', ')}]` : 'the predicate';
}

function isVariableClass(filter: unknown): filter is VariableClass {
  return typeof filter === 'function' && (filter === Variable || filter.prototype instanceof Variable);
}

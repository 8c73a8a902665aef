/** Filters choose Variables: by class, by tag, or by a predicate. The counterpart of flax.nnx.filterlib. */
import { describeValue } from '../trace/literal.ts';
import { userError } from '../trace/user-error.ts';
import { typeName } from '../trace/printing.ts';
import { Variable } from '../trace/variable.ts';
import type { VariableClass } from './variables.ts';

/** Whether the Variable at `path`, such as `layers/linear/w`, is chosen. */
export type VariablePredicate = (path: string, variable: Variable) => boolean;

/** A class (instances of subclasses too), a tag (the Variable's metadata `tag`), or a predicate. */
export type Filter = VariableClass | string | VariablePredicate;

/** @throws VALUE for what is no filter. */
export function toPredicate(filter: Filter): VariablePredicate {
  if (isVariableClass(filter)) return (_, variable) => variable instanceof filter;
  if (typeof filter === 'string') return (_, { metadata }) => metadata['tag'] === filter;
  if (typeof filter === 'function') return filter;
  throw userError('VALUE', `${describeValue(filter)} is not a filter: a class of Variables, a tag, or a predicate`, {
    fix: '{ wrt: Param }',
  });
}

/** The filter in messages. */
export function showFilter(filter: Filter): string {
  if (typeof filter === 'string') return `tag '${filter}'`;
  return isVariableClass(filter) ? typeName(filter) : 'the predicate';
}

function isVariableClass(filter: unknown): filter is VariableClass {
  return typeof filter === 'function' && (filter === Variable || filter.prototype instanceof Variable);
}

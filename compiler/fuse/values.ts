/** One element of a variable as an expression of its operands' elements: how every view and elementwise operation is read. */
import { HeddleError } from '../errors.ts';
import { Literal } from '../ir/jaxpr.ts';
import type { Atom, Var } from '../ir/jaxpr.ts';
import { constantExpr } from '../scalar/expression.ts';
import type { Expr, Value } from '../scalar/expression.ts';
import type { Index } from '../scalar/indices.ts';
import type { Definition } from './block.ts';

export type Read = (atom: Atom, indices: readonly Index[]) => Expr;

/** The element at `indices` of a variable that is computed where it is read. */
export function expand(definition: Definition, indices: readonly Index[], read: Read): Expr {
  if (definition.kind === 'slice') return read(definition.source, [definition.position, ...indices]);
  if (definition.kind === 'operation') {
    const { equation, output } = definition;
    const { lowering } = equation.primitive;
    if (lowering.kind === 'element') {
      const values = equation.inputs.map((atom): Value => ({ aval: atom.aval, at: (at) => read(atom, at) }));
      const elements = lowering.at(values, equation.params, equation.outputs.map(({ aval }) => aval));
      return elements[output]!(indices);
    }
  }
  throw new HeddleError('INTERNAL', `a ${definition.kind} that must be stored was read in place`);
}

export function keyOfIndices(indices: readonly Index[]): string {
  return indices.map(({ key }) => key).join(',');
}

/**
 * Reads atoms recursively. `stored` answers for variables that are not computed in place. Every element is expanded
 * once, so that expressions share what they have in common instead of growing exponentially.
 */
export function createReader(
  definitions: ReadonlyMap<Var, Definition>,
  stored: (variable: Var, indices: readonly Index[]) => Expr | undefined,
  expanded: (definition: Definition) => void,
): Read {
  const known = new Map<Var, Map<string, Expr>>();
  const read: Read = (atom, indices) => {
    if (atom instanceof Literal) return constantExpr(atom.aval.dtype, atom.value);
    const elements = known.get(atom) ?? new Map<string, Expr>();
    known.set(atom, elements);
    const key = keyOfIndices(indices);
    const found = elements.get(key) ?? stored(atom, indices) ?? expandOnce(atom, indices);
    elements.set(key, found);
    return found;
  };
  const expandOnce = (variable: Var, indices: readonly Index[]): Expr => {
    const definition = definitionOf(definitions, variable);
    const value = expand(definition, indices, read);
    expanded(definition);
    return value;
  };
  return read;
}

export function definitionOf(definitions: ReadonlyMap<Var, Definition>, variable: Var): Definition {
  const definition = definitions.get(variable);
  if (definition === undefined) throw new HeddleError('INTERNAL', 'a variable has no definition');
  return definition;
}

/** An operation that is never stored on its own account: reading it in place costs next to nothing. */
export function isFree(definition: Definition): boolean {
  if (definition.kind === 'slice') return true;
  if (definition.kind !== 'operation') return false;
  const { primitive, inputs } = definition.equation;
  if (primitive.lowering.kind !== 'element') return false;
  return primitive.lowering.view || inputs.length === 0 || CASTS.has(primitive.name);
}

const CASTS: ReadonlySet<string> = new Set(['convert_element_type', 'bitcast_convert_type']);

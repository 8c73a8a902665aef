/** Axes as options give them: one for all, or a prefix of the tree that they belong to. */
import { describeValue } from './trace/literal.ts';
import { typeName } from './trace/printing.ts';
import { Tensor } from './trace/tensor.ts';
import { userError } from './trace/user-error.ts';
import { Variable } from './trace/variable.ts';
import { countLeaves } from './autodiff/leaves.ts';
import { leafPaths } from './leaf-paths.ts';
import { toPredicate } from './nnx/filters.ts';
import type { Filter, VariablePredicate } from './nnx/filters.ts';
import type { TreeDef } from './tree.ts';

/** An axis, null for "not mapped", a choice by filters, or a tree of them that is a prefix of the tree it belongs to. */
export type Axes = number | null | StateAxes | readonly Axes[] | { readonly [key: string]: Axes };

/** An axis for each Variable of modules and States: that of the first filter which chooses it. */
export class StateAxes {
  readonly #choices: readonly (readonly [chooses: VariablePredicate, axis: number | null])[];

  constructor(choices: readonly (readonly [filter: Filter, axis: number | null])[]) {
    this.#choices = choices.map(([filter, axis]) => [toPredicate(filter), axis]);
  }

  /** undefined where no filter chooses the Variable. */
  axisOf(path: string, variable: Variable): number | null | undefined {
    return this.#choices.find(([chooses]) => chooses(path, variable))?.[1];
  }
}

/**
 * Axes by filters, for entries of `inAxes` and `outAxes` that belong to modules and States:
 * `nnx.stateAxes([[Param, 0], [nnx.rest, null]])`. The first filter that chooses a Variable counts, and one must.
 * flax.nnx.StateAxes.
 *
 * @throws VALUE for what is no list of filters with axes.
 */
export function stateAxes(choices: readonly (readonly [filter: Filter, axis: number | null])[]): StateAxes {
  const isPair = (pair: unknown): boolean =>
    Array.isArray(pair) && pair.length === 2 && (pair[1] === null || Number.isInteger(pair[1]));
  if (Array.isArray(choices) && choices.every(isPair)) return new StateAxes(choices);
  const given = Array.isArray(choices) ? `entry ${choices.findIndex((pair) => !isPair(pair))}` : describeValue(choices);
  throw userError('VALUE', `nnx.stateAxes: ${given} is no filter with its axis, a whole number or null`, {
    fix: 'nnx.stateAxes([[nnx.Param, 0], [nnx.rest, null]])',
  });
}

/**
 * One axis of a prefix for each leaf: `0` stands for every leaf below, `[0, null]` for those of two children.
 *
 * @throws VMAP_AXIS where the prefix does not fit the tree, and for a Variable that no filter chooses.
 */
export function axesOfLeaves(prefix: Axes, treedef: TreeDef, leaves: readonly unknown[], what: string): (number | null)[] {
  const values: (number | null)[] = [];
  const visit = (part: Axes, node: TreeDef, path: string): void => {
    if (part === null || typeof part === 'number') {
      for (let i = countLeaves(node); i > 0; i--) values.push(part);
      return;
    }
    if (part instanceof StateAxes) {
      for (const place of leafPaths(node)) values.push(axisByFilter(part, place, leaves[values.length], path));
      return;
    }
    if (node.kind === 'nothing') return;
    if (node.kind === 'array' && isList(part) && part.length === node.children.length) {
      node.children.forEach((child, i) => visit(part[i]!, child, `${path}[${i}]`));
      return;
    }
    if (node.kind === 'object' && typeof part === 'object' && !isList(part)) {
      node.children.forEach((child, i) => visit(part[node.keys[i]!] ?? null, child, `${path}.${node.keys[i]}`));
      return;
    }
    throw userError(
      'VMAP_AXIS',
      `${path} does not fit the tree it belongs to: it must be a number, null, or a prefix of the tree`,
      {
        fix: `${what}: 0`,
      },
    );
  };
  visit(prefix, treedef, what);
  return values;
}

function axisByFilter(axes: StateAxes, place: string, leaf: unknown, path: string): number | null {
  if (leaf instanceof Variable) {
    const axis = axes.axisOf(place, leaf);
    if (axis !== undefined) return axis;
    const problem = `${path}: none of the filters chooses '${place}', a ${typeName(leaf.constructor)}`;
    throw userError('VMAP_AXIS', problem, { fix: 'nnx.stateAxes([[nnx.Param, 0], [nnx.rest, null]])' });
  }
  if (!(leaf instanceof Tensor)) return null;
  throw userError('VMAP_AXIS', `${path} is for Variables, and ${place === '' ? 'there' : `at '${place}'`} is ${leaf.describe()}`, {
    fix: 'inAxes: [nnx.stateAxes([[nnx.Param, 0], [nnx.rest, null]]), 0]',
  });
}

function isList(part: Axes): part is readonly Axes[] {
  return Array.isArray(part);
}

/** What it costs to compute one element of a variable where it is read, when all that need not be stored is computed in place. */
import { Literal } from '../ir/jaxpr.ts';
import type { Atom, Var } from '../ir/jaxpr.ts';
import { loadExpr } from '../scalar/expression.ts';
import { constant } from '../scalar/indices.ts';
import type { Block, BlockProgram } from './block.ts';
import { pointOf } from './space.ts';
import { definitionOf, expand } from './values.ts';
import { survey } from './walk.ts';

interface ElementCost {
  readonly flops: number;
  readonly loads: number;
}

export type Measure = (variable: Var) => ElementCost;

const ONE_LOAD: ElementCost = { flops: 0, loads: 1 };

/** Shared operands count once per reader, so sums of long diamonds are capped. */
const CAP = 1e9;

export function measure({ block, definitions }: BlockProgram): Measure {
  const costs = new Map<Var, ElementCost>();
  const costOf = (atom: Atom): ElementCost => {
    return atom instanceof Literal ? { flops: 0, loads: 0 } : (costs.get(atom) ?? ONE_LOAD);
  };
  const visit = (nodes: Block['nodes']): void => {
    for (const node of nodes) {
      if (node.kind === 'loop') {
        node.slices.forEach((slice) => set(slice));
        visit(node.body.nodes);
      } else if (node.kind === 'branches') {
        node.cases.forEach((branch) => visit(branch.block.nodes));
      } else if (node.equation.primitive.lowering.kind === 'element') {
        node.equation.outputs.forEach(set);
      }
    }
  };
  const set = (variable: Var): void => {
    const operands = new Set<Atom>();
    const definition = definitionOf(definitions, variable);
    const value = expand(definition, pointOf(variable.aval.shape), (atom) => {
      operands.add(atom);
      return loadExpr(atom.aval.dtype, operands.size, constant(0));
    });
    const parts = [{ flops: survey([value], []).flops, loads: 0 }, ...[...operands].map(costOf)];
    costs.set(variable, {
      flops: Math.min(parts.reduce((sum, { flops }) => sum + flops, 0), CAP),
      loads: Math.min(parts.reduce((sum, { loads }) => sum + loads, 0), CAP),
    });
  };
  visit(block.nodes);
  return costOf;
}

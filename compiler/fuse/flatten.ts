/** From a jaxpr to nested blocks: inlines calls, names every variable once, lifts what is invariant out of loops. */
import type { Atom, Equation, Jaxpr } from '../ir/jaxpr.ts';
import type { BlockProgram } from './block.ts';
import { flattenCond } from './branches.ts';
import { flattenScan } from './loops.ts';
import { narrowConcatenate, splitReduction, withoutElements } from './rewrites.ts';
import { ProgramScope, Scope } from './scope.ts';

/** The blocks of a jaxpr; its consts are the first inputs. */
export function flatten(jaxpr: Jaxpr): BlockProgram {
  const program = new ProgramScope(rewrite);
  const scope = new Scope(program, { guard: undefined, depth: 0 }, undefined);
  const inputs = [...jaxpr.consts, ...jaxpr.inputs].map((variable) => scope.declare(variable, { kind: 'input' }));
  const outputs = scope.inline(jaxpr, inputs);
  return { inputs, outputs, block: scope.block, definitions: program.definitions, unguarded: program.unguarded };
}

function rewrite(scope: Scope, equation: Equation): readonly Atom[] | undefined {
  const { primitive, params, inputs } = equation;
  switch (primitive.name) {
    case 'jit':
      return scope.inline(params['jaxpr'] as Jaxpr, inputs);
    case 'scan':
      return flattenScan(scope, equation);
    case 'cond':
      return flattenCond(scope, equation);
    case 'concatenate':
      return withoutElements(scope, equation) ?? narrowConcatenate(scope, equation);
    default:
      return withoutElements(scope, equation) ?? splitReduction(scope, equation);
  }
}

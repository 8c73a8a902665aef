/** From a jaxpr to nested blocks: inlines calls, names every variable once, lifts what is invariant out of loops. */
import type { Atom, Equation, Jaxpr } from '../ir/jaxpr.ts';
import { calledJaxpr } from '../primitives/control/calls.ts';
import { forwardMode } from '../primitives/control/custom-vjp.ts';
import type { BlockProgram } from './block.ts';
import { flattenCond } from './branches.ts';
import { flattenScan } from './loops.ts';
import { narrowConcatenate, splitReduction, withoutElements, writeComposite } from './rewrites.ts';
import { ProgramScope, Scope } from './scope.ts';
import { flattenWhile } from './while.ts';

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
  const called = calledJaxpr(equation);
  if (called !== undefined) return scope.inline(called, inputs);
  switch (primitive.name) {
    case 'custom_vjp_linear':
      return forwardMode(String(params['name']));
    case 'scan':
      return flattenScan(scope, equation);
    case 'while':
      return flattenWhile(scope, equation);
    case 'cond':
      return flattenCond(scope, equation);
    case 'concatenate':
      return withoutElements(scope, equation) ?? narrowConcatenate(scope, equation);
    default:
      return withoutElements(scope, equation) ?? writeComposite(scope, equation) ?? splitReduction(scope, equation);
  }
}

/** `cond`: cheap branches are all computed and one is selected; others run under guards. */
import { Literal, subJaxprs } from '../ir/jaxpr.ts';
import type { Atom, Equation, Jaxpr, Var } from '../ir/jaxpr.ts';
import { sizeOf } from '../shape.ts';
import type { Case } from './block.ts';
import { SELECT_MAX_ELEMENTS, SELECT_MAX_EQUATIONS } from './costs.ts';
import { Scope } from './scope.ts';

/** Appends the branches; gives the atoms of their results. */
export function flattenCond(scope: Scope, equation: Equation): readonly Atom[] {
  const [index, ...operands] = equation.inputs as [Atom, ...Atom[]];
  const branches = subJaxprs(equation);
  const last = branches.length - 1;
  if (index instanceof Literal) return scope.inline(branches[Math.min(Math.max(index.value, 0), last)]!, operands);
  if (last === 0) return scope.inline(branches[0]!, operands);
  return isCheap(branches) ? select(scope, equation, index, branches) : guarded(scope, equation, index, branches);
}

/** Branches whose evaluation costs less than the launches of guarded kernels. */
function isCheap(branches: readonly Jaxpr[]): boolean {
  const equations = branches.flatMap((branch) => branch.equations);
  const elements = equations.flatMap((equation) => equation.outputs).reduce((sum, { aval }) => sum + sizeOf(aval.shape), 0);
  const elementwise = equations.every((equation) => equation.primitive.lowering.kind === 'element');
  return elementwise && equations.length <= SELECT_MAX_EQUATIONS && elements <= SELECT_MAX_ELEMENTS;
}

function select(scope: Scope, equation: Equation, index: Atom, branches: readonly Jaxpr[]): Atom[] {
  const operands = equation.inputs.slice(1);
  const outputs = branches.map((branch) => scope.inline(branch, operands));
  return equation.outputs.map((_, k) => {
    return outputs.map((values) => values[k]!).reduce((chosen, value, branch) => {
      if (chosen === value) return value;
      return scope.build((o) => o.selectN(o.ge(index, branch), chosen, value), equation);
    });
  });
}

function guarded(scope: Scope, equation: Equation, index: Atom, branches: readonly Jaxpr[]): Atom[] {
  const { guard, depth } = scope.block;
  const clamped = scope.build((o) => o.clamp(0, index, branches.length - 1), equation) as Var;
  let taken = clamped;
  if (guard !== undefined) {
    // The choice is made whether or not the enclosing branch is taken; where it is not, it matches no case.
    taken = scope.build((o) => o.selectN(o.eq(guard.index, guard.branch), o.literal(-1, 'int32'), clamped), equation) as Var;
    scope.program.unguarded.add(taken);
  }
  const cases = branches.map((branch, number): Case => {
    const inner = new Scope(scope.program, { guard: { index: taken, branch: number }, depth }, undefined);
    return { outputs: inner.inline(branch, equation.inputs.slice(1)), block: inner.block };
  });
  const results = equation.outputs.map((output): Atom => {
    return scope.filledIfEmpty(output) ?? scope.declare(output, { kind: 'result', block: scope.block });
  });
  const withElements = <T>(items: readonly T[]): T[] => items.filter((_, k) => sizeOf(equation.outputs[k]!.aval.shape) > 0);
  scope.nodes.push({
    kind: 'branches',
    index: taken,
    cases: cases.map(({ block, outputs }) => ({ block, outputs: withElements(outputs) })),
    results: withElements(results) as Var[],
  });
  return results;
}

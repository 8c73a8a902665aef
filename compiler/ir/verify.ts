/** Checks that a jaxpr is well-formed. Tests run it after every pass. */
import { roundTo } from '../dtype.ts';
import { HeddleError } from '../errors.ts';
import { equationProblem } from './check.ts';
import { Var, showAval, subJaxprs } from './jaxpr.ts';
import type { Atom, Jaxpr, Literal } from './jaxpr.ts';
import { printJaxpr } from './print.ts';

/**
 * Throws IR_TYPE, with the equations around the fault, unless: every variable is bound once and before it is read (jaxprs inside
 * equations see only their own), literals are scalars that their dtype can hold, and every equation has the parameters and
 * results that its primitive's type rule demands. The type rules of scan and cond check their bodies against their operands.
 */
export function verifyJaxpr(jaxpr: Jaxpr): void {
  const bound = new Set<Var>();
  const bind = (variable: Var, at: number): void => {
    if (bound.has(variable)) fault(jaxpr, at, `a variable ${showAval(variable.aval)} is bound a second time`);
    bound.add(variable);
  };
  const read = (atom: Atom, at: number): void => {
    const problem = atom instanceof Var ? unboundProblem(atom, bound) : literalProblem(atom);
    if (problem !== undefined) fault(jaxpr, at, problem);
  };
  for (const variable of [...jaxpr.consts, ...jaxpr.inputs]) bind(variable, 0);
  jaxpr.equations.forEach((equation, at) => {
    for (const input of equation.inputs) read(input, at);
    for (const inner of subJaxprs(equation)) verifyJaxpr(inner);
    const problem = equationProblem(equation);
    if (problem !== undefined) fault(jaxpr, at, problem.text, problem.cause);
    for (const output of equation.outputs) bind(output, at);
  });
  for (const output of jaxpr.outputs) read(output, jaxpr.equations.length);
}

function unboundProblem(variable: Var, bound: ReadonlySet<Var>): string | undefined {
  return bound.has(variable) ? undefined : `a variable ${showAval(variable.aval)} is read before it is bound`;
}

function literalProblem({ value, aval }: Literal): string | undefined {
  if (aval.shape.length > 0) return `a literal has the type ${showAval(aval)}; literals are scalars`;
  return Object.is(roundTo(aval.dtype, value), value) ? undefined : `the literal ${value} is not a value of ${aval.dtype}`;
}

function fault(jaxpr: Jaxpr, at: number, problem: string, cause?: unknown): never {
  const where = at < jaxpr.equations.length ? `equation ${at + 1} of ${jaxpr.equations.length}` : 'the outputs';
  const around = printJaxpr(jaxpr, { focus: at, sources: true, paths: true });
  throw new HeddleError('IR_TYPE', `${where}: ${problem}\n${around}`, cause === undefined ? {} : { cause });
}

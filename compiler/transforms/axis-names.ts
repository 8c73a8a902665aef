/** Which mapped axes the collectives of an equation name, those in the jaxprs that it holds included. */
import { subJaxprs } from '../ir/jaxpr.ts';
import type { Equation, Jaxpr } from '../ir/jaxpr.ts';

const NAMES = new WeakMap<Jaxpr, ReadonlySet<string>>();

/** Whether the equation is, or holds, a collective over this axis. */
export function namesAxis(equation: Equation, axisName: string | null): boolean {
  if (axisName === null) return false;
  return equation.params['axisName'] === axisName || subJaxprs(equation).some((jaxpr) => namesIn(jaxpr).has(axisName));
}

function namesIn(jaxpr: Jaxpr): ReadonlySet<string> {
  const known = NAMES.get(jaxpr);
  if (known !== undefined) return known;
  const names = new Set<string>();
  for (const equation of jaxpr.equations) {
    const name = equation.params['axisName'];
    if (typeof name === 'string') names.add(name);
    for (const inner of subJaxprs(equation)) namesIn(inner).forEach((each) => names.add(each));
  }
  NAMES.set(jaxpr, names);
  return names;
}

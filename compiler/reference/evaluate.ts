/** The interpreter: runs a jaxpr on host arrays by the primitives' reference rules. It is the device `cpu` and the oracle. */
import type { HostArray } from '../dtype.ts';
import { HeddleError } from '../errors.ts';
import { Literal, Var } from '../ir/jaxpr.ts';
import type { Atom, Jaxpr } from '../ir/jaxpr.ts';
import { filled } from './arrays.ts';

/**
 * The outputs of `jaxpr` on `inputs`, which bind its consts and then its inputs. Values are dropped after their last use.
 * Inputs are not written to, but an output may share memory with an input.
 */
export function evaluate(jaxpr: Jaxpr, inputs: readonly HostArray[]): HostArray[] {
  const bound = [...jaxpr.consts, ...jaxpr.inputs];
  if (bound.length !== inputs.length) {
    throw new HeddleError('INTERNAL', `a jaxpr with ${bound.length} inputs was evaluated on ${inputs.length} arrays`);
  }
  const values = new Map<Var, HostArray>();
  bound.forEach((variable, i) => values.set(variable, inputs[i]!));
  const read = (atom: Atom): HostArray => {
    if (atom instanceof Literal) return filled(atom.aval.dtype, atom.aval.shape, atom.value);
    const value = values.get(atom);
    if (value === undefined) throw new HeddleError('INTERNAL', 'an equation reads a variable that nothing defined');
    return value;
  };
  const dying = lastUses(jaxpr);
  jaxpr.equations.forEach((equation, i) => {
    const results = equation.primitive.reference(equation.inputs.map(read), equation.params, evaluate);
    equation.outputs.forEach((output, k) => values.set(output, results[k]!));
    dying[i]!.forEach((variable) => values.delete(variable));
  });
  return jaxpr.outputs.map(read);
}

const LAST_USES = new WeakMap<Jaxpr, readonly (readonly Var[])[]>();

/** For every equation the variables that nothing needs after it. Kept, because the body of a scan is evaluated many times. */
function lastUses(jaxpr: Jaxpr): readonly (readonly Var[])[] {
  const known = LAST_USES.get(jaxpr);
  if (known !== undefined) return known;
  const needed = new Set<Atom>(jaxpr.outputs);
  const dying = jaxpr.equations.map((): Var[] => []);
  for (let i = jaxpr.equations.length - 1; i >= 0; i--) {
    const { inputs, outputs } = jaxpr.equations[i]!;
    for (const atom of [...inputs, ...outputs]) {
      if (!(atom instanceof Var) || needed.has(atom)) continue;
      needed.add(atom);
      dying[i]!.push(atom);
    }
  }
  LAST_USES.set(jaxpr, dying);
  return dying;
}

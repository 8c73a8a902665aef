/** Operands and carries against the jaxprs that they go to. */
import { HeddleError } from '../../errors.ts';
import { showAval } from '../../ir/jaxpr.ts';
import type { Aval, Jaxpr } from '../../ir/jaxpr.ts';
import { sameType } from '../checks.ts';

export function expectArguments(primitive: string, jaxpr: Jaxpr, operands: readonly Aval[]): void {
  const count = jaxpr.inputs.length;
  if (count !== operands.length) {
    throw new HeddleError('IR_TYPE', `${primitive}: its jaxpr has ${count} inputs, was given ${operands.length} operands`);
  }
  operands.forEach((operand, i) => {
    const wanted = jaxpr.inputs[i]!.aval;
    if (sameType(operand, wanted)) return;
    throw new HeddleError('IR_TYPE', `${primitive}: operand ${i} is ${showAval(operand)}, its jaxpr takes ${showAval(wanted)}`);
  });
}

/** The carries of a loop must leave it as they came, each difference is named. */
export function expectCarriesKept(primitive: string, carries: readonly Aval[], next: readonly Aval[]): void {
  if (next.length !== carries.length) {
    throw new HeddleError('IR_TYPE', `${primitive}: its body gives ${next.length} values for ${carries.length} carries`);
  }
  const differences = next.flatMap((output, i) => {
    const input = carries[i]!;
    return sameType(input, output) ? [] : [`carry ${i} enters as ${showAval(input)} and leaves as ${showAval(output)}`];
  });
  if (differences.length > 0) {
    throw new HeddleError('CARRY', `${primitive}: ${differences.join('; ')}`, {
      fix: 'return the carry with the shape and dtype it came with',
    });
  }
}

export function outputAvals(jaxpr: Jaxpr): Aval[] {
  return jaxpr.outputs.map(({ aval }) => aval);
}

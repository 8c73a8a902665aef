/** Carries of a scan that only sum what the steps contribute, as those of the gradient of a weight do. */
import type { Atom, Equation } from '../ir/jaxpr.ts';
import { sameShape } from '../shape.ts';
import { countReads } from './body.ts';
import type { Carry, ScanParts } from './scan-parts.ts';

/** What a step adds to the sum, or takes from it. */
export interface Term {
  readonly value: Atom;
  readonly negative: boolean;
}

export interface Accumulator {
  readonly carry: Carry;
  readonly terms: readonly Term[];
  /** The equations of the sum, which nothing else reads. */
  readonly chain: readonly Equation[];
}

export function findAccumulators(parts: ScanParts): Accumulator[] {
  const counts = countReads(parts);
  const readers = new Map<Atom, Equation>();
  for (const equation of parts.equations) equation.inputs.forEach((input) => readers.set(input, equation));
  return parts.carries.flatMap((carry) => {
    const terms: Term[] = [];
    const chain: Equation[] = [];
    let sum: Atom = carry.inner;
    while (sum !== carry.next) {
      const reader: Equation | undefined = counts.get(sum) === 1 ? readers.get(sum) : undefined;
      const term = reader === undefined ? undefined : termOf(reader, sum);
      if (reader === undefined || term === undefined) return [];
      terms.push(term);
      chain.push(reader);
      sum = reader.outputs[0]!;
    }
    return chain.length > 0 && counts.get(sum) === 1 ? [{ carry, terms, chain }] : [];
  });
}

/** `g` where the equation is `sum + g`, `g + sum` or `sum - g`. */
function termOf({ primitive, inputs, outputs }: Equation, sum: Atom): Term | undefined {
  const [x, y] = [inputs[0]!, inputs[1]!];
  if (!['add', 'sub'].includes(primitive.name) || !sameShape(outputs[0]!.aval.shape, sum.aval.shape)) return undefined;
  if (x === sum) return { value: y, negative: primitive.name === 'sub' };
  return primitive.name === 'add' ? { value: x, negative: false } : undefined;
}

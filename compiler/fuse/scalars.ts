/** The part of a jaxpr that computes scalars from scalars, element by element: it costs a kernel next to nothing. */
import { Jaxpr, Literal } from '../ir/jaxpr.ts';
import type { Atom } from '../ir/jaxpr.ts';

export interface ScalarPart {
  /** Takes all inputs, gives the outputs that can be computed so. */
  readonly jaxpr: Jaxpr;
  /** Which these are. */
  readonly outputs: readonly boolean[];
}

export function scalarPart({ inputs, equations, outputs }: Jaxpr): ScalarPart {
  const scalars = new Set<Atom>(inputs.filter(({ aval }) => aval.shape.length === 0));
  const isScalar = (atom: Atom): boolean => atom instanceof Literal || scalars.has(atom);
  const part = equations.filter((equation) => {
    const { primitive, inputs: operands, outputs: results } = equation;
    const isElement = primitive.lowering.kind === 'element' && results.every(({ aval }) => aval.shape.length === 0);
    if (!isElement || !operands.every(isScalar)) return false;
    results.forEach((result) => scalars.add(result));
    return true;
  });
  return { jaxpr: new Jaxpr([], inputs, part, outputs.filter(isScalar)), outputs: outputs.map(isScalar) };
}

/** Constant folding: an equation on literals whose results are scalars is computed now, by its reference rule. */
import { Literal } from '../ir/jaxpr.ts';
import type { Jaxpr } from '../ir/jaxpr.ts';
import { filled } from '../reference/arrays.ts';
import { evaluate } from '../reference/evaluate.ts';
import { rewrite } from './rewrite.ts';

export function fold(jaxpr: Jaxpr): Jaxpr {
  return rewrite(jaxpr, () => ({ primitive, inputs, params, outputs }) => {
    if (['control', 'none'].includes(primitive.lowering.kind)) return undefined;
    const literals = inputs.filter((input) => input instanceof Literal);
    const scalars = outputs.every((output) => output.aval.shape.length === 0);
    if (!scalars || literals.length < inputs.length || inputs.length === 0) return undefined;
    const arrays = literals.map(({ aval, value }) => filled(aval.dtype, aval.shape, value));
    const results = primitive.reference(arrays, params, evaluate);
    return outputs.map((output, i) => new Literal(results[i]!.data[0]!, output.aval));
  });
}

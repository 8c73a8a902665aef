/** Checks after every equation that gives floats: the call fails where one is NaN, and says which equation it was. */
import { isFloat } from '../dtype.ts';
import { Builder } from '../ir/builder.ts';
import { Jaxpr, mapSubJaxprs, subJaxprs } from '../ir/jaxpr.ts';
import type { Equation } from '../ir/jaxpr.ts';
import { range } from '../primitives/batching.ts';

/**
 * The jaxpr with a check of every float result, also inside of scan, cond and calls; of a loop of unknown length only the results
 * are checked. What only moves elements is not checked: its NaNs were there before.
 */
export function checkNans(jaxpr: Jaxpr): Jaxpr {
  const o = new Builder();
  for (const equation of jaxpr.equations) {
    o.source = equation.source;
    o.path = equation.path;
    const isOpened = equation.primitive.name !== 'while' && subJaxprs(equation).length > 0;
    o.equations.push(isOpened ? mapSubJaxprs(equation, checkNans) : equation);
    if (isOpened || isView(equation)) continue;
    for (const output of equation.outputs) {
      if (!isFloat(output.aval.dtype)) continue;
      const found = o.reduceOr(o.isNan(output), { axes: range(output.aval.shape.length) });
      o.check(found, { message: `${equation.primitive.name} gave NaN` });
    }
  }
  return new Jaxpr(jaxpr.consts, jaxpr.inputs, o.equations, jaxpr.outputs);
}

function isView({ primitive: { lowering } }: Equation): boolean {
  return lowering.kind === 'element' && lowering.view;
}

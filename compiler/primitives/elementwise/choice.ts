/** Choosing among operands: select_n and clamp. */
import { HeddleError } from '../../errors.ts';
import { aval, showAval } from '../../ir/jaxpr.ts';
import type { Atom, Aval, Params } from '../../ir/jaxpr.ts';
import type { Builder } from '../../ir/builder.ts';
import { CLAMP, clamp } from '../../numerics/float.ts';
import { call, expression, scalarFunction } from '../../numerics/scalar-function.ts';
import { selectExpr } from '../../scalar/expression.ts';
import { expectCount } from '../checks.ts';
import { nonlinear, partials, transposeEach } from '../derivatives.ts';
import { batchPointwise, commonAval, commonShape, definePointwise, mapElements } from '../pointwise.ts';
import { definePrimitive } from '../primitive.ts';
import type { Primitive, Sample } from '../primitive.ts';
import { ALL, NUMBERS } from './rows.ts';

const CLAMP_FORMS = scalarFunction('clamp', {
  float: call(CLAMP, 'alu'),
  // WGSL rejects a clamp between literals that are out of order.
  integer: expression(([low, x, high]) => `min(max(${x}, ${low}), ${high})`),
});

/** The tangent where `chosen`, else zero. */
function where(o: Builder, chosen: Atom, t: Atom): Atom {
  return o.selectN(chosen, o.literal(0, t.aval.dtype), t);
}

const clampRow = definePointwise({
  name: 'clamp',
  doc: 'x, or the nearer one of the bounds low and high where x is outside; NaN if one of the three is NaN.',
  arity: 3,
  takes: NUMBERS,
  reference: () => clamp,
  scalar: () => CLAMP_FORMS,
  jvp: partials(
    (o, t, low, x, high) => where(o, o.and(o.gt(low, x), o.lt(low, high)), t),
    (o, t, low, x, high) => where(o, o.and(o.gt(x, low), o.lt(x, high)), t),
    (o, t, _, x, high) => where(o, o.lt(high, x), t),
  ),
  transpose: nonlinear('clamp is not linear'),
  domain: [{ low: -2, high: 0 }, { low: -4, high: 4 }, { low: 0, high: 2 }],
  tolerance: 0,
});

const selectN: Primitive = definePrimitive({
  name: 'select_n',
  doc: 'The third operand where the first, a bool, is true, else the second.',
  type(inputs) {
    expectCount('select_n', inputs, 3);
    const [which, ...cases] = inputs as readonly [Aval, ...Aval[]];
    if (which.dtype !== 'bool') {
      const problem = `select_n: the condition must be bool, it is ${showAval(which)}`;
      throw new HeddleError('DTYPE', problem, { fix: `which.astype('bool')` });
    }
    const { dtype, weak } = commonAval('select_n', cases, ALL);
    return [aval(dtype, commonShape('select_n', inputs), weak)];
  },
  reference: (inputs) => [mapElements(inputs, inputs[1]!.dtype, (which, no, yes) => (which === 0 ? no : yes))],
  lowering: {
    kind: 'element',
    view: false,
    at: (inputs) => [
      (indices) => {
        const [condition, no, yes] = inputs.map((input) => input.at(input.aval.shape.length === 0 ? [] : indices));
        return selectExpr(condition!, yes!, no!);
      },
    ],
  },
  jvp: {
    kind: 'rule',
    tangents(o, { inputs: [which, ...cases] }, [, ...tangents]) {
      if (tangents.every((t) => t === null)) return [null];
      const [onFalse, onTrue] = cases.map((each, i) => tangents[i] ?? o.full(0, each.aval));
      return [o.selectN(which!, onFalse!, onTrue!)];
    },
  },
  transpose: transposeEach(
    null,
    (o, ct, which) => o.selectN(which, ct, o.literal(0, ct.aval.dtype)),
    (o, ct, which) => where(o, which, ct),
  ),
  batch: (o, inputs, axes, params, size) => batchPointwise(o, selectN, inputs, axes, params, size),
  samples: ALL.flatMap((dtype): readonly Sample<Params>[] => [
    { inputs: [aval('bool', [2, 3]), aval(dtype, [2, 3]), aval(dtype, [2, 3])], params: {} },
    { inputs: [aval('bool', []), aval(dtype, [3]), aval(dtype, [])], params: {} },
  ]),
  domain: { low: -4, high: 4 },
  tolerance: 0,
});

export const CHOICE: readonly Primitive[] = [selectN, clampRow];

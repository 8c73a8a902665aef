/** jit: a call of a named jaxpr. Its optimisation is to be inlined. */
import { Var } from '../../ir/jaxpr.ts';
import type { Atom, Equation, Jaxpr } from '../../ir/jaxpr.ts';
import type { Primitive } from '../primitive.ts';
import { LinearOperand, definePrimitive } from '../primitive.ts';
import { expectArguments, outputAvals } from './checks.ts';
import { given, nonzero, picked, spread, unpicked } from './flags.ts';
import { JIT_SAMPLES } from './samples.ts';

type JitParams = { readonly name: string; readonly jaxpr: Jaxpr };

export const jit: Primitive = definePrimitive<JitParams>({
  name: 'jit',
  doc: 'The outputs of a jaxpr on the operands.',
  type(inputs, { jaxpr }) {
    expectArguments('jit', jaxpr, inputs);
    return outputAvals(jaxpr);
  },
  reference: (inputs, { jaxpr }, evaluate) => evaluate(jaxpr, inputs),
  lowering: { kind: 'control' },
  // Derivatives are of the body: a call has none of its own.
  jvp: {
    kind: 'joint',
    duals(o, inputs, tangents, { jaxpr }, passes) {
      const derived = passes.jvp(jaxpr, given(tangents));
      const results = o.inline(derived.jaxpr, [...inputs, ...nonzero(tangents)]);
      const count = jaxpr.outputs.length;
      return { outputs: results.slice(0, count), tangents: spread(results.slice(count), derived.tangents) };
    },
  },
  transpose: {
    kind: 'rule',
    cotangents(o, cotangents, inputs, { jaxpr }, passes) {
      const linear = inputs.map((input) => input instanceof LinearOperand);
      const transposed = passes.transpose(jaxpr, linear, given(cotangents));
      const known = inputs.filter((input) => !(input instanceof LinearOperand));
      const results = o.inline(transposed.jaxpr, [...known, ...nonzero(cotangents)]);
      return spread(spread(results, transposed.cotangents), linear);
    },
  },
  split(equation, unknown, passes) {
    const { known, unknown: late, outputs, residuals } = passes.split(equation.params['jaxpr'] as Jaxpr, unknown);
    const between = residuals.map(({ aval }) => new Var(aval));
    const call = (jaxpr: Jaxpr, inputs: readonly Atom[], defined: readonly Var[]): Equation[] =>
      defined.length === 0 ? [] : [{ ...equation, inputs, params: { ...equation.params, jaxpr }, outputs: defined }];
    return {
      before: call(known, unpicked(equation.inputs, unknown), [...unpicked(equation.outputs, outputs), ...between]),
      after: call(late, [...between, ...picked(equation.inputs, unknown)], picked(equation.outputs, outputs)),
    };
  },
  batch(o, inputs, axes, { name, jaxpr }, size, batch) {
    const mapped = batch(jaxpr, size, axes);
    return { outputs: o.bind(jit, inputs, { name, jaxpr: mapped.jaxpr }), axes: mapped.outAxes };
  },
  samples: JIT_SAMPLES,
  domain: { low: 0.25, high: 1 },
  tolerance: 1e-6,
});

/** custom_jvp_call: a jaxpr with a jvp of the user's own. */
import { HeddleError } from '../../errors.ts';
import { isFloat } from '../../dtype.ts';
import { showAval } from '../../ir/jaxpr.ts';
import type { Aval, Jaxpr } from '../../ir/jaxpr.ts';
import { definePrimitive } from '../primitive.ts';
import type { Primitive, Tangent } from '../primitive.ts';
import { nonlinear } from '../derivatives.ts';
import { expectArguments, outputAvals } from './checks.ts';
import { spread } from './flags.ts';
import { CUSTOM_JVP_SAMPLES } from './samples.ts';

/**
 * Operands are `numConsts` captured values, then the arguments. `jvp` takes the operands, then a tangent for every float among the
 * arguments; it gives the outputs, then a tangent for every float among them. The last floats, which are written to Variables, may
 * have none.
 */
export type CustomJvpParams = {
  readonly name: string;
  readonly jaxpr: Jaxpr;
  readonly jvp: Jaxpr;
  readonly numConsts: number;
};

export function floatFlags(avals: readonly Aval[]): boolean[] {
  return avals.map(({ dtype }) => isFloat(dtype));
}

/** @throws CUSTOM_RULE when something that the function captured is differentiated. */
export function expectConstants(name: string, tangents: readonly Tangent[]): void {
  const captured = tangents.find((tangent) => tangent !== null);
  if (captured === undefined || captured === null) return;
  const problem = `${name}: its custom derivative says nothing about a captured ${showAval(captured.aval)}, which is being differentiated`;
  throw new HeddleError('CUSTOM_RULE', problem, { fix: 'pass it to the function as an argument' });
}

export const customJvpCall: Primitive = definePrimitive<CustomJvpParams>({
  name: 'custom_jvp_call',
  doc: 'The outputs of a jaxpr, whose derivative is what another jaxpr says.',
  type(inputs, { jaxpr }) {
    expectArguments('custom_jvp_call', jaxpr, inputs);
    return outputAvals(jaxpr);
  },
  reference: (inputs, { jaxpr }, evaluate) => evaluate(jaxpr, inputs),
  lowering: { kind: 'control' },
  jvp: {
    kind: 'joint',
    duals(o, inputs, tangents, { name, jaxpr, jvp, numConsts }) {
      expectConstants(name, tangents.slice(0, numConsts));
      const floats = inputs.flatMap(({ aval }, i) =>
        i >= numConsts && isFloat(aval.dtype) ? [tangents[i] ?? o.full(0, aval)] : [],
      );
      const results = o.inline(jvp, [...inputs, ...floats]);
      const count = jaxpr.outputs.length;
      return { outputs: results.slice(0, count), tangents: spread(results.slice(count), floatFlags(outputAvals(jaxpr))) };
    },
  },
  transpose: nonlinear('it is replaced by its derivative before'),
  batch(o, inputs, axes, params, size, batch) {
    const { jaxpr, jvp, numConsts } = params;
    const inFront = outputAvals(jaxpr).map(() => 0);
    const tangentAxes = inputs.flatMap(({ aval }, i) => (i >= numConsts && isFloat(aval.dtype) ? [axes[i]!] : []));
    const mapped = batch(jaxpr, size, axes, inFront).jaxpr;
    const derivative = batch(jvp, size, [...axes, ...tangentAxes], jvp.outputs.map(() => 0)).jaxpr;
    return { outputs: o.bind(customJvpCall, inputs, { ...params, jaxpr: mapped, jvp: derivative }), axes: inFront };
  },
  samples: CUSTOM_JVP_SAMPLES,
  domain: { low: 0.25, high: 1 },
  tolerance: 1e-6,
});

/** custom_vjp_call: a jaxpr with a vjp of the user's own; and what is left of it when its tangents are not known yet. */
import { HeddleError } from '../../errors.ts';
import { isFloat } from '../../dtype.ts';
import { Builder } from '../../ir/builder.ts';
import { Var } from '../../ir/jaxpr.ts';
import type { Atom, Jaxpr } from '../../ir/jaxpr.ts';
import { nonlinear } from '../derivatives.ts';
import { LinearOperand, definePrimitive } from '../primitive.ts';
import type { BatchAxis, BatchJaxpr, Primitive } from '../primitive.ts';
import { expectArguments, outputAvals } from './checks.ts';
import { expectConstants, floatFlags } from './custom-jvp.ts';
import { spread } from './flags.ts';
import { CUSTOM_VJP_LINEAR_SAMPLES, CUSTOM_VJP_SAMPLES } from './samples.ts';

/**
 * Operands are `numConsts` captured values, then the arguments. `fwd` takes them and gives the outputs, then the residuals. `bwd` takes
 * the residuals, then a cotangent for every float among the outputs, the last of which, which are written to Variables, may have none;
 * it gives a cotangent for every float among the arguments.
 */
export type CustomVjpParams = {
  readonly name: string;
  readonly jaxpr: Jaxpr;
  readonly fwd: Jaxpr;
  readonly bwd: Jaxpr;
  readonly numConsts: number;
};

export const customVjpCall: Primitive = definePrimitive<CustomVjpParams>({
  name: 'custom_vjp_call',
  doc: 'The outputs of a jaxpr, whose cotangents are pulled back by another jaxpr.',
  type(inputs, { jaxpr }) {
    expectArguments('custom_vjp_call', jaxpr, inputs);
    return outputAvals(jaxpr);
  },
  reference: (inputs, { jaxpr }, evaluate) => evaluate(jaxpr, inputs),
  lowering: { kind: 'control' },
  jvp: {
    kind: 'joint',
    duals(o, inputs, tangents, { name, jaxpr, fwd, bwd, numConsts }) {
      expectConstants(name, tangents.slice(0, numConsts));
      const count = jaxpr.outputs.length;
      const results = o.inline(fwd, inputs);
      const residuals = results.slice(count);
      const floats = inputs.flatMap(({ aval }, i) =>
        i >= numConsts && isFloat(aval.dtype) ? [tangents[i] ?? o.full(0, aval)] : [],
      );
      const params = { name, bwd, numResiduals: residuals.length };
      const pushed = bwd.inputs.length === residuals.length ? [] : o.bind(customVjpLinear, [...residuals, ...floats], params);
      return { outputs: results.slice(0, count), tangents: spread(pushed, floatFlags(outputAvals(jaxpr))) };
    },
  },
  transpose: nonlinear('it is replaced by its derivative before'),
  batch(o, inputs, axes, params, size, batch) {
    const { jaxpr, fwd, bwd, numConsts } = params;
    const count = jaxpr.outputs.length;
    const inFront = outputAvals(jaxpr).map(() => 0);
    const mapped = batch(jaxpr, size, axes, inFront).jaxpr;
    const forward = batch(fwd, size, axes, inFront);
    const argumentAxes = inputs.flatMap(({ aval }, i) => (i >= numConsts && isFloat(aval.dtype) ? [axes[i]!] : []));
    const backward = batchBackward(bwd, size, forward.outAxes.slice(count), argumentAxes, batch);
    const batchedParams = { ...params, jaxpr: mapped, fwd: forward.jaxpr, bwd: backward };
    return { outputs: o.bind(customVjpCall, inputs, batchedParams), axes: inFront };
  },
  samples: CUSTOM_VJP_SAMPLES,
  domain: { low: 0.25, high: 1 },
  tolerance: 1e-6,
});

/** Cotangents come mapped in front; that of an argument that is not mapped is the sum over the axis. */
function batchBackward(
  bwd: Jaxpr,
  size: number,
  residualAxes: readonly BatchAxis[],
  argumentAxes: readonly BatchAxis[],
  batch: BatchJaxpr,
): Jaxpr {
  const cotangentAxes = bwd.inputs.slice(residualAxes.length).map(() => 0);
  const wanted = argumentAxes.map((axis) => axis ?? 0);
  const { jaxpr } = batch(bwd, size, [...residualAxes, ...cotangentAxes], wanted);
  const o = new Builder();
  const inputs = jaxpr.inputs.map(({ aval }) => new Var(aval));
  const results = o.inline(jaxpr, inputs);
  return o.build([], inputs, results.map((result, i) => (argumentAxes[i] === null ? o.reduceSum(result, { axes: [0] }) : result)));
}

/** Operands are the residuals, then the tangents of the arguments; outputs are the tangents of the outputs. */
export type CustomVjpLinearParams = { readonly name: string; readonly bwd: Jaxpr; readonly numResiduals: number };

export const customVjpLinear: Primitive = definePrimitive<CustomVjpLinearParams>({
  name: 'custom_vjp_linear',
  doc: 'The linear function of which only the transpose is known: the jaxpr bwd.',
  type: (_, { bwd, numResiduals }) => bwd.inputs.slice(numResiduals).map(({ aval }) => aval),
  reference: (_inputs, { name }) => forwardMode(name),
  lowering: { kind: 'none', reason: 'only its transpose is known' },
  jvp: { kind: 'joint', duals: (_o, _inputs, _tangents, { name }) => forwardMode(name) },
  transpose: {
    kind: 'rule',
    cotangents(o, cotangents, inputs, { bwd, numResiduals }) {
      const residuals = inputs.slice(0, numResiduals).map((input) => known(input));
      const given = bwd.inputs.slice(numResiduals).map(({ aval }, i) => cotangents[i] ?? o.full(0, aval));
      return [...residuals.map(() => null), ...o.inline(bwd, [...residuals, ...given])];
    },
  },
  batch: (_o, _inputs, _axes, { name }) => forwardMode(name),
  samples: CUSTOM_VJP_LINEAR_SAMPLES,
  domain: { low: 0.25, high: 1 },
  tolerance: 0,
});

function known(input: Atom | LinearOperand): Atom {
  if (!(input instanceof LinearOperand)) return input;
  throw new HeddleError('INTERNAL', 'custom_vjp_linear: a residual depends on a tangent');
}

/** @throws DERIVATIVE where the linear function itself would have to be computed. */
export function forwardMode(name: string): never {
  throw new HeddleError('DERIVATIVE', `${name}: has a customVjp, which says nothing about forward mode`, {
    fix: 'customJvp(f, rule), which serves both modes',
  });
}

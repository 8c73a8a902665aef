/** Linearization: a jvp pass, then partial evaluation with the tangents unknown. */
import { Jaxpr } from '../ir/jaxpr.ts';
import type { Var } from '../ir/jaxpr.ts';
import { DERIVATIVE_PASSES } from './passes.ts';

export interface LinearizedJaxpr {
  /** Consts and inputs to the outputs, then the residuals. */
  readonly primal: Jaxpr;
  /** Residuals, then the tangents of the flagged inputs, to the tangents of the flagged outputs. Linear in the tangents. */
  readonly linear: Jaxpr;
  /** The residuals as atoms of `primal`: one may be an input of it. */
  readonly residuals: readonly Var[];
}

/**
 * Linearizes the flagged outputs, which are floats, in the flagged consts and inputs. Of the other outputs there are no tangents,
 * and no residuals are kept for them.
 */
export function linearizeJaxpr(jaxpr: Jaxpr, tangents: readonly boolean[], outputs: readonly boolean[]): LinearizedJaxpr {
  const derivative = derivativeJaxpr(jaxpr, tangents, outputs);
  const primalCount = jaxpr.consts.length + jaxpr.inputs.length;
  const unknown = derivative.inputs.map((_, i) => i >= primalCount);
  const late = derivative.outputs.map((_, i) => i >= jaxpr.outputs.length);
  const { known, unknown: linear, residuals } = DERIVATIVE_PASSES.split(derivative, unknown, late);
  return { primal: known, linear, residuals };
}

/**
 * Consts, inputs and the tangents of those flagged, to the outputs and then the tangents of the flagged outputs, which are
 * floats; a tangent may be zero.
 */
export function derivativeJaxpr(jaxpr: Jaxpr, tangents: readonly boolean[], outputs: readonly boolean[]): Jaxpr {
  const { jaxpr: derivative, tangents: present } = DERIVATIVE_PASSES.jvp(jaxpr, tangents, outputs);
  let next = jaxpr.outputs.length;
  const wanted = present.flatMap((isPresent, i) => {
    if (!isPresent) return [];
    const tangent = derivative.outputs[next++]!;
    return outputs[i] === true ? [tangent] : [];
  });
  const primals = derivative.outputs.slice(0, jaxpr.outputs.length);
  return new Jaxpr([], derivative.inputs, derivative.equations, [...primals, ...wanted]);
}

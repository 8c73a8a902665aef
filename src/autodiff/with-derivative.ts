/** Functions of ours whose derivative is not that of their formula, as JAX defines some with custom_jvp. */
import { findPrimitive } from '../../compiler/primitives/index.ts';
import { bind } from '../trace/bind.ts';
import { closedJaxpr, finish, stage } from '../trace/stage.ts';
import type { Tensor } from '../trace/tensor.ts';
import { currentTrace } from '../trace/trace.ts';

type OfTensors = (...xs: Tensor[]) => Tensor;

/** `f` of float tensors, with the derivative `tangent(...xs, ...tangents)`. Neither may capture tensors. */
export function withDerivative(name: string, f: OfTensors, tangent: OfTensors, operands: readonly Tensor[]): Tensor {
  // Derivatives are taken inside traces only.
  if (currentTrace() === null) return f(...operands);
  const avals = operands.map(({ aval }) => aval);
  const traced = stage(name, avals, (xs) => f(...xs));
  const dual = stage(name, [...avals, ...avals], (xs) => [f(...xs.slice(0, avals.length)), tangent(...xs)]);
  const jaxpr = closedJaxpr(finish(traced, [traced.result]));
  const jvp = closedJaxpr(finish(dual, dual.result));
  return bind(findPrimitive('custom_jvp_call')!, operands, { name, jaxpr, jvp, numConsts: 0 })[0]!;
}

/** Linearization: the value of a function, and its derivative as a function of tangents. The counterpart of jax.linearize. */
import { applyJaxpr } from '../trace/apply.ts';
import { located } from '../trace/bind.ts';
import { userError } from '../trace/user-error.ts';
import { besideLeaves, zerosOf } from './beside.ts';
import { readLeaves } from './leaves.ts';
import type { WithAux, WithoutAux, WrtOptions } from './options.ts';
import { buildTangents } from './outputs.ts';
import { linearizeCall } from './residuals.ts';
import type { LinearizedCall } from './residuals.ts';
import { besideEach, directionsOf } from './tangents.ts';
import type { AllPrimals, Differentiable, Gradient, Tangents } from './types.ts';

/**
 * `[out, push]`: the value of `f` at the primals, and the function from tangents (one tree per primal) to the tangent of the
 * value. `f` runs once; `push` computes the linear part only, and may be called many times. Options may end the call: `wrt`
 * chooses the Variables of modules (default Param), and with `hasAux` the result is `[out, push, aux]`.
 *
 * @throws PYTREE, SHAPE, DTYPE, by `push`, for tangents unlike the primals.
 */
export function linearize<A extends unknown[], R>(
  f: (...args: A) => R,
  ...primals: AllPrimals<A>
): [out: R, push: (...tangents: Tangents<A>) => Gradient<R>];
export function linearize<A extends unknown[], R>(
  f: (...args: A) => R,
  ...given: [...primals: AllPrimals<A>, options: WrtOptions & WithoutAux]
): [out: R, push: (...tangents: Tangents<A>) => Gradient<R>];
export function linearize<A extends unknown[], R, Aux>(
  f: (...args: A) => readonly [R, Aux],
  ...given: [...primals: AllPrimals<A>, options: WrtOptions & WithAux]
): [out: R, push: (...tangents: Tangents<A>) => Gradient<R>, aux: Aux];
export function linearize(f: Differentiable, ...given: unknown[]): unknown[] {
  return located(() => {
    const linear = linearizeCall('linearize', f, given);
    const push = (...tangents: unknown[]): unknown => located(() => pushForward(linear, tangents));
    return linear.hasAux ? [linear.out, push, linear.aux] : [linear.out, push];
  });
}

function pushForward(linear: LinearizedCall, tangents: readonly unknown[]): unknown {
  const { name, call, args, primals, linearized, residuals } = linear;
  const names = { call: name, tree: 'primals', beside: 'tangents', fix: 'push(dx), each tangent a tree like its primal' };
  const { leaves, treedef } = readLeaves(primals, 'primals');
  const beside = besideEach(names, leaves, besideLeaves(names, treedef, tangents));
  const directions = directionsOf(names, args.inputs, call.avals, beside);
  const unknown = directions.findIndex((direction, place) => direction !== null && !args.places.includes(place));
  if (unknown >= 0) {
    const { path } = args.inputs.traced[unknown]!;
    throw userError('DERIVATIVE', `${name}: there is a tangent of ${path}, which wrt does not choose`, {
      fix: 'linearize(f, model, { wrt: Variable })',
    });
  }
  const given = args.places.map((place) => directions[place] ?? zerosOf(call.avals[place]!));
  return buildTangents(call, applyJaxpr(name, linearized.linear, [...residuals, ...given]));
}

/** Reverse differentiation. The counterpart of jax.vjp. */
import { pullbackJaxpr } from '../../compiler/transforms/gradient.ts';
import { applyJaxpr } from '../trace/apply.ts';
import { located } from '../trace/bind.ts';
import { buildTree } from './arguments.ts';
import type { WithAux, WithoutAux, WrtOptions } from './options.ts';
import { readCotangents } from './outputs.ts';
import { linearizeCall } from './residuals.ts';
import type { AllGradients, AllPrimals, Differentiable, Tangent } from './types.ts';

/**
 * `[out, pullback]`: the value of `f` at the primals, and the function from a cotangent, a tree like the value, to an array of
 * one cotangent per primal: of a module a State, null for integers and static leaves. `pullback` may be called many times; null
 * in a cotangent is zero, and what integer results have. Options may end the call: `wrt` chooses the Variables of modules
 * (default Param), and with `hasAux`, where `f` returns `[out, aux]`, the result is `[out, pullback, aux]`.
 *
 * Variables that `f` writes are written once, by this call. Inside a trace the residuals belong to it, and so does `pullback`.
 *
 * @throws PYTREE, SHAPE, DTYPE, by `pullback`, for a cotangent unlike the value; LEAKED_TRACER after its trace has ended.
 */
export function vjp<A extends unknown[], R>(
  f: (...args: A) => R,
  ...primals: AllPrimals<A>
): [out: R, pullback: (cotangent: Tangent<R>) => AllGradients<A>];
export function vjp<A extends unknown[], R>(
  f: (...args: A) => R,
  ...given: [...primals: AllPrimals<A>, options: WrtOptions & WithoutAux]
): [out: R, pullback: (cotangent: Tangent<R>) => AllGradients<A>];
export function vjp<A extends unknown[], R, Aux>(
  f: (...args: A) => readonly [R, Aux],
  ...given: [...primals: AllPrimals<A>, options: WrtOptions & WithAux]
): [out: R, pullback: (cotangent: Tangent<R>) => AllGradients<A>, aux: Aux];
export function vjp(f: Differentiable, ...given: unknown[]): unknown[] {
  return located(() => {
    const { name, call, args, linearized, residuals, out, aux, hasAux } = linearizeCall('vjp', f, given);
    const transposed = pullbackJaxpr(linearized);
    const names = { call: name, tree: 'outputs', beside: 'cotangent', fix: 'pullback(tree.map(np.onesLike, out))' };
    const pullback = (cotangent: unknown): unknown =>
      located(() => {
        const cotangents = applyJaxpr(name, transposed, [...residuals, ...readCotangents(names, call, cotangent)]);
        return args.trees.map((tree) => buildTree(tree, (index) => cotangents[index]!));
      });
    return hasAux ? [out, pullback, aux] : [out, pullback];
  });
}

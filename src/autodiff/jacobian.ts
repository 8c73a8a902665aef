/** Jacobians and Hessians. The counterparts of jax.jacfwd, jax.jacrev and jax.hessian. */
import { isFloat } from '../../compiler/dtype.ts';
import type { Jaxpr } from '../../compiler/ir/jaxpr.ts';
import { forwardJacobian, reverseJacobian } from '../../compiler/transforms/gradient.ts';
import { applyJaxpr } from '../trace/apply.ts';
import { calleeName } from '../trace/callee.ts';
import { Tensor } from '../trace/tensor.ts';
import { userError } from '../trace/user-error.ts';
import { unflatten } from '../tree.ts';
import { buildTree, readDifferentiated } from './arguments.ts';
import { deliver, named, traceCall } from './call.ts';
import { describeTree } from './describe.ts';
import { isHolder, readLeaves } from './leaves.ts';
import { positionsOf, readDerivativeOptions } from './options.ts';
import type { DerivativeOptions, WithAux, WithoutAux } from './options.ts';
import type { Argnums, AtOutputs, Differentiable, Gradients, Primals } from './types.ts';

/**
 * The Jacobian of `f` by forward differentiation, all directions at once: a tree like the value in which every tensor is
 * replaced by a tree like the argument, of tensors of the value's shape and then the argument's. Cheaper than `jacrev` where the
 * value has more elements than the argument. `argnums`, `hasAux` (the result is `[jacobian, aux]`) and `wrt` are those of
 * `grad`.
 *
 * @throws DERIVATIVE for what is no float, in the value or among the arguments to differentiate.
 */
export function jacfwd<A extends unknown[], R, const N extends Argnums = 0>(
  f: (...args: A) => R,
  options?: DerivativeOptions<N> & WithoutAux,
): (...args: Primals<A, N>) => AtOutputs<R, Gradients<A, N>>;
export function jacfwd<A extends unknown[], R, Aux, const N extends Argnums = 0>(
  f: (...args: A) => readonly [R, Aux],
  options: DerivativeOptions<N> & WithAux,
): (...args: Primals<A, N>) => [jacobian: AtOutputs<R, Gradients<A, N>>, aux: Aux];
export function jacfwd(f: Differentiable, options: object = {}): (...args: unknown[]) => unknown {
  return jacobian('jacfwd', f, options, forwardJacobian);
}

/** As `jacfwd`, by reverse differentiation: cheaper where the argument has more elements than the value. */
export function jacrev<A extends unknown[], R, const N extends Argnums = 0>(
  f: (...args: A) => R,
  options?: DerivativeOptions<N> & WithoutAux,
): (...args: Primals<A, N>) => AtOutputs<R, Gradients<A, N>>;
export function jacrev<A extends unknown[], R, Aux, const N extends Argnums = 0>(
  f: (...args: A) => readonly [R, Aux],
  options: DerivativeOptions<N> & WithAux,
): (...args: Primals<A, N>) => [jacobian: AtOutputs<R, Gradients<A, N>>, aux: Aux];
export function jacrev(f: Differentiable, options: object = {}): (...args: unknown[]) => unknown {
  return jacobian('jacrev', f, options, reverseJacobian);
}

/**
 * The second derivatives of `f`: the `jacfwd` of its `jacrev`, a tree like the value of trees like the argument of trees like the
 * argument. A module cannot be the argument, for a State holds tensors: pass the tensors in a tree.
 */
export function hessian<A extends unknown[], R, const N extends Argnums = 0>(
  f: (...args: A) => R,
  options?: DerivativeOptions<N> & WithoutAux,
): (...args: Primals<A, N>) => AtOutputs<AtOutputs<R, Gradients<A, N>>, Gradients<A, N>>;
export function hessian<A extends unknown[], R, Aux, const N extends Argnums = 0>(
  f: (...args: A) => readonly [R, Aux],
  options: DerivativeOptions<N> & WithAux,
): (...args: Primals<A, N>) => [hessian: AtOutputs<AtOutputs<R, Gradients<A, N>>, Gradients<A, N>>, aux: Aux];
export function hessian(f: Differentiable, options: object = {}): (...args: unknown[]) => unknown {
  return jacobian('hessian', jacobian('hessian', f, options, reverseJacobian) as Differentiable, options, forwardJacobian);
}

type JacobianPass = (jaxpr: Jaxpr, moving: readonly boolean[], smooth: readonly boolean[]) => Jaxpr;

function jacobian(transform: string, f: Differentiable, options: object, pass: JacobianPass): (...args: unknown[]) => unknown {
  const name = `${transform}(${calleeName(transform, f, `${transform}((x) => np.sin(x))`)})`;
  const { argnums, hasAux, wrt } = readDerivativeOptions(transform, options);
  return named(f, (...args) => {
    const positions = positionsOf(name, argnums, args.length);
    const { inputs, places, trees } = readDifferentiated(name, args, positions, { wrt, strict: true });
    const call = traceCall(name, f, hasAux, inputs, places, (out) => checkSmooth(name, out));
    const results = applyJaxpr(name, pass(call.jaxpr, call.moving, call.smooth), call.operands);
    const [, aux] = deliver(call, results);
    const derivatives = results.slice(call.jaxpr.outputs.length);
    const perOutput = call.out.leaves.map((_, j) => {
      const built = trees.map((tree) => buildTree(tree, (index) => derivatives[j * places.length + index]!));
      return typeof argnums === 'number' ? built[0] : built;
    });
    const tree = unflatten(call.out.treedef, perOutput);
    return hasAux ? [tree, aux] : tree;
  });
}

/** Every leaf of the value must be a float tensor. */
function checkSmooth(name: string, out: unknown): void {
  const { leaves, paths } = readLeaves(out, 'output');
  leaves.forEach((leaf, i) => {
    if (leaf instanceof Tensor && isFloat(leaf.dtype)) return;
    const transform = name.replace(/\(.*/, '');
    throw userError('DERIVATIVE', `${name}: ${paths[i]} is ${describeTree(leaf)}, and only float tensors have a derivative`, {
      fix: isHolder(leaf)
        ? `${transform}((x) => ...)({ w: x }) // tensors in place of a module`
        : `return [y, aux]; // and ${transform}(f, { hasAux: true })`,
    });
  });
}

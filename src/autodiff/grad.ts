/** Gradients of scalar functions. The counterparts of jax.grad, jax.value_and_grad and of those of flax.nnx. */
import { isFloat } from '../../compiler/dtype.ts';
import { gradientJaxpr } from '../../compiler/transforms/gradient.ts';
import { applyJaxpr } from '../trace/apply.ts';
import { calleeName } from '../trace/callee.ts';
import { Tensor } from '../trace/tensor.ts';
import { userError } from '../trace/user-error.ts';
import { buildTree, readDifferentiated } from './arguments.ts';
import { deliver, named, traceCall } from './call.ts';
import { describeTree } from './describe.ts';
import { positionsOf, readDerivativeOptions } from './options.ts';
import type { DerivativeChoices, DerivativeOptions, WithAux, WithoutAux } from './options.ts';
import type { Argnums, Differentiable, Gradients, Primals, Scalar } from './types.ts';

/**
 * The gradient of `f`, which returns a float scalar, with respect to the arguments that `argnums` names: a tree like the
 * argument, or an array of them. Numbers in these arguments are float32 tensors inside `f`. Of a module, and of a State, the
 * gradient is a State with an entry for each Variable that `wrt` chooses, also where it is zero; a shared Variable has one
 * entry. With `hasAux`, `f` returns `[value, aux]`, and the result is `[gradient, aux]`.
 *
 * Variables that `f` only captures are constants. What it writes is written once, after the forward computation; derivatives
 * through what is written end here, but an outer transform sees them.
 *
 * @throws DERIVATIVE for a value that is no float scalar, for integers and bools to differentiate, where `wrt` selects nothing.
 */
export function grad<A extends unknown[], const N extends Argnums = 0>(
  f: (...args: A) => Scalar,
  options?: DerivativeOptions<N> & WithoutAux,
): (...args: Primals<A, N>) => Gradients<A, N>;
export function grad<A extends unknown[], Aux, const N extends Argnums = 0>(
  f: (...args: A) => readonly [Scalar, Aux],
  options: DerivativeOptions<N> & WithAux,
): (...args: Primals<A, N>) => [gradient: Gradients<A, N>, aux: Aux];
export function grad(f: Differentiable, options: object = {}): (...args: unknown[]) => unknown {
  const name = `grad(${calleeName('grad', f, 'grad((x) => np.sum(x))')})`;
  const choices = readDerivativeOptions('grad', options);
  return named(f, (...args) => {
    const { aux, gradient } = differentiate(name, f, choices, args);
    return choices.hasAux ? [gradient, aux] : gradient;
  });
}

/** `[value, gradient]`, with `hasAux` `[[value, aux], gradient]`, where `grad` gives the gradient only. */
export function valueAndGrad<A extends unknown[], const N extends Argnums = 0>(
  f: (...args: A) => Scalar,
  options?: DerivativeOptions<N> & WithoutAux,
): (...args: Primals<A, N>) => [value: Tensor, gradient: Gradients<A, N>];
export function valueAndGrad<A extends unknown[], Aux, const N extends Argnums = 0>(
  f: (...args: A) => readonly [Scalar, Aux],
  options: DerivativeOptions<N> & WithAux,
): (...args: Primals<A, N>) => [value: [value: Tensor, aux: Aux], gradient: Gradients<A, N>];
export function valueAndGrad(f: Differentiable, options: object = {}): (...args: unknown[]) => unknown {
  const name = `valueAndGrad(${calleeName('valueAndGrad', f, 'valueAndGrad((x) => np.sum(x))')})`;
  const choices = readDerivativeOptions('valueAndGrad', options);
  return named(f, (...args) => {
    const { value, aux, gradient } = differentiate(name, f, choices, args);
    return [choices.hasAux ? [value, aux] : value, gradient];
  });
}

interface Differentiated {
  readonly value: unknown;
  readonly aux: unknown;
  readonly gradient: unknown;
}

function differentiate(
  name: string,
  f: Differentiable,
  { argnums, hasAux, wrt }: DerivativeChoices,
  args: readonly unknown[],
): Differentiated {
  const positions = positionsOf(name, argnums, args.length);
  const { inputs, places, trees } = readDifferentiated(name, args, positions, { wrt, strict: true });
  const call = traceCall(name, f, hasAux, inputs, places, (out) => checkScalar(name, out, hasAux));
  const results = applyJaxpr(name, gradientJaxpr(call.jaxpr, call.moving), call.operands);
  const [value, aux] = deliver(call, results);
  const gradients = results.slice(call.jaxpr.outputs.length);
  const built = trees.map((tree) => buildTree(tree, (index) => gradients[index]!));
  return { value, aux, gradient: typeof argnums === 'number' ? built[0] : built };
}

function checkScalar(name: string, out: unknown, hasAux: boolean): void {
  const returned = `${name}: the function returned ${describeTree(out)}`;
  if (out instanceof Tensor && out.ndim === 0) {
    if (isFloat(out.dtype)) return;
    throw userError('DERIVATIVE', `${returned}, and only floats have a derivative`, { fix: "return y.astype('float32');" });
  }
  const isPair = Array.isArray(out) && out.length === 2 && !hasAux;
  throw userError('DERIVATIVE', `${returned}, and a gradient is that of a scalar`, {
    fix: isPair ? 'grad(f, { hasAux: true })' : 'return np.sum(y); // or jacrev(f)',
  });
}

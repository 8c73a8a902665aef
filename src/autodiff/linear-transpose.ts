/** The transpose of a linear function. The counterpart of jax.linear_transpose. */
import { DERIVATIVE_PASSES } from '../../compiler/transforms/passes.ts';
import { applyJaxpr } from '../trace/apply.ts';
import { located } from '../trace/bind.ts';
import { calleeName } from '../trace/callee.ts';
import { typeName } from '../trace/printing.ts';
import { userError } from '../trace/user-error.ts';
import { buildTree, readDifferentiated } from './arguments.ts';
import { traceCall } from './call.ts';
import { readCotangents } from './outputs.ts';
import type { AllGradients, AllPrimals, Differentiable, Tangent } from './types.ts';

/**
 * The transpose of `f`, which is linear in its float arguments together: from a cotangent like its value to an array of one
 * cotangent per argument. Of the primals only shapes and dtypes count.
 *
 * @throws NONLINEAR where `f` is not linear; STATE_WRITE where it writes a Variable, since its value is never computed.
 */
export function linearTranspose<A extends unknown[], R>(
  f: (...args: A) => R,
  ...primals: AllPrimals<A>
): (cotangent: Tangent<R>) => AllGradients<A>;
export function linearTranspose(f: Differentiable, ...primals: unknown[]): (cotangent: unknown) => unknown {
  return located(() => {
    const name = `linearTranspose(${calleeName('linearTranspose', f, 'linearTranspose((x) => x.mul(2), x)')})`;
    const every = primals.map((_, position) => position);
    const { inputs, places, trees } = readDifferentiated(name, primals, every, { wrt: undefined, strict: true });
    const call = traceCall(name, f, false, inputs, places);
    const [write] = call.traced.finished.writes;
    if (write !== undefined) {
      const kind = typeName(write.variable.constructor);
      throw userError('STATE_WRITE', `${name}: the function writes a ${kind}, and it is never run`, { fix: 'vjp(f, x)' });
    }
    const all = call.operands.map(() => true);
    const { jaxpr } = DERIVATIVE_PASSES.transpose(call.jaxpr, call.moving, call.smooth, all);
    // Handles of their own, which outlive a captured Variable's move to another value.
    const known = call.operands.filter((_, i) => call.moving[i] !== true).map((operand) => operand.alias());
    const names = { call: name, tree: 'outputs', beside: 'cotangent', fix: 'transposed(tree.map(np.onesLike, f(x)))' };
    return (cotangent: unknown): unknown =>
      located(() => {
        const cotangents = applyJaxpr(name, jaxpr, [...known, ...readCotangents(names, call, cotangent)]);
        return trees.map((tree) => buildTree(tree, (index) => cotangents[index]!));
      });
  });
}

/** Forward differentiation along one direction. The counterpart of jax.jvp. */
import { derivativeJaxpr } from '../../compiler/transforms/linearize.ts';
import { readOptions } from '../options.ts';
import { applyJaxpr } from '../trace/apply.ts';
import { currentValue, readArguments } from '../trace/arguments.ts';
import { located } from '../trace/bind.ts';
import { calleeName } from '../trace/callee.ts';
import { toTensor } from '../trace/literal.ts';
import { unflatten } from '../tree.ts';
import { besideLeaves } from './beside.ts';
import type { Beside, Names } from './beside.ts';
import { deliver, traceCall } from './call.ts';
import { readLeaves } from './leaves.ts';
import { checkList } from './options.ts';
import type { WithAux, WithoutAux } from './options.ts';
import { buildTangents } from './outputs.ts';
import { besideEach, directionsOf } from './tangents.ts';
import type { AllPrimals, Differentiable, Gradient, Tangents } from './types.ts';

const FIX = 'jvp(f, [x, y], [dx, dy]), each tangent a tree like its primal';

/**
 * `[out, tangent]`: the value of `f` at the primals and its derivative along the tangents, which have the structure, shapes and
 * dtypes of the primals. A null is a zero tangent, and what integers, bools and static leaves have; integer results have the
 * tangent null. Of a module the tangent is a State (paths that it lacks are zero). Numbers with a tangent are float32 tensors
 * inside `f`. With `hasAux`, `f` returns `[out, aux]`, and the result is `[out, tangent, aux]`.
 *
 * @throws PYTREE, SHAPE, DTYPE with the path where primals and tangents differ.
 */
export function jvp<A extends unknown[], R>(
  f: (...args: A) => R,
  primals: readonly [...AllPrimals<A>],
  tangents: readonly [...Tangents<A>],
  options?: WithoutAux,
): [out: R, tangent: Gradient<R>];
export function jvp<A extends unknown[], R, Aux>(
  f: (...args: A) => readonly [R, Aux],
  primals: readonly [...AllPrimals<A>],
  tangents: readonly [...Tangents<A>],
  options: WithAux,
): [out: R, tangent: Gradient<R>, aux: Aux];
export function jvp(
  f: Differentiable,
  primals: readonly unknown[],
  tangents: readonly unknown[],
  options: object = {},
): unknown[] {
  return located(() => {
    const name = `jvp(${calleeName('jvp', f, 'jvp((x) => np.sin(x), [x], [dx])')})`;
    const { hasAux } = readOptions<{ hasAux: boolean }>('jvp', options, { hasAux: false });
    const names = { call: name, tree: 'primals', beside: 'tangents', fix: FIX };
    const { args, beside } = readDuals(names, checkList(name, 'primals', primals), checkList(name, 'tangents', tangents));
    const inputs = readArguments(args);
    const avals = inputs.traced.map((leaf) => currentValue(leaf).aval);
    const directions = directionsOf(names, inputs, avals, beside);
    const places = directions.flatMap((direction, place) => (direction === null ? [] : [place]));
    const call = traceCall(name, f, hasAux, inputs, places);
    const given = directions.filter((direction) => direction !== null);
    const results = applyJaxpr(name, derivativeJaxpr(call.jaxpr, call.moving, call.smooth), [...call.operands, ...given]);
    const [out, aux] = deliver(call, results);
    const tangent = buildTangents(call, results.slice(call.jaxpr.outputs.length));
    return hasAux ? [out, tangent, aux] : [out, tangent];
  });
}

interface Duals {
  /** The primals, with tensors for numbers that have a tangent. */
  readonly args: readonly unknown[];
  /** What stands beside each leaf of them. */
  readonly beside: readonly Beside[];
}

function readDuals(names: Names, primals: readonly unknown[], tangents: readonly unknown[]): Duals {
  const { leaves, treedef } = readLeaves(primals, 'primals');
  const found = besideLeaves(names, treedef, tangents);
  const args = leaves.map((leaf, i) => (typeof leaf === 'number' && found[i]!.value !== null ? toTensor(leaf, 'float32') : leaf));
  return { args: unflatten(treedef, args) as unknown[], beside: besideEach(names, leaves, found) };
}

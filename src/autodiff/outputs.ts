/** Trees like the value of a function, with something else in the place of its tensors. */
import { buildOutputs } from '../trace/outputs.ts';
import type { Tensor } from '../trace/tensor.ts';
import { besideLeaves, expectNothing, tensorBeside, zerosOf } from './beside.ts';
import type { Names } from './beside.ts';
import type { TracedCall } from './call.ts';

/**
 * The tangents of the value: null where there is none, zero in a Variable whose value is no float. `tangents` are those of the
 * smooth outputs, in order.
 */
export function buildTangents(call: TracedCall, tangents: readonly Tensor[]): unknown {
  const { out, inputs, smooth, jaxpr } = call;
  let next = 0;
  const outputs = jaxpr.outputs.slice(0, out.count);
  const results = outputs.map(({ aval }, i) => (smooth[i] === true ? tangents[next++]! : zerosOf(aval)));
  const leaves = out.leaves.map((leaf) => {
    const hasTangent = leaf.kind === 'fresh' || (leaf.kind === 'result' && smooth[leaf.index] === true);
    return hasTangent ? leaf : ({ kind: 'static', value: null } as const);
  });
  return buildOutputs({ ...out, leaves }, results, inputs);
}

/** The cotangents of the smooth outputs that a tree like the value holds. @throws PYTREE, SHAPE, DTYPE */
export function readCotangents(names: Names, { out, jaxpr, smooth }: TracedCall, tree: unknown): Tensor[] {
  const found = besideLeaves(names, out.treedef, tree);
  const cotangents = new Map<number, Tensor>();
  out.leaves.forEach((leaf, i) => {
    if (leaf.kind !== 'result' && leaf.kind !== 'fresh') {
      expectNothing(names, found[i]!, leaf.kind === 'static' ? leaf.value : 'an argument');
      return;
    }
    const cotangent = tensorBeside(names, found[i]!, jaxpr.outputs[leaf.index]!.aval);
    if (cotangent !== null) cotangents.set(leaf.index, cotangent);
  });
  return jaxpr.outputs.flatMap(({ aval }, i) => (smooth[i] === true ? [cotangents.get(i) ?? zerosOf(aval)] : []));
}

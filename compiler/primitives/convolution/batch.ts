/** vmap of a convolution: the mapped axis becomes part of the batch, of the features, or of their groups, as in JAX. */
import type { Builder } from '../../ir/builder.ts';
import type { Atom } from '../../ir/jaxpr.ts';
import { batched, insertAt, moveAxis, removeAt } from '../batching.ts';
import type { ConvParams } from '../operations.ts';
import type { BatchRule } from '../primitive.ts';
import { convShape } from './dimensions.ts';

export const batchConvolution: BatchRule<ConvParams> = (o, [lhs, rhs], [lhsMapped, rhsMapped], params, size) => {
  const { dimensionNumbers: [lhsSpec, rhsSpec, outSpec], featureGroupCount, batchGroupCount } = params;
  const groups = featureGroupCount * batchGroupCount;
  const within = (x: Atom, mapped: number | null | undefined): number[] =>
    mapped === null ? [...x.aval.shape] : removeAt(x.aval.shape, mapped!);
  if (size === 0) {
    const shape = convShape(within(lhs!, lhsMapped), within(rhs!, rhsMapped), params);
    return batched(o.full(0, { dtype: lhs!.aval.dtype, shape: [0, ...shape] }), 0);
  }
  if (lhsMapped !== null && rhsMapped !== null) {
    const inBatch = batchGroupCount > 1;
    const x = into(o, lhs!, lhsMapped!, inBatch ? lhsSpec[0]! : lhsSpec[1]!, 1);
    const kernels = into(o, rhs!, rhsMapped!, rhsSpec[0]!, 1);
    const counts = inBatch ? { batchGroupCount: size * batchGroupCount } : { featureGroupCount: size * featureGroupCount };
    const y = o.convGeneralDilated(x, kernels, { ...params, ...counts });
    return batched(outOf(o, y, outSpec[1]!, 1, size), 0);
  }
  if (lhsMapped !== null) {
    const y = o.convGeneralDilated(into(o, lhs!, lhsMapped!, lhsSpec[0]!, batchGroupCount), rhs!, params);
    return batched(outOf(o, y, outSpec[0]!, 1, size), 0);
  }
  const y = o.convGeneralDilated(lhs!, into(o, rhs!, rhsMapped!, rhsSpec[0]!, groups), params);
  return batched(outOf(o, y, outSpec[1]!, groups, size), 0);
};

/** Makes the mapped axis part of `axis`, which is counted without it, inside of `groups`: [groups, mapped, rest]. */
export function into(o: Builder, x: Atom, mapped: number, axis: number, groups: number): Atom {
  const inFront = moveAxis(o, x, mapped, 0);
  const { shape } = inFront.aval;
  const divided = o.reshape(inFront, { newSizes: replaced(shape, axis + 1, [groups, shape[axis + 1]! / groups]) });
  const between = moveAxis(o, divided, 0, axis + 1);
  return o.reshape(between, { newSizes: replaced(shape.slice(1), axis, [shape[0]! * shape[axis + 1]!]) });
}

/** The inverse: the part of `axis` that lies inside of `groups` becomes the first axis. */
export function outOf(o: Builder, y: Atom, axis: number, groups: number, size: number): Atom {
  const { shape } = y.aval;
  const rest = shape[axis]! / (groups * size);
  const divided = o.reshape(y, { newSizes: replaced(shape, axis, [groups, size, rest]) });
  const inFront = moveAxis(o, divided, axis + 1, 0);
  return o.reshape(inFront, { newSizes: insertAt(replaced(shape, axis, [groups * rest]), 0, size) });
}

function replaced(shape: readonly number[], axis: number, extents: readonly number[]): number[] {
  return shape.flatMap((extent, i) => (i === axis ? extents : [extent]));
}

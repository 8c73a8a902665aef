/** Batch rules of the blocks: with mapped starts, a block is gathered along one axis after the other. */
import type { Builder } from '../../ir/builder.ts';
import type { Atom, Params } from '../../ir/jaxpr.ts';
import { sizeOf } from '../../shape.ts';
import { allInFront, batched, insertAt, mappedAt, removeAt } from '../batching.ts';
import type { BatchAxis, BatchRule } from '../primitive.ts';
import { batchGather } from './gather.ts';

interface Mapped {
  readonly value: Atom;
  readonly axis: BatchAxis;
}

type DynamicSlice = { readonly sliceSizes: readonly number[] };

export const batchDynamicSlice: BatchRule<DynamicSlice> = (o, inputs, axes, { sliceSizes }, size) => {
  const [x, ...starts] = inputs;
  const [mapped, ...startsMapped] = axes;
  if (startsMapped.every((axis) => axis === null)) {
    const output = o.dynamicSlice(x!, ...insertAt(starts, mapped!, o.literal(0, 'int32')), {
      sliceSizes: insertAt(sliceSizes, mapped!, size),
    });
    return batched(output, mapped!);
  }
  let part: Mapped = { value: x!, axis: mapped! };
  sliceSizes.forEach((count, axis) => {
    const extent = extentsOf(part)[axis]!;
    if (count === extent) return;
    const { positions, start } = alongAxis(o, { value: starts[axis]!, axis: startsMapped[axis]! }, count, extent - count);
    part = gatherAlong(o, part, { value: o.add(positions, start), axis: startsMapped[axis]! }, axis);
  });
  return batched(part.value, part.axis);
};

export const batchDynamicUpdateSlice: BatchRule<Params> = (o, inputs, axes, _, size) => {
  const [x, update, ...starts] = inputs;
  const [mapped, updateMapped, ...startsMapped] = axes;
  if (startsMapped.every((axis) => axis === null)) {
    const [inFront, updates] = allInFront(o, [x!, update!], [mapped!, updateMapped!], size);
    return batched(o.dynamicUpdateSlice(inFront!, updates!, o.literal(0, 'int32'), ...starts), 0);
  }
  const target = mappedAt(o, x!, mapped!, size, 0);
  const { shape } = target.aval;
  let part: Mapped = { value: update!, axis: updateMapped! };
  if (sizeOf(extentsOf(part)) === 0) return batched(target, 0);
  let inside: Atom | undefined;
  extentsOf(part).forEach((count, axis) => {
    const extent = shape[axis + 1]!;
    if (count === extent) return;
    const from = { value: starts[axis]!, axis: startsMapped[axis]! };
    const { positions, start } = alongAxis(o, from, extent, extent - count);
    const relative = o.sub(positions, start);
    const here = o.broadcastInDim(o.and(o.ge(relative, 0), o.lt(relative, count)), {
      shape,
      broadcastDimensions: from.axis === null ? [axis + 1] : [0, axis + 1],
    });
    inside = inside === undefined ? here : o.and(inside, here);
    part = gatherAlong(o, part, { value: o.clamp(0, relative, count - 1), axis: from.axis }, axis);
  });
  const updates = mappedAt(o, part.value, part.axis, size, 0);
  return batched(inside === undefined ? updates : o.selectN(inside, target, updates), 0);
};

/** The shape of the value without its mapped axis. */
function extentsOf({ value, axis }: Mapped): readonly number[] {
  return axis === null ? value.aval.shape : removeAt(value.aval.shape, axis);
}

/** The positions along an axis and the clamped start, of one shape: [count], or [size, count] with a mapped start. */
function alongAxis(o: Builder, { value, axis }: Mapped, count: number, limit: number): { positions: Atom; start: Atom } {
  const clamped = o.clamp(0, value, limit);
  const shape = [...clamped.aval.shape, count];
  return {
    positions: o.iota({ dtype: 'int32', shape, dimension: shape.length - 1 }),
    start: o.broadcastInDim(clamped, { shape, broadcastDimensions: axis === null ? [] : [0] }),
  };
}

function gatherAlong(o: Builder, part: Mapped, indices: Mapped, axis: number): Mapped {
  const { outputs, axes } = batchGather(o, [part.value, indices.value], [part.axis, indices.axis], { axis, mode: 'clip' });
  return { value: outputs[0]!, axis: axes[0]! };
}

/** Helpers of batch rules: moving a mapped axis, giving an unmapped operand one, and renumbering axes around it. */
import type { Atom, Params } from '../ir/jaxpr.ts';
import type { Builder } from '../ir/builder.ts';
import type { BatchAxis, BatchRule, Batched } from './primitive.ts';

/** The integers from 0 to `count - 1`. */
export function range(count: number): number[] {
  return Array.from({ length: count }, (_, i) => i);
}

/** A copy of `items` with `item` at `position`. */
export function insertAt<T>(items: readonly T[], position: number, item: T): T[] {
  return [...items.slice(0, position), item, ...items.slice(position)];
}

/** A copy of `items` without the one at `position`. */
export function removeAt<T>(items: readonly T[], position: number): T[] {
  return [...items.slice(0, position), ...items.slice(position + 1)];
}

/** Where an axis of the unmapped value lies when a mapped axis has been put at `mapped`. */
export function besideMapped(axis: number, mapped: number): number {
  return axis < mapped ? axis : axis + 1;
}

/** The value with axis `from` moved to position `to`, the others in their order. */
export function moveAxis(o: Builder, x: Atom, from: number, to: number): Atom {
  return permute(o, x, insertAt(removeAt(range(x.aval.shape.length), from), to, from));
}

/** The transpose, or the value itself where the axes stay in order. */
export function permute(o: Builder, x: Atom, permutation: readonly number[]): Atom {
  return permutation.every((from, axis) => from === axis) ? x : o.transpose(x, { permutation });
}

/** The value with its mapped axis at `to`; an unmapped value is broadcast along it. */
export function mappedAt(o: Builder, x: Atom, axis: BatchAxis, size: number, to: number): Atom {
  if (axis !== null) return moveAxis(o, x, axis, to);
  const { shape } = x.aval;
  return o.broadcastInDim(x, {
    shape: insertAt(shape, to, size),
    broadcastDimensions: range(shape.length).map((dimension) => besideMapped(dimension, to)),
  });
}

/** All operands with their mapped axis in front. */
export function allInFront(o: Builder, inputs: readonly Atom[], axes: readonly BatchAxis[], size: number): Atom[] {
  return inputs.map((input, i) => mappedAt(o, input, axes[i]!, size, 0));
}

export function batched(output: Atom, axis: BatchAxis): Batched {
  return { outputs: [output], axes: [axis] };
}

/** The batch rule of a primitive with one operand, in terms of where its mapped axis is. */
export function batchSole<P extends Params>(rule: (o: Builder, x: Atom, mapped: number, params: P) => Batched): BatchRule<P> {
  return (o, [x], axes, params) => rule(o, x!, axes[0]!, params);
}

/** Parts of tensors along one axis, written with a Builder. */
import type { Builder } from '../../ir/builder.ts';
import type { Atom } from '../../ir/jaxpr.ts';
import type { Moves } from './associative.ts';

/** The elements from `start` up to and without `limit`. */
export function cut(o: Builder, x: Atom, axis: number, start: number, limit: number): Atom {
  const { shape } = x.aval;
  if (start === 0 && limit === shape[axis]) return x;
  return o.slice(x, {
    startIndices: shape.map((_, i) => (i === axis ? start : 0)),
    limitIndices: shape.map((extent, i) => (i === axis ? limit : extent)),
    strides: shape.map(() => 1),
  });
}

/** `low` and `high` elements `value` before and after; negative ones crop. */
export function padAlong(o: Builder, x: Atom, value: Atom, axis: number, low: number, high: number): Atom {
  if (low === 0 && high === 0) return x;
  return o.pad(x, value, { paddingConfig: x.aval.shape.map((_, i) => (i === axis ? [low, high, 0] : [0, 0, 0])) });
}

export function movesOf(o: Builder): Moves<Atom> {
  return {
    slice: (x, startIndices, limitIndices, strides) => o.slice(x, { startIndices, limitIndices, strides }),
    concatenate: (operands, dimension) => o.concatenate(...operands, { dimension }),
    reshape: (x, newSizes) => o.reshape(x, { newSizes }),
  };
}

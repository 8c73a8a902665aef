/** Tangents of the nonlinear reductions. */
import type { Builder } from '../../ir/builder.ts';
import type { Atom } from '../../ir/jaxpr.ts';
import { range } from '../batching.ts';
import type { Call } from '../primitive.ts';
import { withoutAxes } from './fold.ts';

export type Axes = { readonly axes: readonly number[] };

/** Of a maximum or minimum, as in JAX: the mean of the tangents of all elements that attain it. */
export function extremumTangent(o: Builder, tangent: Atom, { inputs: [x], outputs: [y], params: { axes } }: Call<Axes>): Atom {
  const { dtype, shape } = x!.aval;
  const broadcastDimensions = range(shape.length).filter((axis) => !axes.includes(axis));
  const attained = o.eq(x!, o.broadcastInDim(y!, { shape, broadcastDimensions }));
  const weights = o.convertElementType(attained, { newDtype: dtype, weakType: false });
  return o.div(o.reduceSum(o.mul(tangent, weights), { axes }), o.reduceSum(weights, { axes }));
}

/** Of a product, as in JAX: the product rule on a tree of halves, which is right for zeros where dividing would not be. */
export function productTangent(o: Builder, tangent: Atom, { inputs: [x], params: { axes } }: Call<Axes>): Atom {
  let dual: Dual = { primal: x!, tangent };
  for (const axis of [...axes].reverse()) dual = productAlong(o, dual, axis);
  return dual.tangent;
}

interface Dual {
  readonly primal: Atom;
  readonly tangent: Atom;
}

function productAlong(o: Builder, { primal, tangent }: Dual, axis: number): Dual {
  const { dtype, shape } = primal.aval;
  const newSizes = withoutAxes(shape, [axis]);
  const extent = shape[axis]!;
  if (extent === 0) return { primal: o.full(1, { dtype, shape: newSizes }), tangent: o.full(0, { dtype, shape: newSizes }) };
  if (extent === 1) return { primal: o.reshape(primal, { newSizes }), tangent: o.reshape(tangent, { newSizes }) };
  const [a, b] = halves(o, primal, axis, 1);
  const [da, db] = halves(o, tangent, axis, 0);
  return productAlong(o, { primal: o.mul(a, b), tangent: o.add(o.mul(da, b), o.mul(a, db)) }, axis);
}

/** The first and the second half along an axis; an odd element is paired with `filler`. */
function halves(o: Builder, x: Atom, axis: number, filler: number): [Atom, Atom] {
  const { dtype, shape } = x.aval;
  const extent = shape[axis]!;
  const middle = Math.ceil(extent / 2);
  const part = (start: number, limit: number): Atom =>
    o.slice(x, {
      startIndices: shape.map((_, i) => (i === axis ? start : 0)),
      limitIndices: shape.map((n, i) => (i === axis ? limit : n)),
      strides: shape.map(() => 1),
    });
  const second = part(middle, extent);
  if (extent % 2 === 0) return [part(0, middle), second];
  const paddingConfig = shape.map((_, i): [number, number, number] => [0, i === axis ? 1 : 0, 0]);
  return [part(0, middle), o.pad(second, o.literal(filler, dtype), { paddingConfig })];
}

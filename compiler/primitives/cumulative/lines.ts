/**
 * What kernels make of a cumulative operation: a loop in which one thread runs along every line. A long line is cut into blocks,
 * whose totals are accumulated in turn: more threads, and sums whose errors grow with the root of the length.
 */
import { isFloat } from '../../dtype.ts';
import type { DType } from '../../dtype.ts';
import { Builder } from '../../ir/builder.ts';
import { aval } from '../../ir/jaxpr.ts';
import type { Atom, Aval, Jaxpr, Var } from '../../ir/jaxpr.ts';
import { sizeOf } from '../../shape.ts';
import { moveAxis, range } from '../batching.ts';
import { cut, padAlong } from './parts.ts';
import type { Along } from './running.ts';

/** An associative combination of values, each of which is one tensor or several. */
export interface Combination {
  /** What changes no value. */
  readonly identity: (dtype: DType) => readonly number[];
  combine(o: Builder, before: readonly Atom[], after: readonly Atom[]): readonly Atom[];
}

/** Lines from here on are cut, and from the second on where there are too few to fill a device. */
const LONG = 4096;
const LONG_AND_FEW = 1024;
const FEW = 64;

/** Whether lines of this length, in a tensor of this shape, are better cut into blocks. */
export function isLong(shape: readonly number[], axis: number): boolean {
  const extent = shape[axis]!;
  return extent >= LONG || (extent >= LONG_AND_FEW && sizeOf(shape) < FEW * extent);
}

/** The combination of all elements up to each; the tensors `xs` have one shape and dtype. */
export function runAlong(o: Builder, xs: readonly Atom[], along: Along, combination: Combination): readonly Atom[] {
  const { shape } = xs[0]!.aval;
  if (shape[along.axis]! < 2) return xs;
  return isLong(shape, along.axis) ? runInBlocks(o, xs, along, combination) : runInLoop(o, xs, along, combination);
}

function runInLoop(o: Builder, xs: readonly Atom[], { axis, reverse }: Along, combination: Combination): readonly Atom[] {
  const steps = xs.map((x) => moveAxis(o, x, axis, 0));
  const { dtype, shape: [length, ...rest] } = steps[0]!.aval;
  const carry = aval(isFloat(dtype) ? 'float32' : dtype, rest);
  const initial = combination.identity(dtype).map((value) => o.full(value, carry));
  const params = { length: length!, reverse, numConsts: 0, numCarry: xs.length };
  const jaxpr = stepOf(xs.length, carry, aval(dtype, rest), combination);
  const results = o.scan(...initial, ...steps, { jaxpr, ...params }) as readonly Atom[];
  return results.slice(xs.length).map((result) => moveAxis(o, result, 0, axis));
}

/** The running value and an element to the running value and a result; half floats are accumulated in single precision. */
function stepOf(count: number, carry: Aval, element: Aval, { combine }: Combination): Jaxpr {
  const o = new Builder();
  const [value, x] = [carry, element].map((type) => range(count).map(() => o.newVar(type))) as [Var[], Var[]];
  const cast = (atoms: readonly Atom[], { dtype }: Aval): readonly Atom[] =>
    atoms.map((atom) => (atom.aval.dtype === dtype ? atom : o.convertElementType(atom, { newDtype: dtype, weakType: false })));
  const next = combine(o, value, cast(x, carry));
  return o.build([], [...value, ...x], [...next, ...cast(next, element)]);
}

function runInBlocks(o: Builder, xs: readonly Atom[], { axis, reverse }: Along, combination: Combination): readonly Atom[] {
  const { dtype, shape } = xs[0]!.aval;
  const extent = shape[axis]!;
  const count = 2 ** Math.round(Math.log2(extent) / 2);
  const length = Math.ceil(extent / count);
  const [before, after] = [shape.slice(0, axis), shape.slice(axis + 1)];
  const identity = combination.identity(dtype).map((value) => o.literal(value, dtype));
  const blocks = xs.map((x, i) => {
    const padded = padAlong(o, x, identity[i]!, axis, 0, count * length - extent);
    return o.reshape(padded, { newSizes: [...before, count, length, ...after] });
  });
  const inner = runInLoop(o, blocks, { axis: axis + 1, reverse }, combination);
  const last = reverse ? 0 : length - 1;
  const totals = inner.map((x) => o.reshape(cut(o, x, axis + 1, last, last + 1), { newSizes: [...before, count, ...after] }));
  const sums = runInLoop(o, totals, { axis, reverse }, combination);
  // A block starts from the sum of those before it.
  const broadcastDimensions = range(shape.length).map((i) => (i <= axis ? i : i + 1));
  const starts = sums.map((sum, i) => {
    const shifted = padAlong(o, sum, identity[i]!, axis, reverse ? -1 : 1, reverse ? 1 : -1);
    return o.broadcastInDim(shifted, { shape: inner[i]!.aval.shape, broadcastDimensions });
  });
  return combination.combine(o, starts, inner).map((x) => {
    return cut(o, o.reshape(x, { newSizes: [...before, count * length, ...after] }), axis, 0, extent);
  });
}

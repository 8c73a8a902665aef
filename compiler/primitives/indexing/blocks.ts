/** dynamic_slice and dynamic_update_slice: blocks whose place is known at run time. A start is clamped so that the block fits. */
import type { HostArray } from '../../dtype.ts';
import { HeddleError } from '../../errors.ts';
import { aval, showAval } from '../../ir/jaxpr.ts';
import type { Atom, Aval, Params } from '../../ir/jaxpr.ts';
import { block, blockOffsets, hostArray, place } from '../../reference/arrays.ts';
import { constantExpr, selectExpr } from '../../scalar/expression.ts';
import type { Expr, Value } from '../../scalar/expression.ts';
import { add, dynamic, scale } from '../../scalar/indices.ts';
import type { Index } from '../../scalar/indices.ts';
import { both, clampedTo, masked, within } from '../../scalar/predicates.ts';
import type { Shape } from '../../shape.ts';
import { showShape } from '../../shape.ts';
import { expectAtLeast, expectCount, expectIndexScalar, expectPerAxis, expectSameDtype } from '../checks.ts';
import { transposeFirst, transposeWith } from '../linear.ts';
import { LinearOperand, definePrimitive } from '../primitive.ts';
import type { Domain, Primitive } from '../primitive.ts';
import { batchDynamicSlice, batchDynamicUpdateSlice } from './batch.ts';

/** Starts on both sides of what fits. */
const STARTS: Domain = { low: -3, high: 8 };
const ELEMENTS: Domain = { low: -8, high: 8 };

function expectFits(primitive: string, operand: Aval, sizes: readonly number[], starts: readonly Aval[]): void {
  expectPerAxis(primitive, 'the block', sizes, operand.shape);
  sizes.forEach((size, axis) => {
    if (Number.isInteger(size) && size >= 0 && size <= operand.shape[axis]!) return;
    const problem = `a block of shape ${showShape(sizes)} does not fit into ${showAval(operand)} along axis ${axis}`;
    throw new HeddleError('SHAPE', `${primitive}: ${problem}`, {
      fix: `a block of at most ${operand.shape[axis]} along axis ${axis}`,
    });
  });
  expectCount(primitive, starts, operand.shape.length, 'start');
  starts.forEach((start, axis) => expectIndexScalar(primitive, `the start along axis ${axis}`, start));
}

function clampedStarts(starts: readonly HostArray[], shape: Shape, sizes: readonly number[]): number[] {
  return starts.map(({ data }, axis) => Math.min(Math.max(data[0]!, 0), shape[axis]! - sizes[axis]!));
}

/** The clamped start as an index; 0, without reading it, where the block is as long as the axis. */
function startIndex(start: Value, slack: number): Index {
  return dynamic(clampedTo(start.at([]), slack), 0, slack);
}

type DynamicSlice = { readonly sliceSizes: readonly number[] };

const dynamicSlice = definePrimitive<DynamicSlice>({
  name: 'dynamic_slice',
  doc: 'The block of sliceSizes that begins at int32 scalars, one per axis, clamped so that it fits.',
  type(inputs, { sliceSizes }) {
    expectAtLeast('dynamic_slice', inputs, 1);
    const [x, ...starts] = inputs;
    expectFits('dynamic_slice', x!, sliceSizes, starts);
    return [{ ...x!, shape: sliceSizes }];
  },
  reference: ([x, ...starts], { sliceSizes }) => [block(x!, clampedStarts(starts, x!.shape, sliceSizes), sliceSizes)],
  lowering: {
    kind: 'element',
    view: false,
    at: ([x, ...starts], { sliceSizes }) => [
      (indices) =>
        x!.at(indices.map((index, axis) => add(index, startIndex(starts[axis]!, x!.aval.shape[axis]! - sliceSizes[axis]!)))),
    ],
  },
  jvp: {
    kind: 'rule',
    tangents: (o, { inputs: [, ...starts], params }, [tangent]) => [
      tangent === null || tangent === undefined ? null : o.dynamicSlice(tangent, ...starts, params),
    ],
  },
  transpose: transposeFirst((o, cotangent, x, _, starts) => o.dynamicUpdateSlice(o.full(0, x), cotangent, ...starts)),
  batch: batchDynamicSlice,
  samples: [
    { inputs: [aval('float32', [6]), aval('int32', [])], params: { sliceSizes: [3] } },
    { inputs: [aval('int32', [4, 5]), aval('int32', []), aval('int32', [])], params: { sliceSizes: [2, 5] } },
    { inputs: [aval('bool', [3, 2]), aval('int32', []), aval('int32', [])], params: { sliceSizes: [1, 0] } },
  ],
  domain: [ELEMENTS, STARTS, STARTS],
  tolerance: 0,
});

/** Inside the block an element of `update`, elsewhere one of `x`. */
function updatedElement(x: Value, update: Value, starts: readonly Value[], indices: readonly Index[]): Expr {
  const sizes = update.aval.shape;
  if (sizes.includes(0)) return x.at(indices);
  let inside = constantExpr('bool', 1);
  const relative = indices.map((index, axis) => {
    const start = startIndex(starts[axis]!, x.aval.shape[axis]! - sizes[axis]!);
    const position = add(index, scale(start, -1));
    inside = both(inside, within(position, sizes[axis]!));
    return position;
  });
  const safe = relative.map((position, axis) => masked(position, inside, sizes[axis]!));
  return selectExpr(inside, update.at(safe), x.at(indices));
}

const dynamicUpdateSlice = definePrimitive<Params>({
  name: 'dynamic_update_slice',
  doc: 'The operand with the block that begins at int32 scalars, one per axis, replaced; clamped so that it fits.',
  type(inputs) {
    expectAtLeast('dynamic_update_slice', inputs, 2);
    const [x, update, ...starts] = inputs;
    expectSameDtype('dynamic_update_slice', [x!, update!]);
    expectFits('dynamic_update_slice', x!, update!.shape, starts);
    return [{ ...x!, weak: x!.weak && update!.weak }];
  },
  reference([x, update, ...starts]) {
    const result = hostArray(x!.dtype, x!.shape, x!.data.slice());
    place(result, update!.data, blockOffsets(x!.shape, clampedStarts(starts, x!.shape, update!.shape), update!.shape));
    return [result];
  },
  lowering: {
    kind: 'element',
    view: false,
    at: ([x, update, ...starts]) => [(indices) => updatedElement(x!, update!, starts, indices)],
  },
  jvp: {
    kind: 'rule',
    tangents(o, { inputs: [x, update, ...starts] }, [dx, dUpdate]) {
      if (dx === null && dUpdate === null) return [null];
      return [o.dynamicUpdateSlice(dx ?? o.full(0, x!.aval), dUpdate ?? o.full(0, update!.aval), ...starts)];
    },
  },
  transpose: transposeWith((o, cotangent, [x, update, ...rest]) => {
    const starts = rest as readonly Atom[];
    return [
      x instanceof LinearOperand ? o.dynamicUpdateSlice(cotangent, o.full(0, update!.aval), ...starts) : null,
      update instanceof LinearOperand ? o.dynamicSlice(cotangent, ...starts, { sliceSizes: update.aval.shape }) : null,
      ...starts.map(() => null),
    ];
  }),
  batch: batchDynamicUpdateSlice,
  samples: [
    { inputs: [aval('float32', [6]), aval('float32', [2]), aval('int32', [])], params: {} },
    { inputs: [aval('int32', [4, 5]), aval('int32', [2, 5]), aval('int32', []), aval('int32', [])], params: {} },
    { inputs: [aval('bool', [3, 4]), aval('bool', [2, 3]), aval('int32', []), aval('int32', [])], params: {} },
    { inputs: [aval('float32', [3, 4]), aval('float32', [0, 3]), aval('int32', []), aval('int32', [])], params: {} },
  ],
  domain: [ELEMENTS, ELEMENTS, STARTS, STARTS],
  tolerance: 0,
});

export const BLOCKS: readonly Primitive[] = [dynamicSlice, dynamicUpdateSlice];

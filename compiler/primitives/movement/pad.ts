/** pad: a value around and between the elements of an array; negative amounts crop. */
import type { HostArray } from '../../dtype.ts';
import { HeddleError } from '../../errors.ts';
import type { Builder } from '../../ir/builder.ts';
import { aval, showAval } from '../../ir/jaxpr.ts';
import type { Atom } from '../../ir/jaxpr.ts';
import { blockOffsets, filled, offsets, pick, place } from '../../reference/arrays.ts';
import { constantExpr, selectExpr } from '../../scalar/expression.ts';
import type { Expr, Value } from '../../scalar/expression.ts';
import { add, constant, divide, modulo } from '../../scalar/indices.ts';
import type { Index } from '../../scalar/indices.ts';
import { both, masked, within } from '../../scalar/predicates.ts';
import type { Shape } from '../../shape.ts';
import { showShape, sizeOf, stridesOf } from '../../shape.ts';
import { allInFront, batched, insertAt, range } from '../batching.ts';
import { expectCount, expectPerAxis, expectSameDtype } from '../checks.ts';
import { transposeWith } from '../linear.ts';
import { LinearOperand, definePrimitive } from '../primitive.ts';
import type { BatchRule, Primitive } from '../primitive.ts';

/** `[low, high, interior]`. */
type Padding = readonly [number, number, number];
type PadParams = { readonly paddingConfig: readonly Padding[] };

function paddedShape(shape: Shape, config: readonly Padding[]): number[] {
  return shape.map((extent, axis) => {
    const [low, high, interior] = config[axis]!;
    return low + extent + Math.max(extent - 1, 0) * interior + high;
  });
}

function expectPadding(shape: Shape, config: readonly Padding[]): void {
  expectPerAxis('pad', 'paddingConfig', config, shape);
  const padded = paddedShape(shape, config);
  config.forEach((padding, axis) => {
    const [low, high, interior] = padding;
    if (padding.every(Number.isInteger) && interior >= 0 && padded[axis]! >= 0) return;
    const amounts = `[low ${low}, high ${high}, interior ${interior}]`;
    throw new HeddleError('SHAPE', `pad: axis ${axis} of shape ${showShape(shape)} cannot be padded by ${amounts}`, {
      fix: 'whole numbers, interior from 0, and no more cropped than there is',
    });
  });
}

/** Along each axis the first element that is not cropped, how many are kept, and where the first of them goes. */
function keptElements(shape: Shape, config: readonly Padding[]): { first: number[]; count: number[]; to: number[] } {
  const padded = paddedShape(shape, config);
  const first = config.map(([low, , interior]) => Math.max(0, Math.ceil(-low / (interior + 1))));
  const count = config.map(([low, , interior], axis) => {
    const last = Math.min(shape[axis]! - 1, Math.floor((padded[axis]! - 1 - low) / (interior + 1)));
    return Math.max(0, last - first[axis]! + 1);
  });
  return { first, count, to: config.map(([low, , interior], axis) => low + first[axis]! * (interior + 1)) };
}

function pad(x: HostArray, value: number, config: readonly Padding[]): HostArray {
  const result = filled(x.dtype, paddedShape(x.shape, config), value);
  const { first, count, to } = keptElements(x.shape, config);
  const strides = stridesOf(result.shape);
  const steps = config.map(([, , interior], axis) => strides[axis]! * (interior + 1));
  const kept = pick(x, count, blockOffsets(x.shape, first, count));
  place(result, kept.data, offsets(count, steps, to.reduce((sum, index, axis) => sum + index * strides[axis]!, 0)));
  return result;
}

function padElement(x: Value, value: Value, config: readonly Padding[], indices: readonly Index[]): Expr {
  const { shape } = x.aval;
  if (sizeOf(shape) === 0) return value.at([]);
  let inside = constantExpr('bool', 1);
  const sources = indices.map((index, axis) => {
    const [low, , interior] = config[axis]!;
    const spread = add(index, constant(-low));
    const source = divide(spread, interior + 1);
    inside = both(inside, both(within(source, shape[axis]!), within(modulo(spread, interior + 1), 1)));
    return source;
  });
  const safe = sources.map((source, axis) => masked(source, inside, shape[axis]!));
  return selectExpr(inside, x.at(safe), value.at([]));
}

/** An unmapped value pads all rows alike; a mapped one is put where a padded mask of the operand is false. */
const batchPad: BatchRule<PadParams> = (o, [x, value], [mapped, valueMapped], { paddingConfig }, size) => {
  const beside = (axis: number): Padding[] => insertAt(paddingConfig, axis, [0, 0, 0]);
  if (valueMapped === null) return batched(o.pad(x!, value!, { paddingConfig: beside(mapped!) }), mapped!);
  const [inFront, values] = allInFront(o, [x!, value!], [mapped!, valueMapped!], size);
  const padded = o.pad(inFront!, o.literal(0, x!.aval.dtype), { paddingConfig: beside(0) });
  const ones = o.full(1, { dtype: 'bool', shape: inFront!.aval.shape });
  const inside = o.pad(ones, o.literal(0, 'bool'), { paddingConfig: beside(0) });
  const around = o.broadcastInDim(values!, { shape: padded.aval.shape, broadcastDimensions: [0] });
  return batched(o.selectN(inside, around, padded), 0);
};

/** The elements that `pad` put where they are: padding taken off by cropping, then gaps by steps. */
function unpad(o: Builder, cotangent: Atom, config: readonly Padding[], zero: Atom): Atom {
  // 0 - x, because -x of 0 is -0, which prints otherwise.
  const cropped = o.pad(cotangent, zero, { paddingConfig: config.map(([low, high]): Padding => [0 - low, 0 - high, 0]) });
  if (config.every(([, , interior]) => interior === 0)) return cropped;
  const { shape } = cropped.aval;
  return o.slice(cropped, {
    startIndices: shape.map(() => 0),
    limitIndices: shape,
    strides: config.map(([, , interior]) => interior + 1),
  });
}

export const padPrimitive: Primitive = definePrimitive<PadParams>({
  name: 'pad',
  doc: 'The operand with a scalar around and between its elements; [low, high, interior] per axis, negative low and high crop.',
  type(inputs, { paddingConfig }) {
    expectCount('pad', inputs, 2);
    const [x, value] = [inputs[0]!, inputs[1]!];
    expectSameDtype('pad', inputs);
    if (value.shape.length !== 0) {
      throw new HeddleError('SHAPE', `pad: the value must be a scalar, it is ${showAval(value)}`, {
        fix: 'np.pad(x, widths, { constantValues: 0 })',
      });
    }
    expectPadding(x.shape, paddingConfig);
    return [aval(x.dtype, paddedShape(x.shape, paddingConfig), x.weak && value.weak)];
  },
  reference: ([x, value], { paddingConfig }) => [pad(x!, value!.data[0]!, paddingConfig)],
  lowering: {
    kind: 'element',
    view: false,
    at: ([x, value], { paddingConfig }) => [(indices) => padElement(x!, value!, paddingConfig, indices)],
  },
  jvp: { kind: 'linear' },
  transpose: transposeWith((o, cotangent, [x, value], { paddingConfig }) => {
    const zero = o.literal(0, cotangent.aval.dtype);
    const inner = unpad(o, cotangent, paddingConfig, zero);
    const total = (atom: Atom): Atom => o.reduceSum(atom, { axes: range(atom.aval.shape.length) });
    return [
      x instanceof LinearOperand ? inner : null,
      value instanceof LinearOperand ? o.sub(total(cotangent), total(inner)) : null,
    ];
  }),
  batch: batchPad,
  samples: [
    { inputs: [aval('float32', [3]), aval('float32', [])], params: { paddingConfig: [[1, 2, 0]] } },
    { inputs: [aval('float32', [2, 3]), aval('float32', [])], params: { paddingConfig: [[0, 1, 1], [2, -1, 2]] } },
    { inputs: [aval('int32', [5, 4]), aval('int32', [])], params: { paddingConfig: [[-2, -1, 0], [-1, 3, 0]] } },
    { inputs: [aval('bool', [4]), aval('bool', [])], params: { paddingConfig: [[-1, -1, 2]] } },
    { inputs: [aval('uint32', [0]), aval('uint32', [])], params: { paddingConfig: [[1, 1, 3]] } },
  ],
  domain: { low: -8, high: 8 },
  tolerance: 0,
});

/** The steps of which random jaxprs are made: each appends one equation, or a few that belong together. */
import type { DType } from '../../compiler/dtype.ts';
import { isFloat } from '../../compiler/dtype.ts';
import type { Builder } from '../../compiler/ir/builder.ts';
import type { Atom, Aval } from '../../compiler/ir/jaxpr.ts';
import { range } from '../../compiler/primitives/batching.ts';
import { sizeOf } from '../../compiler/shape.ts';
import { float32, int32 } from './jaxprs.ts';
import type { Choices } from './random-jaxpr.ts';

export type Step = (growth: Growth) => readonly Atom[];

/** A jaxpr under construction, and what there is to build on. */
export class Growth {
  readonly o: Builder;
  readonly choices: Choices;
  readonly pool: readonly Atom[];

  constructor(o: Builder, choices: Choices, pool: readonly Atom[]) {
    this.o = o;
    this.choices = choices;
    this.pool = pool;
  }

  /** Something of the pool; a tensor of ones when nothing is acceptable. */
  find(accept: (type: Aval) => boolean, otherwise: Aval): Atom {
    const found = this.pool.filter((atom) => accept(atom.aval));
    return found.length > 0 ? this.choices.recent(found) : this.o.full(1, otherwise);
  }

  float(rank: number = 0, largest: number = 200): Atom {
    return this.find(({ dtype, shape }) => isFloat(dtype) && shape.length >= rank && sizeOf(shape) <= largest, float32(2, 3));
  }

  any(rank: number = 0): Atom {
    return this.find(({ shape }) => shape.length >= rank && sizeOf(shape) <= 200, int32(2, 3));
  }

  number(): Atom {
    return this.find(({ dtype, shape }) => dtype !== 'bool' && dtype !== 'uint32' && sizeOf(shape) <= 200, int32(2, 3));
  }

  /** An int32 scalar. */
  index(): Atom {
    return this.find(({ dtype, shape }) => dtype === 'int32' && shape.length === 0, int32());
  }

  /** Something that goes with `x` in an elementwise operation. */
  like({ aval: { dtype, shape } }: Atom): Atom {
    const fits = (type: Aval): boolean => type.shape.length === 0 || type.shape.join() === shape.join();
    return this.find((type) => type.dtype === dtype && fits(type), { dtype, shape, weak: false });
  }

  /** A small whole number near x. */
  bounded(x: Atom): Atom {
    return this.o.floor(this.o.clamp(-4, x, 5));
  }

  axis(x: Atom): number {
    return this.choices.below(x.aval.shape.length);
  }
}

const unary: Step = (growth) => {
  const { o, choices } = growth;
  const x = growth.float();
  const f = choices.pick(['neg', 'abs', 'floor', 'square', 'sign'] as const);
  return [o[f](f === 'square' ? growth.bounded(x) : x)];
};

const binary: Step = (growth) => {
  const { o, choices } = growth;
  const x = growth.number();
  const y = growth.like(x);
  const f = choices.pick(['add', 'sub', 'mul', 'max', 'min'] as const);
  return [f === 'mul' && isFloat(x.aval.dtype) ? o.mul(growth.bounded(x), growth.bounded(y)) : o[f](x, y)];
};

const choose: Step = (growth) => {
  const x = growth.number();
  const y = growth.like(x);
  return [growth.o.selectN(growth.o.lt(x, y), y, x)];
};

const TARGETS: Readonly<Record<DType, readonly DType[]>> = {
  float32: ['int32', 'bool'], float16: ['float32'], int32: ['float32'], uint32: ['float32'], bool: ['float32', 'int32'],
};

const convert: Step = (growth) => {
  const x = growth.any();
  const operand = isFloat(x.aval.dtype) ? growth.o.clamp(-9, x, 9) : x;
  return [growth.o.convertElementType(operand, { newDtype: growth.choices.pick(TARGETS[x.aval.dtype]), weakType: false })];
};

const reduce: Step = (growth) => {
  const { choices } = growth;
  const x = growth.float(1);
  const some = range(x.aval.shape.length).filter((axis) => axis === 0 || choices.flag());
  const axes = choices.flag() ? [growth.axis(x)] : some;
  return [growth.o[choices.pick(['reduceSum', 'reduceMax', 'reduceMin'] as const)](x, { axes })];
};

const argmax: Step = (growth) => {
  const x = growth.find(({ dtype, shape }) => isFloat(dtype) && shape.length > 0 && sizeOf(shape) > 0, float32(3));
  return [growth.o.argmax(x, { axes: [growth.axis(x)] })];
};

/** Like a softmax: reductions over an axis whose results are broadcast back, which fuse over rows. */
const normalize: Step = (growth) => {
  const { o } = growth;
  const x = growth.float(1);
  const { shape } = x.aval;
  const axis = growth.axis(x);
  const along = (y: Atom): Atom =>
    o.broadcastInDim(y, { shape, broadcastDimensions: range(shape.length).filter((other) => other !== axis) });
  const shifted = o.sub(x, along(o.reduceMax(x, { axes: [axis] })));
  return [shifted, o.add(shifted, along(o.reduceSum(shifted, { axes: [axis] })))];
};

const dot: Step = (growth) => {
  const x = growth.float(1);
  const axis = growth.axis(x);
  const extent = x.aval.shape[axis]!;
  const fits = ({ dtype, shape }: Aval): boolean =>
    isFloat(dtype) && shape.includes(extent) && sizeOf(shape) * sizeOf(x.aval.shape) <= 2000;
  const y = growth.find(fits, float32(extent));
  const pairs: [number[], number[]] = [[axis], [y.aval.shape.indexOf(extent)]];
  return [growth.o.dotGeneral(growth.bounded(x), growth.bounded(y), { dimensionNumbers: [pairs, [[], []]] })];
};

const batchedDot: Step = (growth) => {
  const x = growth.float(2);
  const y = growth.bounded(x);
  return [growth.o.dotGeneral(y, growth.o.neg(y), { dimensionNumbers: [[[1], [1]], [[0], [0]]] })];
};

const reshape: Step = (growth) => {
  const x = growth.any();
  const size = sizeOf(x.aval.shape);
  const divisor = growth.choices.pick([1, 2, 3].filter((n) => size % n === 0));
  return [growth.o.reshape(x, { newSizes: growth.choices.flag() ? [size] : [divisor, size / divisor] })];
};

const transpose: Step = (growth) => {
  const x = growth.any();
  const axes = range(x.aval.shape.length);
  const permutation = growth.choices.flag() ? axes.reverse() : [...axes.slice(1), ...axes.slice(0, 1)];
  return [growth.o.transpose(x, { permutation })];
};

const broadcast: Step = (growth) => {
  const x = growth.find(({ shape }) => shape.length <= 2 && sizeOf(shape) <= 30, float32());
  const { shape } = x.aval;
  const extent = 1 + growth.choices.below(3);
  const [wider, shift] = growth.choices.flag() ? [[extent, ...shape], 1] : [[...shape, extent], 0];
  return [growth.o.broadcastInDim(x, { shape: wider, broadcastDimensions: shape.map((_, axis) => axis + shift) })];
};

const slice: Step = (growth) => {
  const { o, choices } = growth;
  const x = growth.any();
  const startIndices = x.aval.shape.map((extent) => choices.below(extent + 1));
  return [o.slice(x, { startIndices, limitIndices: [...x.aval.shape], strides: x.aval.shape.map(() => 1 + choices.below(2)) })];
};

const pad: Step = (growth) => {
  const { o, choices } = growth;
  const x = growth.float(0, 40);
  const paddingConfig = x.aval.shape.map((extent): [number, number, number] => {
    return [extent > 1 ? choices.below(3) - 1 : choices.below(2), choices.below(3), choices.below(2)];
  });
  return [o.pad(x, o.literal(1, 'float32'), { paddingConfig })];
};

const concatenate: Step = (growth) => {
  const { o, choices, pool } = growth;
  const x = growth.find(({ shape }) => shape.length > 0 && sizeOf(shape) <= 40, float32(3));
  const alike = pool.filter(({ aval: { dtype, shape } }) => dtype === x.aval.dtype && shape.join() === x.aval.shape.join());
  return [o.concatenate(x, x, ...choices.several([x, ...alike], 8), { dimension: growth.axis(x) })];
};

const rev: Step = (growth) => {
  const x = growth.any(1);
  return [growth.o.rev(x, { dimensions: [growth.axis(x)] })];
};

const iota: Step = ({ o, choices }) => {
  return [o.iota({ dtype: choices.pick(['float32', 'int32'] as const), shape: [3, 2], dimension: choices.below(2) })];
};

const dynamicSlice: Step = (growth) => {
  const x = growth.any(1);
  const starts = x.aval.shape.map(() => growth.index());
  const sliceSizes = x.aval.shape.map((extent) => Math.max(0, extent - growth.choices.below(2)));
  return [growth.o.dynamicSlice(x, ...starts, { sliceSizes })];
};

const dynamicUpdateSlice: Step = (growth) => {
  const { o } = growth;
  const x = growth.float(1);
  const { shape } = x.aval;
  const limitIndices = shape.map((extent) => Math.min(extent, 2));
  const corner = { startIndices: shape.map(() => 0), limitIndices, strides: shape.map(() => 1) };
  return [o.dynamicUpdateSlice(x, o.slice(o.neg(x), corner), ...shape.map(() => growth.index()))];
};

const gather: Step = (growth) => {
  const x = growth.find(({ shape }) => shape.length > 0 && sizeOf(shape) > 0 && sizeOf(shape) <= 40, float32(3));
  const indices = growth.find(({ dtype, shape }) => dtype === 'int32' && sizeOf(shape) <= 6, int32(2));
  return [growth.o.gather(x, indices, { axis: growth.axis(x), mode: growth.choices.pick(['fill', 'clip'] as const) })];
};

const hash: Step = (growth) => {
  const { o } = growth;
  const key = o.convertElementType(growth.index(), { newDtype: 'uint32', weakType: false });
  const counter = o.iota({ dtype: 'uint32', shape: [3], dimension: 0 });
  return o.threefry2x32(key, key, counter, counter).map((bits) => {
    return o.convertElementType(o.shiftRightLogical(bits, 20), { newDtype: 'float32', weakType: false });
  });
};

export const STEPS: readonly Step[] = [
  unary, binary, choose, convert, reduce, argmax, normalize, dot, batchedDot, reshape, transpose, broadcast, slice, pad,
  concatenate, rev, iota, dynamicSlice, dynamicUpdateSlice, gather, hash, binary, unary, normalize, reduce,
];

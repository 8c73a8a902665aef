/**
 * Random jaxprs of a given number of equations, with every kind of primitive, nested loops and branches. Their floats are small
 * multiples of a quarter, so that results are exact in whatever order sums are taken.
 */
import fc from 'fast-check';
import type { DType } from '../../compiler/dtype.ts';
import { isFloat } from '../../compiler/dtype.ts';
import { Builder } from '../../compiler/ir/builder.ts';
import { Var, aval } from '../../compiler/ir/jaxpr.ts';
import type { Atom, Aval, Jaxpr } from '../../compiler/ir/jaxpr.ts';
import { printJaxpr } from '../../compiler/ir/print.ts';
import { sizeOf } from '../../compiler/shape.ts';

/** A stream of decisions, which shrinks to zeros: the first of every list of possibilities should be the simplest. */
class Choices {
  readonly #numbers: readonly number[];
  #next = 0;

  constructor(numbers: readonly number[]) {
    this.#numbers = numbers;
  }

  below(count: number): number {
    return (this.#numbers[this.#next++] ?? 0) % Math.max(count, 1);
  }

  get exhausted(): boolean {
    return this.#next >= this.#numbers.length;
  }

  pick<T>(items: readonly T[]): T {
    return items[this.below(items.length)]!;
  }

  /** Half of the time one of the last few, so that equations build on each other. */
  recent<T>(items: readonly T[]): T {
    return this.flag() ? this.pick(items.slice(-5)) : this.pick(items);
  }

  flag(): boolean {
    return this.below(2) === 1;
  }
}

const INPUTS: readonly Aval[] = [
  aval('float32', [2, 3]), aval('float32', [3, 4]), aval('float32', [3]), aval('float32', []), aval('int32', [2, 3]), aval('int32', []),
];

/** A counterexample that reads as the IR prints it. */
export class RandomProgram {
  readonly jaxpr: Jaxpr;

  constructor(jaxpr: Jaxpr) {
    this.jaxpr = jaxpr;
  }

  [fc.toStringMethod](): string {
    return printJaxpr(this.jaxpr);
  }
}

/** Jaxprs over the same inputs; `size` bounds the equations of the outermost level. */
export function randomPrograms(size: number): fc.Arbitrary<RandomProgram> {
  const decisions = fc.array(fc.nat({ max: 1 << 20 }), { minLength: 1, maxLength: size * 12, size: 'max' });
  return fc.tuple(fc.integer({ min: 1, max: size }), decisions).map(([equations, numbers]) => {
    const choices = new Choices(numbers);
    const inputs = INPUTS.map((type) => new Var(type));
    const o = new Builder();
    const pool = grow(o, choices, inputs, equations, 2);
    const read = new Set(o.equations.flatMap((equation) => equation.inputs));
    const unread = pool.filter((atom) => !read.has(atom));
    const outputs = [pool.at(-1)!, ...unread.slice(-8), ...Array.from({ length: choices.below(4) }, () => choices.recent(pool))];
    return new RandomProgram(o.build([], inputs, outputs));
  });
}

/** Appends equations; gives the old and the new atoms. Loops and branches nest up to `depth` deep. */
function grow(o: Builder, choices: Choices, from: readonly Atom[], equations: number, depth: number): Atom[] {
  const pool = [...from];
  for (let i = 0; i < equations && !choices.exhausted; i++) {
    const steps = depth === 0 ? STEPS : [...STEPS, scan, cond];
    pool.push(...choices.pick(steps)(o, choices, pool, depth));
  }
  return pool;
}

type Step = (o: Builder, choices: Choices, pool: readonly Atom[], depth: number) => readonly Atom[];

function floats(pool: readonly Atom[]): Atom[] {
  return pool.filter(({ aval: { dtype } }) => isFloat(dtype));
}

/** Something of the pool, of the dtype, with at least the rank; a filled tensor when there is none. */
function find(o: Builder, choices: Choices, pool: readonly Atom[], accept: (type: Aval) => boolean, otherwise: Aval): Atom {
  const found = pool.filter((atom) => accept(atom.aval));
  return found.length > 0 ? choices.recent(found) : o.full(1, otherwise);
}

function alike(o: Builder, choices: Choices, pool: readonly Atom[], { dtype, shape }: Aval): Atom {
  const key = shape.join();
  return find(o, choices, pool, (type) => type.dtype === dtype && (type.shape.join() === key || type.shape.length === 0), aval(dtype, shape));
}

function ranked(o: Builder, choices: Choices, pool: readonly Atom[], rank: number): Atom {
  return find(o, choices, pool, ({ shape }) => shape.length >= rank && sizeOf(shape) <= 200, aval('float32', [2, 3]));
}

function scalar(o: Builder, choices: Choices, pool: readonly Atom[]): Atom {
  return find(o, choices, pool, ({ dtype, shape }) => dtype === 'int32' && shape.length === 0, aval('int32', []));
}

/** A small whole number near x. */
function bounded(o: Builder, x: Atom): Atom {
  return o.floor(o.clamp(-4, x, 5));
}

const unary: Step = (o, choices, pool) => {
  const x = ranked(o, choices, floats(pool), 0);
  const f = choices.pick(['neg', 'abs', 'floor', 'square', 'sign'] as const);
  return [o[f](f === 'square' ? bounded(o, x) : x)];
};

const binary: Step = (o, choices, pool) => {
  const x = find(o, choices, pool, ({ dtype }) => dtype !== 'bool' && dtype !== 'uint32', aval('float32', [3]));
  const f = choices.pick(['add', 'sub', 'mul', 'max', 'min'] as const);
  const y = alike(o, choices, pool, x.aval);
  return [f === 'mul' && isFloat(x.aval.dtype) ? o.mul(bounded(o, x), bounded(o, y)) : o[f](x, y)];
};

const choose: Step = (o, choices, pool) => {
  const x = find(o, choices, pool, ({ dtype }) => dtype !== 'bool', aval('float32', [3]));
  const y = alike(o, choices, pool, x.aval);
  return [o.selectN(o.lt(x, y), y, x)];
};

const convert: Step = (o, choices, pool) => {
  const x = choices.recent(pool);
  const clamped = isFloat(x.aval.dtype) ? o.clamp(-9, x, 9) : x;
  const targets: readonly DType[] = x.aval.dtype === 'bool' ? ['float32', 'int32'] : isFloat(x.aval.dtype) ? ['int32', 'bool'] : ['float32'];
  return [o.convertElementType(clamped, { newDtype: choices.pick(targets), weakType: false })];
};

const reduce: Step = (o, choices, pool) => {
  const x = ranked(o, choices, floats(pool), 1);
  const axes = x.aval.shape.map((_, axis) => axis).filter((axis) => axis === 0 || choices.flag());
  const kept = choices.pick([axes, [x.aval.shape.length - 1]]);
  return [o[choices.pick(['reduceSum', 'reduceMax', 'reduceMin'] as const)](x, { axes: kept })];
};

const argmax: Step = (o, choices, pool) => {
  const x = find(o, choices, floats(pool), ({ shape }) => shape.length >= 1 && sizeOf(shape) > 0, aval('float32', [3]));
  return [o.argmax(x, { axes: [choices.below(x.aval.shape.length)] })];
};

/** x - max over an axis, broadcast back: what fuses over rows. */
const normalize: Step = (o, choices, pool) => {
  const x = ranked(o, choices, floats(pool), 1);
  const { shape } = x.aval;
  const axis = choices.below(shape.length);
  const broadcastDimensions = shape.map((_, i) => i).filter((i) => i !== axis);
  const e = o.sub(x, o.broadcastInDim(o.reduceMax(x, { axes: [axis] }), { shape, broadcastDimensions }));
  return [e, o.add(e, o.broadcastInDim(o.reduceSum(e, { axes: [axis] }), { shape, broadcastDimensions }))];
};

const dot: Step = (o, choices, pool) => {
  const x = ranked(o, choices, floats(pool), 1);
  const axis = choices.below(x.aval.shape.length);
  const extent = x.aval.shape[axis]!;
  const y = find(o, choices, floats(pool), ({ shape }) => shape.includes(extent) && sizeOf(shape) * sizeOf(x.aval.shape) <= 2000, aval('float32', [extent]));
  return [o.dotGeneral(bounded(o, x), bounded(o, y), { dimensionNumbers: [[[axis], [y.aval.shape.indexOf(extent)]], [[], []]] })];
};

const batchedDot: Step = (o, choices, pool) => {
  const x = ranked(o, choices, floats(pool), 2);
  return [o.dotGeneral(bounded(o, x), o.neg(bounded(o, x)), { dimensionNumbers: [[[1], [1]], [[0], [0]]] })];
};

const reshape: Step = (o, choices, pool) => {
  const x = choices.recent(pool);
  const size = sizeOf(x.aval.shape);
  const divisors = [1, 2, 3].filter((divisor) => size % divisor === 0 && size > 0);
  const newSizes = size === 0 ? [0] : choices.flag() ? [size] : [choices.pick(divisors), 1].map((n, i) => (i === 0 ? n : size / n));
  if (sizeOf(newSizes) !== size) newSizes[1] = size / newSizes[0]!;
  return [o.reshape(x, { newSizes })];
};

const transpose: Step = (o, choices, pool) => {
  const x = choices.recent(pool);
  const permutation = x.aval.shape.map((_, axis) => axis);
  return [o.transpose(x, { permutation: choices.flag() ? permutation.reverse() : [...permutation.slice(1), ...permutation.slice(0, 1)] })];
};

const broadcast: Step = (o, choices, pool) => {
  const x = find(o, choices, pool, ({ shape }) => shape.length <= 2 && sizeOf(shape) <= 30, aval('float32', []));
  const { shape } = x.aval;
  const before = choices.flag();
  const extent = 1 + choices.below(3);
  const dimensions = shape.map((_, axis) => axis + (before ? 1 : 0));
  return [o.broadcastInDim(x, { shape: before ? [extent, ...shape] : [...shape, extent], broadcastDimensions: dimensions })];
};

const slice: Step = (o, choices, pool) => {
  const x = choices.recent(pool);
  const startIndices = x.aval.shape.map((extent) => choices.below(extent + 1));
  return [o.slice(x, { startIndices, limitIndices: [...x.aval.shape], strides: x.aval.shape.map(() => 1 + choices.below(2)) })];
};

const pad: Step = (o, choices, pool) => {
  const x = find(o, choices, floats(pool), ({ shape }) => sizeOf(shape) <= 40, aval('float32', [2]));
  const paddingConfig = x.aval.shape.map((): [number, number, number] => [choices.below(3) - 1, choices.below(3), choices.below(2)]);
  const safe = paddingConfig.map(([low, high, interior], axis): [number, number, number] =>
    x.aval.shape[axis]! > 1 ? [low, high, interior] : [Math.abs(low), high, interior],
  );
  return [o.pad(x, alike(o, choices, [], aval('float32', [])), { paddingConfig: safe })];
};

const concatenate: Step = (o, choices, pool) => {
  const x = ranked(o, choices, pool, 1);
  const dimension = choices.below(x.aval.shape.length);
  const others = [x, ...pool.filter(({ aval: { dtype, shape } }) => dtype === x.aval.dtype && shape.join() === x.aval.shape.join())];
  const operands = [x, ...Array.from({ length: 1 + choices.below(9) }, () => choices.pick(others))];
  return [o.concatenate(...(sizeOf(x.aval.shape) > 20 ? operands.slice(0, 2) : operands), { dimension })];
};

const rev: Step = (o, choices, pool) => {
  const x = ranked(o, choices, pool, 1);
  return [o.rev(x, { dimensions: [choices.below(x.aval.shape.length)] })];
};

const iota: Step = (o, choices) => [o.iota({ dtype: choices.pick(['float32', 'int32'] as const), shape: [3, 2], dimension: choices.below(2) })];

const dynamicSlice: Step = (o, choices, pool) => {
  const x = ranked(o, choices, pool, 1);
  const starts = x.aval.shape.map(() => scalar(o, choices, pool));
  return [o.dynamicSlice(x, ...starts, { sliceSizes: x.aval.shape.map((extent) => Math.max(0, extent - choices.below(2))) })];
};

const dynamicUpdateSlice: Step = (o, choices, pool) => {
  const x = ranked(o, choices, floats(pool), 1);
  const starts = x.aval.shape.map(() => scalar(o, choices, pool));
  const update = o.slice(o.neg(x), { startIndices: x.aval.shape.map(() => 0), limitIndices: x.aval.shape.map((extent) => Math.min(extent, 2)), strides: x.aval.shape.map(() => 1) });
  return [o.dynamicUpdateSlice(x, update, ...starts)];
};

const gather: Step = (o, choices, pool) => {
  const x = find(o, choices, pool, ({ shape }) => shape.length >= 1 && sizeOf(shape) > 0 && sizeOf(shape) <= 40, aval('float32', [3]));
  const indices = find(o, choices, pool, ({ dtype, shape }) => dtype === 'int32' && sizeOf(shape) <= 6, aval('int32', [2]));
  return [o.gather(x, indices, { axis: choices.below(x.aval.shape.length), mode: choices.pick(['fill', 'clip'] as const) })];
};

const hash: Step = (o, choices, pool) => {
  const key = o.convertElementType(scalar(o, choices, pool), { newDtype: 'uint32', weakType: false });
  const counter = o.iota({ dtype: 'uint32', shape: [3], dimension: 0 });
  const [a, b] = o.threefry2x32(key, key, counter, counter);
  const shift = o.full(20, { dtype: 'uint32', shape: [] });
  return [a, b].map((bits) => o.convertElementType(o.shiftRightLogical(bits, shift), { newDtype: 'float32', weakType: false }));
};

const scan: Step = (o, choices, pool, depth) => {
  const consts = Array.from({ length: choices.below(3) }, () => choices.recent(pool));
  const carries = Array.from({ length: 1 + choices.below(3) }, () => choices.recent(pool));
  const length = choices.pick([2, 1, 3, 4, 0]);
  const stacked = pool.filter(({ aval: { shape } }) => shape[0] === length).slice(-choices.below(3) - 1);
  const types = [...consts, ...carries].map(({ aval: type }) => type);
  const slices = stacked.map(({ aval: { dtype, shape } }) => aval(dtype, shape.slice(1)));
  const inputs = [...types, ...slices].map((type) => new Var(type));
  const body = new Builder();
  const inner = grow(body, choices, inputs, 1 + choices.below(6), depth - 1);
  const next = carries.map(({ aval: { dtype, shape } }) => {
    const fits = inner.filter(({ aval: type }) => type.dtype === dtype && type.shape.join() === shape.join());
    return fits.length > 0 ? choices.pick([...fits].reverse()) : body.full(2, aval(dtype, shape));
  });
  const ys = Array.from({ length: choices.below(3) }, () => choices.recent(inner));
  const jaxpr = body.build([], inputs, [...next, ...ys]);
  const params = { jaxpr, length, reverse: choices.flag(), numConsts: consts.length, numCarry: carries.length };
  const results = o.scan(...consts, ...carries, ...stacked, params);
  return results instanceof Array ? results : [results as Atom];
};

const cond: Step = (o, choices, pool, depth) => {
  const index = scalar(o, choices, pool);
  const operands = [ranked(o, choices, floats(pool), 0), choices.pick(pool)];
  const grown = Array.from({ length: 2 + choices.below(2) }, () => {
    const inputs = operands.map(({ aval: type }) => new Var(type));
    const branch = new Builder();
    return { inputs, branch, pool: grow(branch, choices, inputs, 1 + choices.below(5), depth - 1) };
  });
  const result = grown[0]!.pool.at(-1)!.aval;
  const branches = grown.map(({ inputs, branch, pool: values }) => {
    const fits = values.filter(({ aval: type }) => type.dtype === result.dtype && type.shape.join() === result.shape.join());
    return branch.build([], inputs, [fits.at(-1) ?? branch.full(3, aval(result.dtype, result.shape)), inputs[0]!]);
  });
  const results = o.cond(index, ...operands, { branches });
  return results instanceof Array ? results : [results as Atom];
};

const STEPS: readonly Step[] = [
  unary, binary, choose, convert, reduce, argmax, normalize, dot, batchedDot, reshape, transpose, broadcast, slice, pad, concatenate, rev,
  iota, dynamicSlice, dynamicUpdateSlice, gather, hash, binary, unary, normalize, reduce,
];

/** What the random jaxprs take. */
export const RANDOM_INPUTS: readonly Aval[] = INPUTS;

/** Ways to go on with a random program: each tries to add one equation to a workbench, and tells whether it did. */
import type { DType, HostArray } from '../../../compiler/dtype.ts';
import { ELEMENTWISE } from '../../../compiler/primitives/elementwise.ts';
import { sameShape, sizeOf } from '../../../compiler/shape.ts';
import type { Known, Workbench } from './workbench.ts';

export type Move = (bench: Workbench) => boolean;

const EXTENTS = [1, 2, 3, 4];

const hasAxes = ({ shape }: HostArray): boolean => shape.length > 0;
const isScalar = ({ shape }: HostArray): boolean => shape.length === 0;
const axesOf = ({ shape }: HostArray): number[] => shape.map((_, axis) => axis);

/** Of the dtype, and of the shape of `first` or a scalar. */
function goesWith(first: HostArray, value: HostArray, dtype: DType): boolean {
  return value.dtype === dtype && (isScalar(value) || sameShape(value.shape, first.shape));
}

/** What programs are mostly made of. */
const EVERYDAY: ReadonlySet<string> = new Set([
  'add', 'sub', 'mul', 'div', 'max', 'min', 'neg', 'select_n', 'convert_element_type', 'lt', 'eq', 'tanh', 'exp', 'sqrt',
  'integer_pow',
]);

/** A row of the table on some value and others of its shape, or scalars, of the dtypes of one of the row's samples. */
export function elementwise(bench: Workbench): boolean {
  const { random, limits } = bench;
  const first = bench.pick();
  const everyday = random.chance(60);
  const primitive = random.pick(ELEMENTWISE.filter(({ name }) => limits.allows(name) && (!everyday || EVERYDAY.has(name))));
  if (first === undefined || primitive === undefined) return false;
  const sample = random.pick(primitive.samples.filter(({ inputs }) => inputs.some(({ dtype }) => dtype === first.value.dtype)));
  if (sample === undefined) return false;
  const leading = random.pick([...sample.inputs.keys()].filter((i) => sample.inputs[i]!.dtype === first.value.dtype));
  const operands = sample.inputs.map(({ dtype }, i): Known => {
    if (i === leading) return first;
    return (random.chance(80) ? bench.pick((value) => goesWith(first.value, value, dtype)) : undefined) ?? bench.literal(dtype);
  });
  return bench.apply(primitive.name, operands, sample.params);
}

const REDUCTIONS = ['reduce_sum', 'reduce_prod', 'reduce_max', 'reduce_min', 'reduce_and', 'reduce_or'];

export function reduction(bench: Workbench): boolean {
  const x = bench.pick(hasAxes);
  if (x === undefined) return false;
  if (bench.random.chance(20)) {
    const axes = [bench.random.below(x.value.shape.length)];
    return sizeOf(x.value.shape) > 0 && bench.apply(bench.random.pick(['argmax', 'argmin'])!, [x], { axes });
  }
  return bench.apply(bench.random.pick(REDUCTIONS)!, [x], { axes: bench.random.some(axesOf(x.value)) });
}

/** Pairs axes of equal extent: the first pair is contracted, a second may be a batch axis. */
export function contraction(bench: Workbench): boolean {
  const { random } = bench;
  const x = bench.pick(hasAxes);
  const y = x && bench.pick((value) => value.dtype === x.value.dtype && hasAxes(value));
  if (x === undefined || y === undefined) return false;
  const free = random.shuffled(axesOf(y.value));
  const pairs = random.shuffled(axesOf(x.value)).flatMap((axis) => {
    const partner = free.findIndex((other) => y.value.shape[other] === x.value.shape[axis]);
    return partner === -1 ? [] : [[axis, free.splice(partner, 1)[0]!]];
  });
  const contracted = pairs.slice(0, random.below(3));
  const batch = pairs.slice(contracted.length, contracted.length + random.below(2));
  const split = (chosen: readonly number[][]): number[][] => [chosen.map(([lhs]) => lhs!), chosen.map(([, rhs]) => rhs!)];
  return bench.apply('dot_general', [x, y], { dimensionNumbers: [split(contracted), split(batch)] });
}

export function reshape(bench: Workbench): boolean {
  const x = bench.pick();
  if (x === undefined) return false;
  const { shape } = x.value;
  const at = bench.random.below(shape.length + 1);
  const choices = [
    [sizeOf(shape)],
    [...shape.slice(0, at), 1, ...shape.slice(at)],
    shape.filter((extent) => extent !== 1),
    bench.random.shuffled(shape),
    shape.flatMap((extent) => (extent === 4 ? [2, 2] : [extent])),
    shape.length > 1 ? [shape[0]! * shape[1]!, ...shape.slice(2)] : shape,
  ];
  return bench.apply('reshape', [x], { newSizes: bench.random.pick(choices)! });
}

export function transpose(bench: Workbench): boolean {
  const x = bench.pick(hasAxes);
  return x !== undefined && bench.apply('transpose', [x], { permutation: bench.random.shuffled(axesOf(x.value)) });
}

/** New axes, and axes of extent 1 repeated. */
export function broadcast(bench: Workbench): boolean {
  const { random } = bench;
  const x = bench.pick(({ shape }) => shape.length < 4);
  if (x === undefined) return false;
  const shape: number[] = [];
  const broadcastDimensions: number[] = [];
  for (const extent of x.value.shape) {
    if (random.chance(30)) shape.push(random.pick(EXTENTS)!);
    broadcastDimensions.push(shape.length);
    shape.push(extent === 1 && random.chance(50) ? random.pick(EXTENTS)! : extent);
  }
  if (random.chance(50)) shape.push(random.pick(EXTENTS)!);
  return bench.apply('broadcast_in_dim', [x], { shape, broadcastDimensions });
}

export function slice(bench: Workbench): boolean {
  const { random } = bench;
  const x = bench.pick(hasAxes);
  if (x === undefined) return false;
  const startIndices = x.value.shape.map((extent) => (extent === 0 ? 0 : random.below(extent)));
  const limitIndices = x.value.shape.map((extent, axis) => random.between(Math.min(extent, startIndices[axis]! + 1), extent));
  return bench.apply('slice', [x], { startIndices, limitIndices, strides: x.value.shape.map(() => random.between(1, 2)) });
}

export function pad(bench: Workbench): boolean {
  const { random } = bench;
  const x = bench.pick(hasAxes);
  if (x === undefined) return false;
  const isPadding = (value: HostArray): boolean => isScalar(value) && value.dtype === x.value.dtype;
  const value = (random.chance(50) ? bench.pick(isPadding) : undefined) ?? bench.literal(x.value.dtype);
  const paddingConfig = x.value.shape.map(() => [random.between(-1, 2), random.between(-1, 1), random.below(2)]);
  return bench.apply('pad', [x, value], { paddingConfig });
}

export function concatenate(bench: Workbench): boolean {
  const x = bench.pick(hasAxes);
  if (x === undefined) return false;
  const dimension = bench.random.below(x.value.shape.length);
  const resized = (shape: readonly number[]): readonly number[] => shape.map((extent, axis) => (axis === dimension ? 0 : extent));
  const wanted = resized(x.value.shape);
  const joins = (value: HostArray): boolean => value.dtype === x.value.dtype && sameShape(resized(value.shape), wanted);
  const others = Array.from({ length: bench.random.below(3) }, () => bench.pick(joins)!);
  return bench.apply('concatenate', [x, ...others], { dimension });
}

export function rev(bench: Workbench): boolean {
  const x = bench.pick(hasAxes);
  return x !== undefined && bench.apply('rev', [x], { dimensions: bench.random.some(axesOf(x.value)) });
}

export function iota(bench: Workbench): boolean {
  const { random } = bench;
  const shape = Array.from({ length: random.between(1, 2) }, () => random.pick(EXTENTS)!);
  const dtype = random.pick(bench.limits.dtypes)!;
  return bench.apply('iota', [], { dtype, shape, dimension: random.below(shape.length) });
}

/** A start index from 0 to `last`: computed, if there is such a scalar, else a literal. */
function start(bench: Workbench, last: number): Known {
  const inRange = (value: HostArray): boolean =>
    value.dtype === 'int32' && isScalar(value) && value.data[0]! >= 0 && value.data[0]! <= last;
  return (bench.random.chance(70) ? bench.pick(inRange) : undefined) ?? bench.literal('int32', bench.random.between(0, last));
}

export function dynamicSlice(bench: Workbench): boolean {
  const x = bench.pick((value) => hasAxes(value) && sizeOf(value.shape) > 0);
  if (x === undefined) return false;
  const sliceSizes = x.value.shape.map((extent) => bench.random.between(1, extent));
  const starts = x.value.shape.map((extent, axis) => start(bench, extent - sliceSizes[axis]!));
  return bench.apply('dynamic_slice', [x, ...starts], { sliceSizes });
}

export function dynamicUpdateSlice(bench: Workbench): boolean {
  const x = bench.pick(hasAxes);
  if (x === undefined) return false;
  const { dtype, shape } = x.value;
  const fits = (value: HostArray): boolean =>
    value.dtype === dtype && value.shape.length === shape.length && value.shape.every((extent, axis) => extent <= shape[axis]!);
  const update = bench.pick(fits)!;
  const starts = shape.map((extent, axis) => start(bench, extent - update.value.shape[axis]!));
  return bench.apply('dynamic_update_slice', [x, update, ...starts]);
}

export function gather(bench: Workbench): boolean {
  const x = bench.pick((value) => hasAxes(value) && sizeOf(value.shape) > 0);
  if (x === undefined) return false;
  const axis = bench.random.below(x.value.shape.length);
  const extent = x.value.shape[axis]!;
  const indices = bench.pick(({ dtype, data }) => dtype === 'int32' && data.every((index) => index >= -extent && index < extent));
  return bench.apply('gather', [x, indices ?? start(bench, extent - 1)], { axis, mode: bench.random.pick(['fill', 'clip'])! });
}

export function threefry(bench: Workbench): boolean {
  if (!bench.limits.dtypes.includes('uint32')) return false;
  const x = bench.pick(({ dtype }) => dtype === 'uint32');
  if (x === undefined) return false;
  const fits = (value: HostArray): boolean => goesWith(x.value, value, 'uint32');
  return bench.apply('threefry2x32', [bench.pick(fits)!, bench.literal('uint32'), x, bench.pick(fits)!]);
}

/** The moves by how often they are tried. */
export const FIRST_ORDER: readonly (readonly [weight: number, move: Move])[] = [
  [36, elementwise], [5, reduction], [3, contraction], [3, reshape], [2, transpose], [4, broadcast], [2, slice], [1, pad],
  [2, concatenate], [1, rev], [1, iota], [1, dynamicSlice], [1, dynamicUpdateSlice], [2, gather], [1, threefry],
];

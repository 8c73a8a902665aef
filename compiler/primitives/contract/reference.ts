/** The reference of dot_general. */
import { allocate, isFloat, roundTo } from '../../dtype.ts';
import type { HostArray } from '../../dtype.ts';
import { hostArray, offsets, pick } from '../../reference/arrays.ts';
import { sizeOf, stridesOf } from '../../shape.ts';
import type { ContractAxes, SideAxes } from './axes.ts';

/** Sums of products: floats in double precision and rounded once, integers modulo 2^32. */
export function contract(lhs: HostArray, rhs: HostArray, axes: ContractAxes): HostArray {
  const left = packed(lhs, axes.lhs);
  const right = packed(rhs, axes.rhs);
  const batch = pickExtents(lhs, axes.lhs.batch);
  const lhsFree = pickExtents(lhs, axes.lhs.free);
  const rhsFree = pickExtents(rhs, axes.rhs.free);
  const [rows, columns, depth] = [sizeOf(lhsFree), sizeOf(rhsFree), sizeOf(pickExtents(lhs, axes.lhs.contract))];
  const shape = [...batch, ...lhsFree, ...rhsFree];
  const data = allocate(lhs.dtype, sizeOf(shape));
  const dot = isFloat(lhs.dtype) ? floatDot : integerDot;
  let position = 0;
  for (let group = 0; group < sizeOf(batch); group++) {
    for (let row = 0; row < rows; row++) {
      for (let column = 0; column < columns; column++) {
        const value = dot(left, (group * rows + row) * depth, right, (group * columns + column) * depth, depth);
        data[position++] = roundTo(lhs.dtype, value);
      }
    }
  }
  return hostArray(lhs.dtype, shape, data);
}

type Dot = (a: ArrayLike<number>, fromA: number, b: ArrayLike<number>, fromB: number, depth: number) => number;

const floatDot: Dot = (a, fromA, b, fromB, depth) => {
  let sum = 0;
  for (let k = 0; k < depth; k++) sum += a[fromA + k]! * b[fromB + k]!;
  return sum;
};

const integerDot: Dot = (a, fromA, b, fromB, depth) => {
  let sum = 0;
  for (let k = 0; k < depth; k++) sum = (sum + Math.imul(a[fromA + k]!, b[fromB + k]!)) | 0;
  return sum;
};

function pickExtents({ shape }: HostArray, axes: readonly number[]): number[] {
  return axes.map((axis) => shape[axis]!);
}

/** The elements with batch axes outermost and contracting axes innermost. */
function packed(array: HostArray, { batch, free, contract }: SideAxes): ArrayLike<number> {
  const order = [...batch, ...free, ...contract];
  const shape = pickExtents(array, order);
  const strides = stridesOf(array.shape);
  return pick(array, shape, offsets(shape, order.map((axis) => strides[axis]!))).data;
}

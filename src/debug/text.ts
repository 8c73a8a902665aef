/** Elements as text, for debug.print: nested lists, and of large tensors the corners. */
import type { DType, TypedArray } from '../../compiler/dtype.ts';
import { isFloat } from '../../compiler/dtype.ts';
import { sizeOf } from '../../compiler/shape.ts';

/** Above this many elements only the ends of every axis are shown. */
const MOST_ELEMENTS = 1000;
/** How many of either end. */
const SHOWN = 3;

/** The elements of a tensor of this shape, which start at `start`. */
export function tensorText(data: TypedArray, dtype: DType, shape: readonly number[], start: number = 0): string {
  const isLarge = sizeOf(shape) > MOST_ELEMENTS;
  const build = (axis: number, from: number): string => {
    if (axis === shape.length) return elementText(data[from] ?? 0, dtype);
    const stride = sizeOf(shape.slice(axis + 1));
    const items = positions(shape[axis]!, isLarge).map((i) => (i === null ? '...' : build(axis + 1, from + i * stride)));
    return `[${items.join(', ')}]`;
  };
  return build(0, start);
}

function positions(extent: number, isLarge: boolean): (number | null)[] {
  const all = Array.from({ length: extent }, (_, i) => i);
  return isLarge && extent > 2 * SHOWN ? [...all.slice(0, SHOWN), null, ...all.slice(-SHOWN)] : all;
}

function elementText(value: number, dtype: DType): string {
  if (dtype === 'bool') return value === 0 ? 'false' : 'true';
  return isFloat(dtype) ? floatText(value) : String(value);
}

/** The shortest digits that tell the float32 from its neighbours. */
function floatText(value: number): string {
  if (Object.is(value, -0)) return '-0';
  for (let digits = 1; digits <= 9; digits++) {
    const short = Number(value.toPrecision(digits));
    if (Math.fround(short) === value) return String(short);
  }
  return String(value);
}

/** Keys of a sort as unsigned integers, and which element comes first. */
import { isFloat } from '../../dtype.ts';
import type { Builder } from '../../ir/builder.ts';
import type { Atom } from '../../ir/jaxpr.ts';
import { sizeOf } from '../../shape.ts';

const SIGN = 0x80000000;

/**
 * uint32 in the order of the values: zeros are equal, NaN is the largest. Floats are told apart by bits, which no adapter
 * changes.
 */
export function orderedBits(o: Builder, x: Atom): Atom {
  const { dtype } = x.aval;
  if (dtype === 'uint32') return x;
  if (dtype === 'bool') return o.convertElementType(x, { newDtype: 'uint32', weakType: false });
  if (dtype === 'int32') return o.xor(o.bitcastConvertType(x, { newDtype: 'uint32' }), SIGN);
  const single = isFloat(dtype) && dtype !== 'float32' ? o.convertElementType(x, { newDtype: 'float32', weakType: false }) : x;
  const bits = o.bitcastConvertType(single, { newDtype: 'uint32' });
  const positive = o.selectN(o.eq(bits, SIGN), bits, o.literal(0, 'uint32'));
  const ordered = o.selectN(o.ge(positive, SIGN), o.or(positive, SIGN), o.not(positive));
  return o.selectN(o.isNan(single), ordered, o.literal(0xffffffff, 'uint32'));
}

/**
 * Whether the first of two elements comes before the second, given their keys in order of weight; `tied` decides when all are
 * equal.
 */
export function comesBefore(o: Builder, first: readonly Atom[], second: readonly Atom[], tied: Atom): Atom {
  return first.reduceRight((rest, key, i) => o.or(o.lt(key, second[i]!), o.and(o.eq(key, second[i]!), rest)), tied);
}

/** The elements at flat uint32 positions. */
export function readAt(o: Builder, x: Atom, positions: Atom): Atom {
  return o.gather(o.reshape(x, { newSizes: [sizeOf(x.aval.shape)] }), positions, { axis: 0, mode: 'clip' });
}

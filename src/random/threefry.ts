/** Random bits. Salmon et al. 2011, "Parallel random numbers: as easy as 1, 2, 3", in the two ways that JAX counts. */
import { HeddleError } from '../../compiler/errors.ts';
import { findPrimitive } from '../../compiler/primitives/index.ts';
import * as lax from '../lax/index.ts';
import { sameType } from '../lax/operands.ts';
import type { LaxOperand } from '../lax/operands.ts';
import { bind } from '../trace/bind.ts';
import type { Tensor } from '../trace/tensor.ts';

/** Two uint32 words of one shape. */
export type Words = readonly [Tensor, Tensor];

/** The Threefry-2x32 hash of counters under a key. */
export function hash([k0, k1]: Words, high: LaxOperand, low: LaxOperand): Words {
  const primitive = findPrimitive('threefry2x32');
  if (primitive === undefined) throw new HeddleError('INTERNAL', 'no primitive is called threefry2x32');
  const [y0, y1] = bind(primitive, sameType([k0, k1, high, low]));
  if (y0 === undefined || y1 === undefined) throw new HeddleError('INTERNAL', 'threefry2x32 has two results');
  return [y0, y1];
}

/** `size` words in the original layout: the counters are hashed in two halves, padded by a 0 when their number is odd. */
export function hashHalves(key: Words, size: number): Tensor {
  const half = Math.ceil(size / 2);
  const high = lax.iota('uint32', half);
  const low = lax.add(high, half);
  const counters = size % 2 === 0 ? low : lax.select(lax.eq(low, size), 0, low);
  return lax.sliceInDim(lax.concatenate(hash(key, high, counters), 0), 0, size);
}

/** `size` words in the partitionable layout: word i depends on i alone. */
export function hashEach(key: Words, size: number): Tensor {
  return lax.bitwiseXor(...hash(key, 0, lax.iota('uint32', size)));
}

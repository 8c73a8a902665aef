/** The cache of attention that decodes position by position: the keys and values so far, and the index of the next. */
import { sameShape, showShape } from '../../../compiler/shape.ts';
import { errorIf } from '../../debug/error-if.ts';
import * as lax from '../../lax/index.ts';
import { np } from '../../numpy/index.ts';
import { asDType, fail } from '../../numpy/operands.ts';
import type { Tensor } from '../../trace/tensor.ts';
import type { Cache } from '../variables.ts';

export interface AttentionCache {
  /** [...batch, length, heads, depth]. */
  readonly key: Cache;
  readonly value: Cache;
  /** int32[]. */
  readonly index: Cache;
}

/** What a query of the next position attends to. */
export interface Decoded {
  readonly key: Tensor;
  readonly value: Tensor;
  /** Which positions of the cache are filled: bool[length]. */
  readonly filled: Tensor;
}

/**
 * Writes the key and value of one position, [...batch, 1, heads, depth], at the index, which moves on.
 *
 * @throws SHAPE for another batch or more than one position, CHECK behind the last position.
 */
export function append(name: string, cache: AttentionCache, key: Tensor, value: Tensor): Decoded {
  const { shape } = cache.key;
  const [batch, length] = [shape.slice(0, -3), shape.at(-3)!];
  const expected = [...batch, 1, ...shape.slice(-2)];
  if (!sameShape(key.shape, expected)) {
    const [wanted, got] = [showShape(expected), showShape(key.shape)];
    const problem = `${name}: decoding takes one position at a time, keys ${wanted}, and got ${got}`;
    fail('SHAPE', problem, `attention.initCache([${[...key.shape.slice(0, -3), length].join(', ')}, features])`);
  }
  const index = cache.index.value;
  // dynamicUpdateSlice would clamp the index, and overwrite the last position.
  errorIf(lax.ge(index, length), `${name}: the cache of ${length} positions is full, and initCache makes another`);
  const place = [...batch.map(() => 0), index, 0, 0];
  cache.key.update((keys) => lax.dynamicUpdateSlice(keys, asDType(key, keys.dtype), place));
  cache.value.update((values) => lax.dynamicUpdateSlice(values, asDType(value, values.dtype), place));
  cache.index.value = lax.add(index, 1);
  return { key: cache.key.value, value: cache.value.value, filled: np.lessEqual(np.arange(length), index) };
}

/** Keys: how randomness is seeded, split and told apart. */
import { isInteger } from '../../compiler/dtype.ts';
import { sizeOf } from '../../compiler/shape.ts';
import * as lax from '../lax/index.ts';
import { np } from '../numpy/index.ts';
import { asDType, fail, shapeOf } from '../numpy/operands.ts';
import { describeValue, tensorOf } from '../trace/bind.ts';
import { literalOf } from '../trace/literal.ts';
import type { Operand } from '../trace/bind.ts';
import { Tensor } from '../trace/tensor.ts';
import { Variable } from '../trace/variable.ts';
import { hash, hashHalves } from './threefry.ts';
import type { Words } from './threefry.ts';
import { currentLayout } from './layout.ts';

/** A key: a uint32 tensor of shape [2]; several are stacked, [..., 2], and vmap maps over them. */
export type Key = Tensor;

interface Positions {
  1: 0;
  2: 0 | 1;
  3: 0 | 1 | 2;
  4: 0 | 1 | 2 | 3;
  5: 0 | 1 | 2 | 3 | 4;
  6: 0 | 1 | 2 | 3 | 4 | 5;
  7: 0 | 1 | 2 | 3 | 4 | 5 | 6;
  8: 0 | 1 | 2 | 3 | 4 | 5 | 6 | 7;
}

/** N keys, shape [N, 2]; `const [a, b] = split(key)` gives keys of type Key, also under noUncheckedIndexedAccess. */
export type Keys<N extends number> = N extends keyof Positions ? Key & { readonly [I in Positions[N]]: Key } : Key;

/**
 * The key of a seed: [0, seed mod 2^32], as jax.random.key without 64-bit types.
 *
 * @throws VALUE for a number that is not a safe integer, DTYPE for a tensor that is not an integer scalar.
 */
export function key(seed: Operand): Key {
  if (typeof seed === 'number') return np.array([0, modulo32('random.key', seed)], { dtype: 'uint32' });
  return np.stack([np.zeros([], { dtype: 'uint32' }), integer('random.key', seed)]);
}

/**
 * `num` new keys, shape [num, 2], or [...num, 2] for a shape. The old key must not be used again. jax.random.split. @throws SHAPE
 */
export function split(key: Key | Variable): Keys<2>;
export function split<const N extends number>(key: Key | Variable, num: N): Keys<N>;
export function split(key: Key | Variable, num: number | readonly number[]): Key;
export function split(key: Key | Variable, num: number | readonly number[] = 2): Key {
  const shape = shapeOf('random.split', num, 'random.split(key, 2)');
  const size = sizeOf(shape);
  const words = wordsOf('random.split', key);
  if (currentLayout() === 'original') return np.reshape(hashHalves(words, 2 * size), [...shape, 2]);
  return np.reshape(np.stack(hash(words, 0, lax.iota('uint32', size)), { axis: -1 }), [...shape, 2]);
}

/** The key of an integer under a key: equal in both layouts. jax.random.fold_in. @throws VALUE, DTYPE as `key` */
export function foldIn(key: Key | Variable, data: Operand): Key {
  const isNumber = typeof data === 'number';
  const word = isNumber ? literalOf(modulo32('random.foldIn', data), 'uint32', false) : integer('random.foldIn', data);
  return np.stack(hash(wordsOf('random.foldIn', key), 0, word));
}

/** The two words of a single key. @throws SHAPE, DTYPE for anything else. */
export function wordsOf(name: string, key: Key | Variable): Words {
  if (!(key instanceof Tensor || key instanceof Variable)) {
    fail('DTYPE', `${name}: ${describeValue(key)} is not a key, which is uint32[2]`, 'random.key(0)');
  }
  const tensor = tensorOf(key);
  if (tensor.dtype !== 'uint32' || tensor.ndim !== 1 || tensor.shape[0] !== 2) {
    const isBatch = tensor.dtype === 'uint32' && tensor.shape.at(-1) === 2;
    const fix = isBatch ? `vmap((key) => ${name}(key, ...))(keys)` : 'random.key(0)';
    const code = tensor.dtype === 'uint32' ? 'SHAPE' : 'DTYPE';
    fail(code, `${name}: ${tensor.describe()} is not a key, which is uint32[2]`, fix);
  }
  return [np.slice(tensor, 0), np.slice(tensor, 1)];
}

function modulo32(name: string, value: number): number {
  if (!Number.isSafeInteger(value)) fail('VALUE', `${name}: ${value} is not an integer`, 'random.key(0)');
  return ((value % 2 ** 32) + 2 ** 32) % 2 ** 32;
}

/** An integer scalar as uint32, modulo 2^32. */
function integer(name: string, value: Operand): Tensor {
  const tensor = tensorOf(value);
  if (!isInteger(tensor.dtype) || tensor.ndim !== 0) {
    fail('DTYPE', `${name}: ${tensor.describe()} is not an integer scalar`, "random.key(np.array(0, { dtype: 'uint32' }))");
  }
  return asDType(tensor, 'uint32');
}

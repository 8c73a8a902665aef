/** Batches of examples, in order or shuffled. */
import { allocate } from '../../compiler/dtype.ts';
import type { HostArray, TypedArray } from '../../compiler/dtype.ts';
import { showShape, sizeOf } from '../../compiler/shape.ts';
import { readOptions } from '../options.ts';
import { permutation } from '../random/index.ts';
import type { Key } from '../random/index.ts';
import { hostTensor } from '../trace/literal.ts';
import type { Tensor } from '../trace/tensor.ts';
import { userError } from '../trace/user-error.ts';
import { flatten, unflatten } from '../tree.ts';
import type { TreeDef } from '../tree.ts';
import { arrayOf, hostArrayOf, isHostArray } from './arrays.ts';
import type { ArrayLike } from './arrays.ts';

export interface BatchOptions {
  /** Examples in a batch. */
  readonly size: number;
  /** Shuffles by this key; without one the order stays. */
  readonly key?: Key | undefined;
  /** Leaves out the last batch when it would be smaller, for which a jitted step would be compiled once more. */
  readonly dropRemainder?: boolean;
}

/** The tree with tensors for its arrays. */
export type Batch<T> = T extends ArrayLike ? Tensor : { -readonly [K in keyof T]: Batch<T[K]> };

/**
 * One pass over the examples: batches of `size` of them. `arrays` is a pytree of arrays [examples, ...], such as
 * `{ images, labels }`; a batch has the same structure, with tensors [size, ...]. With a key they come in the order of
 * `random.permutation(key, examples)`, which is the same every time; fold the epoch into the key. Tensors are copied to the
 * host first.
 *
 * @throws SHAPE for scalars and different numbers of examples; VALUE for a size that gives no batch; PYTREE for other leaves.
 */
export function batches<T>(arrays: T, options: BatchOptions): AsyncGenerator<Batch<T>, void, undefined> {
  const { size, key, dropRemainder } = readOptions<Required<BatchOptions>>('batches', options, {
    size: NaN,
    key: undefined,
    dropRemainder: false,
  });
  const { leaves, paths, treedef } = flatten(arrays, { isLeaf: isHostArray, root: 'arrays' });
  const sources = leaves.map((leaf, i) => arrayOf(paths[i]!, leaf));
  const count = countOf(sources, paths);
  if (!Number.isSafeInteger(size) || size < 1 || (dropRemainder && size > count)) {
    throw userError('VALUE', `batches: size is ${size}, for ${count} examples`, {
      fix: `batches(arrays, { size: ${Math.max(1, Math.min(32, count))} })`,
    });
  }
  const end = dropRemainder ? count - (count % size) : count;
  return generate(treedef, sources, end, { size, key, count });
}

type Sources = readonly (HostArray | Tensor)[];

async function* generate<T>(
  treedef: TreeDef,
  sources: Sources,
  end: number,
  { size, key, count }: { readonly size: number; readonly key: Key | undefined; readonly count: number },
): AsyncGenerator<Batch<T>, void, undefined> {
  const hosts = await Promise.all(sources.map(hostArrayOf));
  const order = key === undefined ? Uint32Array.from({ length: count }, (_, i) => i) : await permutation(key, count).data();
  for (let begin = 0; begin < end; begin += size) {
    const rows = order.subarray(begin, Math.min(begin + size, end));
    yield unflatten(treedef, hosts.map((host) => take(host, rows))) as Batch<T>;
  }
}

function countOf(sources: Sources, paths: readonly string[]): number {
  const [first] = sources;
  const count = first?.shape[0];
  const odd = sources.findIndex(({ shape }) => shape[0] !== count || shape.length === 0);
  if (first !== undefined && count !== undefined && odd < 0) return count;
  const [here, there] = [first, sources[odd]].map((source) => (source === undefined ? 'none' : showShape(source.shape)));
  const problem = first === undefined ? 'there are no arrays' : `${paths[0]} has shape ${here} and ${paths[odd]} shape ${there}`;
  throw userError('SHAPE', `batches: ${problem}; all arrays need the same number of examples, their first axis`, {
    fix: 'batches({ images, labels }, { size: 32 })',
  });
}

/** These rows of an array. */
function take({ dtype, shape, data }: HostArray, rows: TypedArray): Tensor {
  const inner = shape.slice(1);
  const width = sizeOf(inner);
  const taken = allocate(dtype, rows.length * width);
  let at = 0;
  for (const row of rows) {
    taken.set(data.subarray(row * width, (row + 1) * width), at);
    at += width;
  }
  return hostTensor(taken, [rows.length, ...inner], dtype);
}

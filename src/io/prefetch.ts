/** Data on its way to the device while the device is busy with what came before. */
import type { Device } from '../../runtime/index.ts';
import { readOptions } from '../options.ts';
import { Tensor } from '../trace/tensor.ts';
import { userError } from '../trace/user-error.ts';
import { flatten, unflatten } from '../tree.ts';

export interface PrefetchOptions {
  /** How many items are fetched ahead; default 2. */
  readonly size?: number;
}

/**
 * The items, in their order, with the elements of their tensors on the device; while one is in use, the next `size` are fetched
 * and uploaded.
 * Leaving the loop early closes the source.
 *
 * @throws VALUE for a size below 1; what the source throws, when its turn comes.
 */
export function prefetch<T>(
  items: AsyncIterable<T> | Iterable<T>,
  device: Device,
  options: PrefetchOptions = {},
): AsyncGenerator<T, void, undefined> {
  const { size } = readOptions('prefetch', options, { size: 2 });
  if (!Number.isSafeInteger(size) || size < 1) {
    throw userError('VALUE', `prefetch: size is ${size}, not an integer from 1 on`, {
      fix: 'prefetch(items, device, { size: 2 })',
    });
  }
  return generate(items, device, size);
}

async function* generate<T>(
  items: AsyncIterable<T> | Iterable<T>,
  device: Device,
  size: number,
): AsyncGenerator<T, void, undefined> {
  const iterator = Symbol.asyncIterator in items ? items[Symbol.asyncIterator]() : items[Symbol.iterator]();
  const next = async (): Promise<IteratorResult<T>> => {
    const result = await iterator.next();
    return result.done === true ? result : { done: false, value: await onDevice(result.value, device) };
  };
  const ahead: Promise<IteratorResult<T>>[] = [];
  // One after the other: not every source takes a second call before it has answered the first.
  const fetch = (): void => {
    const fetched = (ahead.at(-1) ?? Promise.resolve()).then(next);
    fetched.catch(() => {}); // It is raised when its turn comes.
    ahead.push(fetched);
  };
  try {
    for (let i = 0; i < size; i++) fetch();
    for (;;) {
      fetch();
      const result = await ahead.shift()!;
      if (result.done === true) return;
      yield result.value;
    }
  } finally {
    await Promise.allSettled(ahead);
    await iterator.return?.();
  }
}

async function onDevice<T>(item: T, device: Device): Promise<T> {
  const { leaves, treedef } = flatten(item);
  const there = await Promise.all(leaves.map((leaf) => (leaf instanceof Tensor ? leaf.to(device) : leaf)));
  return unflatten(treedef, there) as T;
}

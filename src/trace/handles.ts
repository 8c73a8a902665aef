/** The handles made while a scope runs, so that it can give their storages back. */
import type { Tensor } from './tensor.ts';

let current: Set<Tensor> | null = null;

/** Notes a new handle in the innermost scope. */
export function noteHandle(handle: Tensor): void {
  current?.add(handle);
}

/** Takes a new handle out of its scope: its owner will give it back. */
export function ownHandle(handle: Tensor): Tensor {
  current?.delete(handle);
  return handle;
}

/** Runs `f`; the handles that it makes, and nobody owns, are in `made` afterwards. */
export function collectHandles<T>(made: Set<Tensor>, f: () => T): T {
  const outer = current;
  current = made;
  try {
    return f();
  } finally {
    current = outer;
  }
}

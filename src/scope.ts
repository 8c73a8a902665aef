/** scope: gives memory back at once where waiting for the garbage collector would hold too much of it. */
import { located } from './trace/bind.ts';
import { collectHandles, noteHandle } from './trace/handles.ts';
import { rejectPromise } from './trace/promise.ts';
import { Tensor } from './trace/tensor.ts';
import { currentTrace } from './trace/trace.ts';
import { leavesOf } from './tree.ts';

/**
 * Runs `f` and disposes every tensor made meanwhile, except those in its result, which is a pytree, and the values of Variables. What it
 * stores elsewhere is gone. Inside a trace it only runs `f`: tracers hold no memory.
 *
 * @throws PROMISE when `f` is asynchronous, PYTREE for a result that is no pytree.
 */
export function scope<T>(f: () => T): T {
  if (currentTrace() !== null) return f();
  const made = new Set<Tensor>();
  try {
    return located(() => {
      const result = collectHandles(made, f);
      rejectPromise(
        result,
        'scope() was given a function that returns a Promise, and would dispose tensors that it still needs',
        'const y = scope(() => f(x)); await y.data()',
      );
      for (const leaf of leavesOf(result)) if (leaf instanceof Tensor && made.delete(leaf)) noteHandle(leaf);
      return result;
    });
  } finally {
    for (const handle of made) handle.dispose();
  }
}

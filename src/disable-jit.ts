/** disableJit: programs run step by step, as ordinary JavaScript. */
import { cpu, withDevice } from './device.ts';
import { rejectPromise } from './trace/promise.ts';
import { currentTrace } from './trace/trace.ts';

let disabled = false;

/**
 * Runs `f` on the device `cpu` and gives its result. Meanwhile `jit` calls its function, and lax.scan, map, foriLoop, whileLoop,
 * cond and switch call theirs, with concrete tensors: for every step of a loop, and of branches only the one that is taken. So
 * breakpoints, `console.log` and conditions on static values act on every step. Elements are there, but reading them stays
 * asynchronous: inside use debug.print, which shows them in order, or keep `x.data()` and await it after `f` has returned. What
 * `vmap`, `grad` and the other derivatives are given is traced as always. The counterpart of jax.disable_jit.
 *
 * @throws PROMISE when `f` is asynchronous; DEVICE_MISMATCH for tensors that are on a GPU.
 */
export function disableJit<T>(f: () => T): T {
  const outer = disabled;
  disabled = true;
  try {
    return withDevice(cpu, () => {
      const result = f();
      rejectPromise(
        result,
        'disableJit() was given a function that returns a Promise, and programs run step by step only until it returns',
        'const y = disableJit(() => f(x)); await y.data()',
      );
      return result;
    });
  } finally {
    disabled = outer;
  }
}

/** Whether functions given to jit, loops and branches are called now instead of traced. */
export function runsStepByStep(): boolean {
  return disabled && currentTrace() === null;
}

/** assertMaxTraces: a function that may be traced so often, and not more. The counterpart of chex.assert_max_traces. */
import { calleeName } from '../trace/callee.ts';
import { currentTrace } from '../trace/trace.ts';

/**
 * `f`, which throws when it is traced for the `limit + 1`st time: `const step = jit(assertMaxTraces(train, 1))`. Calls outside traces
 * do not count.
 */
export function assertMaxTraces<A extends unknown[], R>(f: (...args: A) => R, limit: number): (...args: A) => R {
  const name = calleeName('assertMaxTraces', f);
  let traces = 0;
  const counted = (...args: A): R => {
    if (currentTrace() !== null && ++traces > limit) {
      throw new Error(`${name} was traced ${traces} times, and may be traced ${limit} times: an argument changes its shape, dtype or static value`);
    }
    return f(...args);
  };
  return Object.defineProperty(counted, 'name', { value: f.name });
}

/** debug.checkNans: finds the operation that makes the first NaN. */
import { checkNans as withChecks } from '../../compiler/transforms/nan-checks.ts';
import { currentValue, readArguments } from '../trace/arguments.ts';
import { applyJaxpr } from '../trace/apply.ts';
import { located } from '../trace/bind.ts';
import { calleeName } from '../trace/callee.ts';
import { deliverResults } from '../trace/results.ts';
import { closedJaxpr } from '../trace/stage.ts';
import { traceFunction } from '../trace/trace-function.ts';

/**
 * A function like `f` of which every float result of every operation is checked, also in jit, scan, cond, vmap and grad inside of
 * it. When one is NaN the call fails as by debug.errorIf, and the error names the first such operation and its line. It costs
 * much time: it is for finding a NaN that is known to be there. The counterpart of jax.debug_nans.
 */
export function checkNans<A extends unknown[], R>(f: (...args: A) => R): (...args: A) => R {
  const name = `checkNans(${calleeName('debug.checkNans', f)})`;
  const checked = (...args: A): R =>
    located(() => {
      const inputs = readArguments(args);
      const values = inputs.traced.map((leaf) => currentValue(leaf));
      const avals = values.map(({ aval }) => aval);
      const { plan, finished } = traceFunction(name, f as (...args: never[]) => unknown, inputs, avals);
      const operands = [...finished.captures.map(({ outer }) => outer), ...values];
      const results = applyJaxpr(name, withChecks(closedJaxpr(finished)), operands);
      return deliverResults({ plan, finished, inputs }, results) as R;
    });
  return Object.defineProperty(checked, 'name', { value: f.name });
}

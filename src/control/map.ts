/** lax.map: a function of each slice, one after the other or in chunks. */
import { showAval } from '../../compiler/ir/jaxpr.ts';
import type { Jaxpr } from '../../compiler/ir/jaxpr.ts';
import type { ScanParams } from '../../compiler/reference/scan.ts';
import { scanOfBlocks } from '../../compiler/transforms/blocks.ts';
import { batchJaxpr } from '../../compiler/transforms/vmap.ts';
import { readOptions } from '../options.ts';
import { located } from '../trace/bind.ts';
import { calleeName } from '../trace/callee.ts';
import { describeValue } from '../trace/literal.ts';
import { currentTrace, readIn } from '../trace/trace.ts';
import { userError } from '../trace/user-error.ts';
import type { Variable } from '../trace/variable.ts';
import { runLoop } from './loop.ts';
import { readOperands } from './operands.ts';
import type { Operands } from './operands.ts';
import { stepsAlong } from './steps.ts';
import type { Traced } from './traced.ts';
import { nameOf } from './writes.ts';

export interface MapOptions {
  /** So many slices are mapped at once, as vmap does; those that do not fill a chunk come last. */
  readonly batchSize?: number;
}

interface MapChoices {
  readonly batchSize: number | undefined;
}

/**
 * `f` of each slice of `xs` along the leading axis of its leaves, stacked: what `vmap(f)` gives, but slice after slice, or
 * `batchSize` of them at a time. A Variable in `xs` is its slice inside `f`. Others that `f` writes go from slice to slice, or from
 * chunk to chunk. The counterpart of jax.lax.map.
 *
 * @throws SHAPE when leading axes differ; VALUE for a batchSize out of range; STATE_WRITE when with `batchSize` a value that
 * depends on the slice is written to a Variable that is not in `xs`.
 */
export function map<const X, Y>(f: (x: Traced<X>) => Y, xs: X, options: MapOptions = {}): Traced<Y> {
  return located(() => {
    const name = `map(${calleeName('lax.map', f, 'lax.map((x) => x.sum(), xs)')})`;
    const { batchSize } = readOptions<MapChoices>('lax.map', options, { batchSize: undefined });
    if (batchSize !== undefined && !(Number.isInteger(batchSize) && batchSize > 0)) {
      throw userError('VALUE', `${name}: batchSize is ${describeValue(batchSize)}, and must be a whole number from 1`, {
        fix: 'lax.map(f, xs, { batchSize: 32 })',
      });
    }
    const mapped = readOperands(xs, 'xs');
    const slices = new Set(mapped.leaves.flatMap(({ variable }) => variable ?? []));
    const length = stepsAlong(name, mapped, undefined, {
      unknown: 'lax.map(f, np.arange(10))',
      unequal: 'lax.map(f, xs) with xs of one leading size',
    });
    const size = batchSize === undefined || length === 0 ? null : Math.min(batchSize, length);
    const [, ys] = runLoop({
      name,
      carried: readOperands(null, 'carry'),
      mapped,
      length,
      reverse: false,
      step: (_, x) => {
        const trace = currentTrace();
        if (size !== null && trace !== null) trace.mapped = slices;
        return f(x as Traced<X>);
      },
      parts: (result) => [null, result],
      fix: 'return y',
      rewrite: (params, written) =>
        size === null ? null : scanOfBlocks(params, size, (count) => chunk(name, mapped, params, count, written)),
    });
    return ys as Traced<Y>;
  });
}

/** `count` slices at once. The carries are what `f` wrote, one value for all of them. */
function chunk(
  name: string,
  mapped: Operands,
  { jaxpr, numConsts, numCarry }: ScanParams,
  count: number,
  written: readonly Variable[],
): Jaxpr {
  const inAxes = jaxpr.inputs.map((_, i) => (i < numConsts + numCarry ? null : 0));
  const outAxes = jaxpr.outputs.map((_, i) => (i < numCarry ? undefined : 0));
  const batched = batchJaxpr(jaxpr, count, inAxes, outAxes);
  const dependent = batched.outAxes.slice(0, numCarry).findIndex((axis) => axis !== null);
  if (dependent < 0) return batched.jaxpr;
  const variable = written[dependent]!;
  const aval = showAval(readIn(currentTrace(), variable).aval);
  const place = `${nameOf(variable, mapped)} (${aval})`;
  throw userError('STATE_WRITE', `${name}: a value that depends on the slice was written to ${place}`, {
    fix: 'lax.map(f, xs) without batchSize, or put it into xs',
  });
}

/** lax.scan: a loop with a carry over the leading axis of its xs. */
import { axesOfLeaves } from '../axes.ts';
import type { Axes } from '../axes.ts';
import { unrollScan } from '../../compiler/transforms/unroll.ts';
import type { CheckpointPolicy } from '../autodiff/checkpoint.ts';
import { readOptions } from '../options.ts';
import { located } from '../trace/bind.ts';
import { calleeName } from '../trace/callee.ts';
import { describeValue } from '../trace/literal.ts';
import type { Snapshot } from '../trace/structure.ts';
import { userError } from '../trace/user-error.ts';
import { checkpointed } from './checkpointed.ts';
import { runLoop } from './loop.ts';
import { readOperands } from './operands.ts';
import { stepsAlong } from './steps.ts';
import type { Returned, Traced } from './traced.ts';

export interface ScanOptions {
  /** The number of steps; needed when `xs` is null, and checked against its leading axes otherwise. */
  readonly length?: number;
  /** Runs from the last slice to the first; ys keep the order of xs. */
  readonly reverse?: boolean;
  /** So many copies of the body in each step of the loop; `true` for no loop at all. Default 1. The results are the same. */
  readonly unroll?: number | true;
  /**
   * Which of the xs are sliced: 0, or null for what is the same in every step, or a prefix of the tree of xs; for modules and
   * States `nnx.stateAxes`. A Variable that is not sliced goes from step to step when it is written. Default 0.
   */
  readonly xsAxes?: Axes;
  /** The body is under `checkpoint`, with this policy: derivatives compute its intermediate values anew. */
  readonly checkpoint?: boolean | CheckpointPolicy;
}

type ScanChoices = Required<Omit<ScanOptions, 'length'>> & { readonly length: number | undefined };

/**
 * `[carry, ys]` of the loop `[carry, y] = f(carry, x)` over the leading axis of the leaves of `xs` (null: no xs). ys are the y's
 * stacked on a new leading axis. Numbers in carries and xs are weakly typed tensors. Variables that `f` writes become carries; a
 * Variable in `xs` is its slice inside `f`, and when written, its slices come back stacked. The counterpart of jax.lax.scan.
 *
 * @throws CARRY when the carry's structure, shapes or dtypes change, with one difference per path; SHAPE when leading axes
 * differ; VALUE for options out of range.
 */
export function scan<const C, const X, Y>(
  f: (carry: Traced<C>, x: Traced<X>) => readonly [Returned<C>, Y],
  init: C,
  xs: X,
  options: ScanOptions = {},
): [Traced<C>, Traced<Y>] {
  return located(() => {
    const name = `scan(${calleeName('lax.scan', f, 'lax.scan((carry, x) => [carry, x], init, xs)')})`;
    const defaults: ScanChoices = { length: undefined, reverse: false, unroll: 1, checkpoint: false, xsAxes: 0 };
    const choices = readOptions<ScanChoices>('lax.scan', options, defaults);
    const mapped = readOperands(xs, 'xs', (snapshot) => slicedLeaves(name, choices.xsAxes, snapshot));
    const length = stepsAlong(name, mapped, choices.length, {
      unknown: 'lax.scan(f, init, null, { length: 10 })',
      unequal: 'lax.scan(f, init, xs) with xs of one leading size',
    });
    const copies = copiesOf(name, choices.unroll, length);
    const results = runLoop({
      name,
      carried: readOperands(init, 'carry'),
      mapped,
      length,
      reverse: choices.reverse,
      step: f as (carry: unknown, x: unknown) => unknown,
      parts: (result) => pairOf(name, result),
      fix: 'return [{ ...carry, x }, y]',
      body: (jaxpr) => checkpointed(jaxpr, choices.checkpoint),
      rewrite: (params) => (copies === null ? null : unrollScan(params, copies)),
    });
    return results as [Traced<C>, Traced<Y>];
  });
}

/** @throws VMAP_AXIS for axes other than the leading one, and where the prefix does not fit. */
function slicedLeaves(name: string, axes: Axes, { treedef, leaves, paths }: Snapshot): boolean[] {
  return axesOfLeaves(axes, treedef, leaves, 'xsAxes').map((axis, i) => {
    if (axis === 0 || axis === null) return axis === 0;
    throw userError('VMAP_AXIS', `${name}: ${paths[i]} has axis ${axis} in xsAxes, and a scan goes along axis 0`, {
      fix: `lax.scan(f, init, np.moveaxis(xs, ${axis}, 0))`,
    });
  });
}

function pairOf(name: string, result: unknown): readonly [unknown, unknown] {
  if (Array.isArray(result) && result.length === 2) return result as [unknown, unknown];
  throw userError('CARRY', `${name}: the body must return [carry, y]`, { fix: 'return [carry, null]' });
}

/** How many copies of the body make a step, or null where the loop stays as it is. @throws VALUE */
function copiesOf(name: string, unroll: number | true, length: number): number | null {
  if (unroll !== true && !(Number.isInteger(unroll) && unroll >= 1)) {
    throw userError('VALUE', `${name}: unroll is ${describeValue(unroll)}, and must be a whole number from 1, or true`, {
      fix: 'lax.scan(f, init, xs, { unroll: 4 })',
    });
  }
  return unroll === 1 || length === 0 ? null : Math.min(unroll === true ? length : unroll, length);
}

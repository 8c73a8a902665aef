/** The laws as properties: they hold for all values that arbitraries of fast-check draw. */
import type * as FastCheck from 'fast-check';
import { HeddleError } from '../../compiler/errors.ts';
import * as lax from '../lax/index.ts';
import { np } from '../numpy/index.ts';
import { Tensor } from '../trace/tensor.ts';
import { flatten, map, unflatten } from '../tree.ts';
import { checkGrads } from './check-grads.ts';
import type { CheckGradsOptions } from './check-grads.ts';
import { assertAllClose } from './compare.ts';
import type { Tolerance } from './compare.ts';
import { jitLaw, printLaw, vmapLaw } from './laws.ts';

export interface PropertyOptions extends Tolerance {
  /** How many lists of arguments are drawn. Default 20. */
  readonly runs?: number;
  /** Draws the same values again; a failure prints it. */
  readonly seed?: number;
}

/** An arbitrary of fast-check, by what says which values it draws: this file does not need fast-check's types. */
export interface Arbitrary<T> {
  map<U>(mapper: (value: T) => U): unknown;
}

type Drawn<A extends readonly unknown[]> = { readonly [K in keyof A]: Arbitrary<A[K]> };

async function forAll<A extends unknown[]>(
  arbitraries: Drawn<A>,
  options: PropertyOptions,
  law: (args: A, tolerance: Tolerance) => void | Promise<void>,
): Promise<void> {
  const { runs = 20, seed, ...tolerance } = options;
  const { assert, asyncProperty, tuple } = await loadFastCheck();
  const values = tuple(...(arbitraries as readonly Arbitrary<unknown>[] as Parameters<typeof tuple>));
  const property = asyncProperty(values, async (args) => law(args as A, tolerance));
  await assert(property, { numRuns: runs, ...(seed === undefined ? {} : { seed }) });
}

/** fast-check is loaded when a property is tested, and not before. @throws FEATURE when it is not installed. */
async function loadFastCheck(): Promise<typeof FastCheck> {
  try {
    return await import('fast-check');
  } catch (cause) {
    throw new HeddleError('FEATURE', 'laws draw their arguments by the npm package fast-check, which is not installed', {
      fix: 'npm install --save-dev fast-check',
      cause,
    });
  }
}

/** Each resolves when the law held for every draw, and rejects with the smallest arguments for which it does not. */
export interface Laws {
  /** jit(f) = f, at the first call and on a cache hit. */
  jit<A extends unknown[]>(f: (...args: A) => unknown, arbitraries: Drawn<A>, options?: PropertyOptions): Promise<void>;
  /** vmap(f) = f of every row, stacked. All drawn tensors have one leading size. */
  vmap<A extends unknown[]>(f: (...args: A) => unknown, arbitraries: Drawn<A>, options?: PropertyOptions): Promise<void>;
  /** jvp and vjp = finite differences: see checkGrads. */
  grad<A extends unknown[]>(
    f: (...args: A) => unknown,
    arbitraries: Drawn<A>,
    options?: Omit<PropertyOptions, keyof Tolerance> & CheckGradsOptions,
  ): Promise<void>;
  /** lax.scan(f, carry, xs) = the loop in JavaScript, for arbitraries of the carry and of xs. */
  scan<C, X>(
    f: (carry: C, x: X) => readonly [C, unknown],
    arbitraries: readonly [Arbitrary<C>, Arbitrary<X>],
    options?: PropertyOptions,
  ): Promise<void>;
  /** The jaxpr of f prints and parses back to an equal one. */
  roundTrip<A extends unknown[]>(f: (...args: A) => unknown, arbitraries: Drawn<A>, options?: PropertyOptions): Promise<void>;
}

export const laws: Laws = {
  jit: (f, arbitraries, options = {}) => forAll(arbitraries, options, (args, tolerance) => jitLaw(f, args, tolerance)),
  vmap: (f, arbitraries, options = {}) => forAll(arbitraries, options, (args, tolerance) => vmapLaw(f, args, tolerance)),
  grad: (f, arbitraries, { runs, seed, ...checks } = {}) =>
    forAll(arbitraries, { ...(runs === undefined ? {} : { runs }), ...(seed === undefined ? {} : { seed }) }, (args) => checkGrads(f, args, checks)),
  scan: (f, arbitraries, options = {}) =>
    forAll(arbitraries as Drawn<[never, never]>, options, ([carry, xs], tolerance) => scanLaw(f as Step, carry, xs, tolerance)),
  roundTrip: (f, arbitraries, options = {}) => forAll(arbitraries, options, (args) => printLaw(f, args)),
};

type Step = (carry: unknown, x: unknown) => readonly [unknown, unknown];

async function scanLaw(f: Step, init: unknown, xs: unknown, tolerance: Tolerance): Promise<void> {
  const [last, ys] = lax.scan(f as (carry: unknown, x: unknown) => [never, unknown], init as never, xs as never) as [unknown, unknown];
  const length = flatten(xs).leaves.find((leaf) => leaf instanceof Tensor)?.shape[0] ?? 0;
  let carry = init;
  const rows: unknown[] = [];
  for (let i = 0; i < length; i++) {
    const [next, y] = f(carry, map((leaf) => (leaf instanceof Tensor ? np.take(leaf, i, { axis: 0 }) : leaf), xs));
    carry = next;
    rows.push(y);
  }
  await assertAllClose(last, carry, tolerance);
  if (rows.length > 0) await assertAllClose(ys, stacked(rows), tolerance);
}

function stacked(rows: readonly unknown[]): unknown {
  const flat = rows.map((row) => flatten(row));
  const leaves = flat[0]!.leaves.map((leaf, i) =>
    leaf instanceof Tensor ? np.stack(flat.map(({ leaves: own }) => own[i] as Tensor)) : leaf,
  );
  return unflatten(flat[0]!.treedef, leaves);
}

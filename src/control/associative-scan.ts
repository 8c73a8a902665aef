/** lax.associativeScan: all prefixes of an associative combination, in as many rounds as the logarithm of the length. */
import { associativeScan as scanElements } from '../../compiler/primitives/cumulative/associative.ts';
import type { Moves } from '../../compiler/primitives/cumulative/associative.ts';
import { showAval } from '../../compiler/ir/jaxpr.ts';
import { normalizeAxis, sameShape } from '../../compiler/shape.ts';
import { concatenate, reshape, rev, slice } from '../lax/movement.ts';
import { readOptions } from '../options.ts';
import { located, tensorOf } from '../trace/bind.ts';
import { calleeName } from '../trace/callee.ts';
import type { Tensor } from '../trace/tensor.ts';
import { userError } from '../trace/user-error.ts';
import { flatten, treedefKey, unflatten } from '../tree.ts';
import type { Flattened } from '../tree.ts';
import type { Returned, Traced } from './traced.ts';

export interface AssociativeScanOptions {
  /** The axis to go along; default 0. */
  readonly axis?: number;
  /** Whether to combine each element with all that are after it, in place of those before; default false. */
  readonly reverse?: boolean;
}

/**
 * The combination of all elements up to each position of an axis, as `lax.scan` would give it, in O(log n) rounds of tensors:
 * `fn` must be associative, `fn(fn(a, b), c) = fn(a, fn(b, c))`, and combine element by element, for it is called on slices of
 * various extents. `elems` is a pytree of tensors with one extent along the axis; `fn` gets two such trees, that of earlier
 * elements first (of later ones, where reversed), and returns a third. jax.lax.associative_scan.
 *
 * @throws AXIS for an axis that a tensor does not have; SHAPE when extents differ, or `fn` changes a shape; DTYPE when it
 * changes a dtype; PYTREE when it returns another structure.
 */
export function associativeScan<const T>(
  fn: (a: Traced<T>, b: Traced<T>) => Returned<T>,
  elems: T,
  options: AssociativeScanOptions = {},
): Traced<T> {
  return located(() => {
    const name = `associativeScan(${calleeName('lax.associativeScan', fn, 'lax.associativeScan(np.add, x)')})`;
    const { axis, reverse } = readOptions('lax.associativeScan', options, { axis: 0, reverse: false });
    const given = flatten(elems, { root: 'elems' });
    const leaves = given.leaves.map(tensorOf);
    const along = commonAxis(name, leaves, axis, given);
    const turned = (tensors: readonly Tensor[]): Tensor[] => tensors.map((tensor) => (reverse ? rev(tensor, [along]) : tensor));
    const combine = (a: readonly Tensor[], b: readonly Tensor[]): Tensor[] => {
      const result = fn(unflatten(given.treedef, a) as Traced<T>, unflatten(given.treedef, b) as Traced<T>);
      return readResult(name, result, b, given);
    };
    return unflatten(given.treedef, turned(scanElements(MOVES, combine, turned(leaves), along))) as Traced<T>;
  });
}

const MOVES: Moves<Tensor> = { slice, concatenate, reshape };

/** The axis counted from the front, along which all have the extent of the first. */
function commonAxis(name: string, leaves: readonly Tensor[], axis: number, { paths }: Flattened): number {
  const [first, ...rest] = leaves;
  if (first === undefined) return 0;
  const along = normalizeAxis(axis, first.ndim, name, (fitting) => `lax.associativeScan(fn, elems, { axis: ${fitting} })`);
  const other = rest.findIndex(({ shape }) => shape[along] !== first.shape[along]);
  if (other < 0) return along;
  const problem = `${paths[0]} is ${showAval(first.aval)} and ${paths[other + 1]} ${showAval(rest[other]!.aval)}`;
  throw userError('SHAPE', `${name}: ${problem}, of different extents along axis ${along}`, {
    fix: 'lax.associativeScan(fn, [x, x])',
  });
}

/** What `fn` made of two trees, of the types of the second. */
function readResult(name: string, result: unknown, like: readonly Tensor[], { paths, treedef }: Flattened): Tensor[] {
  const returned = flatten(result, { root: 'elems' });
  if (treedefKey(returned.treedef) !== treedefKey(treedef)) {
    const [wanted, made] = [paths, returned.paths].map((each) => each.join(', ') || 'nothing');
    throw userError('PYTREE', `${name}: fn was given ${wanted} and returned ${made}`, { fix: 'return a tree like a and b' });
  }
  return returned.leaves.map((leaf, i) => {
    const tensor = tensorOf(leaf);
    const wanted = like[i]!;
    if (tensor.dtype === wanted.dtype && sameShape(tensor.shape, wanted.shape)) return tensor;
    const code = tensor.dtype === wanted.dtype ? 'SHAPE' : 'DTYPE';
    throw userError(code, `${name}: fn made ${showAval(tensor.aval)} of ${paths[i]}, which is ${showAval(wanted.aval)}`, {
      fix: 'lax.associativeScan((a, b) => np.add(a, b), x) // combine element by element',
    });
  });
}

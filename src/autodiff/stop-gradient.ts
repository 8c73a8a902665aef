/** A value whose derivative counts as zero. The counterpart of jax.lax.stop_gradient. */
import { isFloat } from '../../compiler/dtype.ts';
import { apply } from '../trace/bind.ts';
import { Tensor } from '../trace/tensor.ts';
import { Variable } from '../trace/variable.ts';
import { map } from '../tree-functions.ts';

/** The tree itself for every transform but differentiation, to which its floats are constants. A Variable gives its value. */
export function stopGradient<T>(tree: T): T extends Variable ? Tensor : T;
export function stopGradient(tree: unknown): unknown {
  if (tree instanceof Variable) return stopped(tree.value);
  return map(stopped, tree);
}

function stopped(leaf: unknown): unknown {
  return leaf instanceof Tensor && isFloat(leaf.dtype) ? apply('stop_gradient', [leaf]) : leaf;
}

/** optimizationBarrier: values whose origin the optimizer does not see. */
import { apply, located } from '../trace/bind.ts';
import { Tensor } from '../trace/tensor.ts';
import { map } from '../tree.ts';

/**
 * The tree itself; what is computed from its tensors is not merged with anything that was computed before. The counterpart of
 * jax.lax.optimization_barrier.
 */
export function optimizationBarrier<T>(tree: T): T {
  return located(() => map((leaf) => (leaf instanceof Tensor ? apply('optimization_barrier', [leaf]) : leaf), tree) as T);
}

/** Trees in messages. */
import { describeValue } from '../trace/literal.ts';
import { Tensor } from '../trace/tensor.ts';

/** What a tree is at its root: `float32[2,3]`, `an array of 2`, `an object of b, w`. */
export function describeTree(tree: unknown): string {
  if (tree === undefined) return 'nothing';
  if (tree instanceof Tensor) return tree.describe();
  if (Array.isArray(tree)) return `an array of ${tree.length}`;
  if (tree instanceof Map) return `a Map of ${tree.size}`;
  const isPlain = typeof tree === 'object' && tree !== null && Object.getPrototypeOf(tree) === Object.prototype;
  return isPlain ? `an object of ${Object.keys(tree).join(', ') || 'nothing'}` : describeValue(tree);
}

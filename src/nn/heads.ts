/**
 * The two products of attention, for heads in groups: queries have N heads, keys and values K, and N / K query heads that follow
 * each other share one (Ainslie et al. 2023, GQA, arXiv:2305.13245).
 */
import { sameShape, showShape } from '../../compiler/shape.ts';
import { np } from '../numpy/index.ts';
import { fail } from '../numpy/operands.ts';
import type { Tensor } from '../trace/tensor.ts';

/** Queries [...batch, T, N, H] times keys [...batch, S, K, H]: [...batch, N, T, S]. */
export function scores(query: Tensor, key: Tensor): Tensor {
  const [heads, shared] = [headsOf(query), headsOf(key)];
  if (heads === shared) return np.einsum('...tnh,...snh->...nts', query, key);
  const grouped = query.reshape([...query.shape.slice(0, -2), shared, heads / shared, query.shape.at(-1)!]);
  const products = np.einsum('...tkgh,...skh->...kgts', grouped, key);
  return products.reshape([...products.shape.slice(0, -4), heads, ...products.shape.slice(-2)]);
}

/** Weights [...batch, N, T, S] times values [...batch, S, K, V]: [...batch, T, N, V]. */
export function weightedSum(weights: Tensor, value: Tensor): Tensor {
  const [heads, shared] = [weights.shape.at(-3)!, headsOf(value)];
  if (heads === shared) return np.einsum('...nts,...snv->...tnv', weights, value);
  const grouped = weights.reshape([...weights.shape.slice(0, -3), shared, heads / shared, ...weights.shape.slice(-2)]);
  const sums = np.einsum('...kgts,...skv->...tkgv', grouped, value);
  return sums.reshape([...sums.shape.slice(0, -3), heads, sums.shape.at(-1)!]);
}

/**
 * @throws SHAPE unless query [...batch, T, N, H], key [...batch, S, K, H] and value [...batch, S, K, V] belong together, N
 * being a multiple of K.
 */
export function checkHeads(name: string, query: Tensor, key: Tensor, value: Tensor | null): void {
  const others = value === null ? [key] : [key, value];
  const given = [query, ...others].map((tensor) => tensor.describe()).join(', ');
  const fix = `${name}(np.ones([2, 5, 4, 8]), np.ones([2, 6, 4, 8])${value === null ? '' : ', np.ones([2, 6, 4, 8])'})`;
  const wrong = (problem: string): never => fail('SHAPE', `${name}: of ${given}, ${problem}`, fix);
  if (query.ndim < 3 || others.some(({ ndim }) => ndim !== query.ndim)) wrong('the ranks are not one number of at least 3');
  const batch = query.shape.slice(0, -3);
  if (others.some(({ shape }) => !sameShape(shape.slice(0, -3), batch))) wrong('the batch axes differ');
  if (query.shape.at(-1) !== key.shape.at(-1)) wrong('the queries and keys have different depths');
  if (value !== null && !sameShape(key.shape.slice(-3, -1), value.shape.slice(-3, -1))) {
    wrong('the keys and values differ in length or heads');
  }
  if (headsOf(query) % headsOf(key) !== 0) {
    wrong(`the ${headsOf(query)} heads of the queries are no multiple of the ${headsOf(key)} of the keys`);
  }
}

/** A bias or mask of the weights. @throws SHAPE unless it broadcasts to their shape. */
export function broadcasting(name: string, what: string, tensor: Tensor, shape: readonly number[]): Tensor {
  const missing = shape.length - tensor.ndim;
  if (missing >= 0 && tensor.shape.every((extent, axis) => extent === 1 || extent === shape[missing + axis])) return tensor;
  const problem = `${name}: the ${what} ${tensor.describe()} does not broadcast to the weights, ${showShape(shape)}`;
  return fail('SHAPE', problem, `np.ones(${showShape(shape)}, { dtype: '${tensor.dtype}' })`);
}

function headsOf({ shape }: Tensor): number {
  return shape.at(-2)!;
}

/** Comparing trees of tensors by value. */
import { flatten, treedefKey } from '../tree.ts';
import { Tensor } from '../trace/tensor.ts';
import { Variable } from '../trace/variable.ts';

export interface Tolerance {
  /** Relative to the expected value. Default 1e-5. */
  readonly rtol?: number;
  /** Default 1e-6. */
  readonly atol?: number;
}

/**
 * Compares two trees leaf by leaf: structure, shapes, dtypes, values. NaN equals NaN, integers and bools must be equal. Rejects
 * with an Error that names the first path and element that differ.
 */
export async function assertAllClose(
  actual: unknown,
  expected: unknown,
  { rtol = 1e-5, atol = 1e-6 }: Tolerance = {},
): Promise<void> {
  const [a, b] = [flatten(actual), flatten(expected)];
  if (treedefKey(a.treedef) !== treedefKey(b.treedef)) {
    throw new Error(`the trees differ in structure: ${treedefKey(a.treedef)} and ${treedefKey(b.treedef)}`);
  }
  for (const [i, path] of a.paths.entries()) await compareLeaf(path || 'the value', a.leaves[i], b.leaves[i], rtol, atol);
}

async function compareLeaf(path: string, actual: unknown, expected: unknown, rtol: number, atol: number): Promise<void> {
  const [a, b] = [tensorOf(actual), tensorOf(expected)];
  if (a === null || b === null) {
    if (!Object.is(actual, expected)) throw new Error(`${path}: ${String(actual)} is not ${String(expected)}`);
    return;
  }
  if (a.describe() !== b.describe()) throw new Error(`${path}: ${a.describe()} is not ${b.describe()}`);
  const [x, y] = await Promise.all([a.data(), b.data()]);
  const exact = a.dtype !== 'float32' && a.dtype !== 'float16';
  y.forEach((want, i) => {
    const got = x[i]!;
    const close = Object.is(got, want) || got === want || (!exact && Math.abs(got - want) <= atol + rtol * Math.abs(want));
    if (!close) throw new Error(`${path}: element ${i} of ${a.describe()} is ${got}, expected ${want}`);
  });
}

function tensorOf(leaf: unknown): Tensor | null {
  return leaf instanceof Tensor ? leaf : leaf instanceof Variable ? leaf.value : null;
}

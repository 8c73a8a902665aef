/** Comparing trees of tensors by value. */
import { isFloat } from '../../compiler/dtype.ts';
import { np } from '../numpy/index.ts';
import { readOptions } from '../options.ts';
import { flatten, treedefKey } from '../tree.ts';
import { describeValue } from '../trace/literal.ts';
import { Tensor } from '../trace/tensor.ts';
import type { NestedArray } from '../trace/tensor.ts';
import { Variable } from '../trace/variable.ts';

export interface Tolerance {
  /** Relative to the expected value. Default 1e-5. */
  readonly rtol?: number;
  /** Default 1e-6. */
  readonly atol?: number;
}

/**
 * Compares two trees leaf by leaf: structure, shapes, dtypes, values. NaN equals NaN; infinities, integers and bools must be
 * equal. What a single tensor should be may be given as nested numbers. Rejects with an Error that names the first path and
 * element that differ.
 */
export async function assertAllClose(
  actual: unknown,
  expected: unknown,
  tolerance: Tolerance = {},
): Promise<void> {
  const { rtol, atol } = readOptions('assertAllClose', tolerance, { rtol: 1e-5, atol: 1e-6 });
  const [a, b] = [flatten(actual), flatten(likeTensor(actual, expected))];
  if (treedefKey(a.treedef) !== treedefKey(b.treedef)) {
    throw new Error(`the trees differ in structure: ${treedefKey(a.treedef)} and ${treedefKey(b.treedef)}`);
  }
  for (const [i, path] of a.paths.entries()) await compareLeaf(path || 'the value', a.leaves[i], b.leaves[i], rtol, atol);
}

async function compareLeaf(path: string, actual: unknown, expected: unknown, rtol: number, atol: number): Promise<void> {
  const [a, b] = [tensorOf(actual), tensorOf(expected)];
  if (a === null || b === null) {
    if (Object.is(actual, expected)) return;
    throw new Error(`${path}: ${a?.describe() ?? describeValue(actual)} is not ${b?.describe() ?? describeValue(expected)}`);
  }
  if (a.describe() !== b.describe()) throw new Error(`${path}: ${a.describe()} is not ${b.describe()}`);
  const [x, y] = await Promise.all([a.data(), b.data()]);
  y.forEach((want, i) => {
    const got = x[i]!;
    const tolerates = isFloat(a.dtype) && Number.isFinite(want);
    const close = Object.is(got, want) || got === want || (tolerates && Math.abs(got - want) <= atol + rtol * Math.abs(want));
    if (!close) throw new Error(`${path}: element ${i} of ${a.describe()} is ${got}, expected ${want}`);
  });
}

/** Nested numbers, where a tensor is compared with them, as a tensor of its dtype. */
function likeTensor(actual: unknown, expected: unknown): unknown {
  const tensor = tensorOf(actual);
  const isNested = typeof expected === 'number' || typeof expected === 'boolean' || Array.isArray(expected);
  return tensor !== null && isNested ? np.array(expected as NestedArray as number, { dtype: tensor.dtype }) : expected;
}

function tensorOf(leaf: unknown): Tensor | null {
  return leaf instanceof Tensor ? leaf : leaf instanceof Variable ? leaf.value : null;
}

/** Many small results computed by few kernels: compiling is what costs. */
import type { DType, TypedArray } from '../../compiler/dtype.ts';
import { np } from '../../src/index.ts';
import type { Tensor } from '../../src/index.ts';

/** So many functions are computed by one kernel. */
const SHARING = 5;

export interface HostResult {
  readonly dtype: DType;
  readonly shape: readonly number[];
  readonly data: TypedArray;
}

/**
 * The results of `functions` by name, as `run` computes them: it is given one function of all, whose results are those of up to five
 * functions of one dtype, one after the other.
 */
export async function computeTogether<A extends unknown[]>(
  functions: Readonly<Record<string, (...args: A) => Tensor>>,
  run: (all: (...args: A) => Tensor[]) => Tensor[],
): Promise<Map<string, HostResult>> {
  let groups: { readonly name: string; readonly dtype: DType; readonly shape: readonly number[] }[][] = [];
  const all = (...args: A): Tensor[] => {
    const results = Object.entries(functions).map(([name, f]) => ({ name, tensor: f(...args) }));
    const shared = inGroups(results, ({ tensor }) => tensor.dtype);
    groups = shared.map((group) => group.map(({ name, tensor: { dtype, shape } }) => ({ name, dtype, shape })));
    return shared.map((group) => np.concatenate(group.map(({ tensor }) => np.ravel(tensor))));
  };
  const joined = await Promise.all(run(all).map((tensor) => tensor.data()));
  const results = new Map<string, HostResult>();
  groups.forEach((group, i) => {
    let start = 0;
    for (const { name, dtype, shape } of group) {
      const end = start + shape.reduce((a, b) => a * b, 1);
      results.set(name, { dtype, shape, data: joined[i]!.slice(start, end) });
      start = end;
    }
  });
  return results;
}

/** Items of one key beside each other, in groups of at most five. */
function inGroups<T>(items: readonly T[], keyOf: (item: T) => string): T[][] {
  return [...new Set(items.map(keyOf))].flatMap((key) => {
    const same = items.filter((item) => keyOf(item) === key);
    return Array.from({ length: Math.ceil(same.length / SHARING) }, (_, i) => same.slice(i * SHARING, (i + 1) * SHARING));
  });
}

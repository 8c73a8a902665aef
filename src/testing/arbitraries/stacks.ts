/** Stacks of transforms that keep the form of a function, so that they go on top of each other in any order. */
import fc from 'fast-check';
import type { Arbitrary } from 'fast-check';
import { checkpoint } from '../../autodiff/checkpoint.ts';
import { grad } from '../../autodiff/grad.ts';
import { jvp } from '../../autodiff/jvp.ts';
import { jit } from '../../jit.ts';
import * as lax from '../../lax/index.ts';
import { np } from '../../numpy/index.ts';
import type { Tensor } from '../../trace/tensor.ts';
import { vmap } from '../../vmap.ts';

export type TransformName = 'jit' | 'vmap' | 'grad' | 'jvp' | 'remat' | 'scan';

export type TensorFunction = (...args: Tensor[]) => Tensor[];

export interface StackBounds {
  /** Default 3. */
  readonly maxDepth?: number;
  /** Default all. */
  readonly names?: readonly TransformName[];
}

export interface TransformStack {
  /** From the innermost to the outermost. */
  readonly names: readonly TransformName[];
  apply(f: TensorFunction): TensorFunction;
  /** The same function by other means: loops for vmap and scan, nothing for jit and remat; derivatives stay. */
  plain(f: TensorFunction): TensorFunction;
  toString(): string;
}

interface Meaning {
  readonly transformed: (f: TensorFunction) => TensorFunction;
  readonly plain: (f: TensorFunction) => TensorFunction;
}

/** Rows of a vmap and steps of a scan see the arguments scaled by these. */
const FACTORS = [1, 0.5] as const;

export const MEANINGS: Readonly<Record<TransformName, Meaning>> = {
  jit: { transformed: (f) => jit(f), plain: (f) => f },
  remat: { transformed: (f) => checkpoint(f), plain: (f) => f },
  vmap: {
    transformed: (f) => (...args) => vmap(f)(...args.map((x) => np.stack(FACTORS.map((factor) => x.mul(factor))))).map(average),
    plain: (f) => (...args) => averages(FACTORS.map((factor) => f(...args.map((x) => x.mul(factor))))),
  },
  scan: {
    transformed: (f) => (...args) => {
      const step = (h: Tensor, factor: Tensor): [Tensor, Tensor[]] => stepped(f, args, h, factor);
      const [last, ys] = lax.scan(step, np.scalar(0), np.array([...FACTORS]));
      return ys.map((y) => average(y).add(last));
    },
    plain: (f) => (...args) => {
      let h = np.scalar(0);
      const all = FACTORS.map((factor) => {
        const [next, ys] = stepped(f, args, h, np.scalar(factor));
        h = next;
        return ys;
      });
      return averages(all).map((y) => y.add(h));
    },
  },
  grad: same((f) => (...args) => {
    const positions = args.map((_, i) => i);
    return grad((...inner: Tensor[]) => total(f(...inner)), { argnums: positions })(...args);
  }),
  jvp: same((f) => (...args) => jvp((...inner: Tensor[]) => f(...inner), args, args.map(direction))[1]),
};

function same(transform: (f: TensorFunction) => TensorFunction): Meaning {
  return { transformed: transform, plain: transform };
}

/** Lists of transforms, to be applied to a program from the first to the last. */
export function transformStacks(bounds: StackBounds = {}): Arbitrary<TransformStack> {
  const { maxDepth = 3, names = Object.keys(MEANINGS) as TransformName[] } = bounds;
  return fc.array(fc.constantFrom(...names), { minLength: 1, maxLength: maxDepth }).map(stackOf);
}

export function stackOf(names: readonly TransformName[]): TransformStack {
  return {
    names,
    apply: (f) => names.reduce((inner, name) => MEANINGS[name].transformed(inner), f),
    plain: (f) => names.reduce((inner, name) => MEANINGS[name].plain(inner), f),
    toString: () => [...names].reverse().join('(') + '(f' + ')'.repeat(names.length),
  };
}

/** A step that carries something, so that steps depend on each other. */
function stepped(f: TensorFunction, args: readonly Tensor[], h: Tensor, factor: Tensor): [Tensor, Tensor[]] {
  const ys = f(...args.map((x) => x.mul(factor).add(h)));
  return [h.mul(0.5).add(np.mean(np.tanh(ys[0]!)).mul(0.25)), ys];
}

/** A scalar that depends on every element, each with another weight. */
export function total(ys: readonly Tensor[]): Tensor {
  return ys.map((y) => np.mean(y.mul(direction(y)))).reduce((sum, term) => sum.add(term));
}

/** Numbers between 0.3 and 1, for every element another. */
export function direction({ shape, size }: Tensor): Tensor {
  return np.cos(np.arange(size).mul(0.7)).mul(0.35).add(0.65).reshape(shape);
}

function average(x: Tensor): Tensor {
  return np.mean(x, { axis: 0 });
}

function averages(rows: readonly Tensor[][]): Tensor[] {
  return rows[0]!.map((_, i) => average(np.stack(rows.map((row) => row[i]!))));
}

/** Random programs, written as a user would write them. Values stay within a few units and slopes near one, whatever is drawn. */
import fc from 'fast-check';
import type { Arbitrary } from 'fast-check';
import * as lax from '../../lax/index.ts';
import * as nn from '../../nn/index.ts';
import { np } from '../../numpy/index.ts';
import { showShape } from '../../../compiler/shape.ts';
import type { Tensor } from '../../trace/tensor.ts';
import { tensors } from './values.ts';

export interface ProgramBounds {
  /** Default 8. */
  readonly maxSteps?: number;
  /** The shapes of the arguments are drawn from these. Default [], [3], [2, 3]. */
  readonly shapes?: readonly (readonly number[])[];
  /** Without kinks and jumps (max, where, branches): finite differences then hold everywhere. */
  readonly smooth?: boolean;
}

export interface DrawnProgram {
  /** Takes float32 tensors of the shapes of `args`, gives float32 tensors. */
  readonly f: (...args: Tensor[]) => Tensor[];
  readonly args: readonly Tensor[];
  /** The steps, for messages. */
  readonly text: string;
  toString(): string;
}

/** A value from earlier values: `a` and `b` are drawn, `p` is a drawn number that the step may read as it likes. */
type Step = (a: Tensor, b: Tensor, p: number) => Tensor;

const SMOOTH: Readonly<Record<string, Step>> = {
  sin: (a) => np.sin(a),
  tanh: (a) => np.tanh(a),
  sigmoid: (a) => nn.sigmoid(a).mul(2),
  bump: (a) => np.exp(np.square(a).neg()),
  log: (a) => np.log1p(np.square(a)),
  root: (a) => np.sqrt(np.square(a).add(1)),
  power: (a) => np.power(np.tanh(a), 3),
  scale: (a, _, p) => a.mul(((p % 5) - 2) / 2).add(0.25),
  add: (a, b) => a.add(like(a, b)).mul(0.5),
  subtract: (a, b) => a.sub(like(a, b)).mul(0.5),
  multiply: (a, b) => np.tanh(a).mul(like(a, b)),
  divide: (a, b) => a.div(np.square(like(a, b)).add(1)),
  sum: (a, _, p) => np.sum(a, { axis: axisOf(a, p) }).mul(0.5),
  mean: (a, _, p) => np.mean(a, { axis: axisOf(a, p), keepdims: true }),
  variance: (a) => np.var(a).mul(0.5),
  logsumexp: (a, _, p) => nn.logsumexp(a, { axis: axisOf(a, p) }),
  softmax: (a, _, p) => (a.ndim === 0 ? a : nn.softmax(a, { axis: p % a.ndim })),
  cumsum: (a, _, p) => (a.ndim === 0 ? a : np.cumsum(a, { axis: p % a.ndim }).mul(0.5)),
  product: (a) => np.prod(np.tanh(a)),
  gram: (a) => (a.ndim < 2 ? np.outer(a.reshape([-1]), np.tanh(a).reshape([-1])) : a.matmul(a.transpose())).mul(0.25),
  transpose: (a) => a.transpose(),
  flatten: (a) => a.reshape([-1]),
  concatenate: (a, b) => np.concatenate([a.reshape([-1]), b.reshape([-1])]).slice([0, 3]),
  slice: (a, _, p) => (a.ndim === 0 ? a : a.slice([p % a.shape[0]!, a.shape[0]!])),
  take: (a, _, p) => (a.ndim === 0 ? a : np.take(a, np.array([p % a.shape[0]!, 0, 0], { dtype: 'int32' }), { axis: 0 })),
  loop: (a, b) => {
    const step = (h: Tensor, x: Tensor): [Tensor, Tensor] => {
      const next = np.tanh(h.mul(0.5).add(np.mean(x)));
      return [next, next.mul(x)];
    };
    const [last, ys] = lax.scan(step, np.mean(b), a.ndim === 0 ? a.reshape([1]) : a);
    return ys.add(last).mul(0.5);
  },
};

const WITH_KINKS: Readonly<Record<string, Step>> = {
  relu: (a) => nn.relu(a),
  absolute: (a) => np.abs(a),
  maximum: (a, b) => np.maximum(a, like(a, b)),
  largest: (a, _, p) => np.max(a, { axis: axisOf(a, p) }),
  where: (a, b) => np.where(np.greater(a, 0.1), a, like(a, b).mul(0.5)),
  branch: (a, b) => lax.cond(np.greater(np.sum(b), 0.3), (x) => np.sin(x), (x) => x.mul(x).mul(0.25), a),
  sort: (a) => (a.ndim === 0 ? a : np.sort(a)),
};

interface DrawnStep {
  readonly op: string;
  readonly a: number;
  readonly b: number;
  readonly p: number;
}

/** Functions from tensors to tensors with arguments for them: matmuls, reductions, loops, branches; bounded values and slopes. */
export function programs(bounds: ProgramBounds = {}): Arbitrary<DrawnProgram> {
  const { maxSteps = 8, shapes = [[], [3], [2, 3]], smooth = false } = bounds;
  const table = smooth ? SMOOTH : { ...SMOOTH, ...WITH_KINKS };
  const step = fc.record({ op: fc.constantFrom(...Object.keys(table)), a: fc.nat(99), b: fc.nat(99), p: fc.nat(11) });
  const steps = fc.array(step, { minLength: 1, maxLength: maxSteps });
  const inputs = fc.array(fc.constantFrom(...shapes), { minLength: 1, maxLength: 2 });
  return fc.tuple(steps, inputs).chain(([drawn, shapesOfArgs]) => {
    const args = fc.tuple(...shapesOfArgs.map((shape) => tensors(shape)));
    return args.map((values) => programOf(table, drawn, values));
  });
}

function programOf(table: Readonly<Record<string, Step>>, steps: readonly DrawnStep[], args: readonly Tensor[]): DrawnProgram {
  const run = (...inputs: Tensor[]): Tensor[] => {
    const values = [...inputs];
    for (const { op, a, b, p } of steps) values.push(table[op]!(at(values, a), at(values, b), p));
    return values.slice(Math.max(inputs.length, values.length - 2));
  };
  const lines = steps.map(({ op, a, b, p }, i) => {
    const count = args.length + i;
    return `v${count} = ${op}(v${a % count}, v${b % count}, ${p})`;
  });
  const text = [`(${args.map(({ shape }, i) => `v${i}: f32${showShape(shape)}`).join(', ')})`, ...lines].join('; ');
  return { f: run, args, text, toString: () => text };
}

function at(values: readonly Tensor[], i: number): Tensor {
  return values[i % values.length]!;
}

/** `b` where it fits to `a`, else its mean. */
function like(a: Tensor, b: Tensor): Tensor {
  return a.shape.join() === b.shape.join() || b.ndim === 0 ? b : np.mean(b);
}

/** One of the axes, or null for all. */
function axisOf({ ndim }: Tensor, p: number): number | null {
  return p % (ndim + 1) === ndim ? null : p % (ndim + 1);
}

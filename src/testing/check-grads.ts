/** checkGrads: derivatives against finite differences. The counterpart of jax.test_util.check_grads. */
import { isFloat } from '../../compiler/dtype.ts';
import { jvp } from '../autodiff/jvp.ts';
import { vjp } from '../autodiff/vjp.ts';
import { np } from '../numpy/index.ts';
import { readOptions } from '../options.ts';
import * as random from '../random/index.ts';
import { Tensor } from '../trace/tensor.ts';
import { toTensor } from '../trace/literal.ts';
import { userError } from '../trace/user-error.ts';
import { flatten, unflatten } from '../tree.ts';
import type { Flattened } from '../tree.ts';

export type Mode = 'fwd' | 'rev';

export interface CheckGradsOptions {
  /** 1 checks first derivatives, 2 also those of the derivatives, and so on. Default 1. */
  readonly order?: number;
  /** Default both: jvp against differences, and vjp against jvp's differences by the dot product. */
  readonly modes?: readonly Mode[];
  /** Relative to the largest element of what is compared; float32 differences are good to about 1e-2. */
  readonly rtol?: number;
  readonly atol?: number;
  /** How far the arguments are moved. Default 1/256, near the cube root of float32's rounding times values of order one. */
  readonly eps?: number;
  /** Draws the directions. */
  readonly seed?: number;
}

interface Choices {
  readonly order: number;
  readonly modes: readonly Mode[];
  readonly rtol: number;
  readonly atol: number;
  readonly eps: number;
  readonly seed: number;
}

/** From the float leaves of the arguments to the float leaves of the result. */
type Flat = (...floats: Tensor[]) => Tensor[];

/**
 * Checks the derivatives of `f` at `args` (trees of tensors and numbers; the float leaves are differentiated) along one random
 * direction, by symmetric differences in float32. Rejects with an Error that says which mode, order and output differ, and by how much.
 */
export async function checkGrads<A extends unknown[]>(
  f: (...args: A) => unknown,
  args: A,
  options: CheckGradsOptions = {},
): Promise<void> {
  const choices = readOptions<Choices>('checkGrads', options, {
    order: 1, modes: ['fwd', 'rev'], rtol: 2e-2, atol: 2e-3, eps: 1 / 256, seed: 0,
  });
  const flat = flatten(args, { root: 'args' });
  const floats = flat.leaves.flatMap((leaf, i) => (isFloatLeaf(leaf) ? [i] : []));
  if (floats.length === 0) {
    throw userError('DERIVATIVE', 'checkGrads: no argument holds floats', { fix: 'checkGrads(f, [np.array([0.5, 1.5])])' });
  }
  const values = floats.map((i) => toTensor(flat.leaves[i], 'float32'));
  await check(floatPart(f, flat, floats), values, choices, choices.order, 'f');
}

async function check(f: Flat, at: readonly Tensor[], choices: Choices, order: number, what: string): Promise<void> {
  const key = random.foldIn(random.key(choices.seed), order);
  const along = directions(key, at);
  const differences = quotient(f, at, along, choices.eps);
  for (const mode of choices.modes) {
    if (mode === 'fwd') {
      const tangents = jvp((...xs: Tensor[]) => f(...xs), [...at], along)[1];
      await expectNear(tangents, differences, choices, `jvp of ${what}`);
      if (order > 1) await check((...xs) => jvp((...ys: Tensor[]) => f(...ys), xs, along)[1], at, choices, order - 1, `the jvp of ${what}`);
    } else {
      const cotangents = directions(random.foldIn(key, 1), differences);
      const pull: Flat = (...xs) => [...vjp((...ys: Tensor[]) => f(...ys), ...xs)[1](cotangents)];
      await expectNear([dot(pull(...at), along)], [dot(cotangents, differences)], choices, `vjp of ${what}`);
      if (order > 1) await check(pull, at, choices, order - 1, `the vjp of ${what}`);
    }
  }
}

/** `f` with everything but the float leaves held fixed. */
function floatPart(f: (...args: never[]) => unknown, { leaves, treedef }: Flattened, floats: readonly number[]): Flat {
  return (...values) => {
    const next = [...leaves];
    floats.forEach((place, i) => {
      next[place] = values[i];
    });
    const results = flatten(f(...(unflatten(treedef, next) as never[]))).leaves;
    return results.filter(isFloatLeaf).map((leaf) => toTensor(leaf, 'float32'));
  };
}

function isFloatLeaf(leaf: unknown): boolean {
  return typeof leaf === 'number' || leaf instanceof Float32Array || (leaf instanceof Tensor && isFloat(leaf.dtype));
}

function quotient(f: Flat, at: readonly Tensor[], along: readonly Tensor[], eps: number): Tensor[] {
  const moved = (step: number): Tensor[] => f(...at.map((x, i) => x.add(along[i]!.mul(step))));
  const behind = moved(-eps);
  return moved(eps).map((ahead, i) => ahead.sub(behind[i]!).div(2 * eps));
}

function directions(key: Tensor, like: readonly Tensor[]): Tensor[] {
  return like.map(({ shape, dtype }, i) => random.uniform(random.foldIn(key, i), shape, { minval: -1, maxval: 1 }).astype(dtype));
}

function dot(a: readonly Tensor[], b: readonly Tensor[]): Tensor {
  return a.map((x, i) => np.sum(x.mul(b[i]!))).reduce((sum, term) => sum.add(term), np.scalar(0));
}

async function expectNear(actual: readonly Tensor[], expected: readonly Tensor[], { rtol, atol }: Choices, what: string): Promise<void> {
  for (const [i, tensor] of expected.entries()) {
    const [got, want] = await Promise.all([actual[i]!.data(), tensor.data()]);
    const scale = Math.max(...Array.from(want, Math.abs), 0);
    want.forEach((value, k) => {
      if (Math.abs(got[k]! - value) <= atol + rtol * scale) return;
      throw new Error(`${what}: element ${k} of output ${i} is ${got[k]}, finite differences give ${value}`);
    });
  }
}

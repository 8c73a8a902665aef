/** Numbers and counts of optimizers. */
import { np } from '../numpy/index.ts';
import type { Operand } from '../trace/bind.ts';
import { describeValue } from '../trace/literal.ts';
import type { Tensor } from '../trace/tensor.ts';
import { userError } from '../trace/user-error.ts';

const LAST_COUNT = 2 ** 31 - 1;

/** The count before the first step: int32. */
export function firstCount(): Tensor {
  return np.zeros([], { dtype: 'int32' });
}

/** The next count; the last one stays. optax.safe_increment. */
export function increment(count: Tensor): Tensor {
  return np.add(np.minimum(count, LAST_COUNT - 1), 1);
}

/** x times a number, or times a scalar, in the dtype of x. */
export function scaled(x: Tensor, factor: Operand): Tensor {
  return np.multiply(x, typeof factor === 'number' ? factor : np.astype(factor, x.dtype));
}

/** 1 - decay^count, computed so that it does not cancel for decays near 1. */
export function biasCorrection(decay: number, count: Tensor): Tensor {
  if (decay === 0) return np.ones([]);
  return np.negative(np.expm1(np.multiply(np.astype(count, 'float32'), Math.log(decay))));
}

/** @throws VALUE for a decay outside [0, 1). */
export function checkDecay(name: string, option: string, value: number): void {
  check(name, option, value, value >= 0 && value < 1, 'at least 0 and less than 1', 0.9);
}

/** @throws VALUE for what is no number from 0. */
export function checkNonNegative(name: string, option: string, value: number): void {
  check(name, option, value, Number.isFinite(value) && value >= 0, 'a finite number from 0', 1e-3);
}

/** @throws VALUE for what is no number above 0. */
export function checkPositive(name: string, option: string, value: number): void {
  check(name, option, value, Number.isFinite(value) && value > 0, 'a finite number above 0', 1);
}

/** @throws VALUE for what is no finite number. */
export function checkFinite(name: string, option: string, value: number): void {
  check(name, option, value, Number.isFinite(value), 'a finite number', 1e-3);
}

/** @throws VALUE for what is no whole number from `least`. */
export function checkWhole(name: string, option: string, value: number, least: number): void {
  check(name, option, value, Number.isInteger(value) && value >= least, `a whole number from ${least}`, Math.max(least, 100));
}

function check(name: string, option: string, value: unknown, isValid: boolean, domain: string, good: number): void {
  if (typeof value === 'number' && isValid) return;
  const shown = typeof value === 'number' ? String(value) : describeValue(value);
  throw userError('VALUE', `${name}: ${option} is ${shown}, and must be ${domain}`, { fix: `${option}: ${good}` });
}

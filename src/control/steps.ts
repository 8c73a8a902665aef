/** The number of steps of a loop over the leading axes of its xs. */
import { userError } from '../trace/user-error.ts';
import type { Operands } from './operands.ts';

/** How a call looks that says how many steps there are, and one whose xs agree. */
export interface StepFixes {
  readonly unknown: string;
  readonly unequal: string;
}

/** @throws VALUE for a length that is unknown or no size; SHAPE for xs that are scalars, or of another leading size. */
export function stepsAlong(name: string, mapped: Operands, wanted: number | undefined, fixes: StepFixes): number {
  const sizes = mapped.leaves.map(({ value, path }) => {
    if (value.ndim > 0) return value.shape[0]!;
    throw userError('SHAPE', `${name}: ${path} is the scalar ${value.describe()}; xs are sliced along their leading axis`, {
      fix: 'put it into the carry, or capture it',
    });
  });
  const length = wanted ?? sizes[0];
  if (length === undefined || !Number.isInteger(length) || length < 0) {
    const found = length === undefined ? 'not known: xs has no tensors' : String(length);
    throw userError('VALUE', `${name}: the number of steps is ${found}`, { fix: fixes.unknown });
  }
  if (sizes.some((size) => size !== length)) {
    const list = mapped.leaves.map(({ value, path }) => `\n  ${path}: ${value.describe()}`);
    throw userError('SHAPE', `${name}: the leading axes of xs must all be ${length}:${list.join('')}`, { fix: fixes.unequal });
  }
  return length;
}

/** All pointwise primitives but the hash of random numbers. */
import { ARITHMETIC } from './elementwise/arithmetic.ts';
import { BITWISE } from './elementwise/bitwise.ts';
import { CHOICE } from './elementwise/choice.ts';
import { COMPARISON } from './elementwise/comparison.ts';
import { PARAMETRIC } from './elementwise/parametric.ts';
import { TRANSCENDENTAL } from './elementwise/transcendental.ts';
import type { Primitive } from './primitive.ts';

export const ELEMENTWISE: readonly Primitive[] = [
  ...ARITHMETIC, ...TRANSCENDENTAL, ...COMPARISON, ...BITWISE, ...CHOICE, ...PARAMETRIC,
];

/** Comparisons, and tests of floats. All give bool. */
import { IS_FINITE, IS_NAN } from '../../numerics/float.ts';
import { call, expression, infix } from '../../numerics/scalar-function.ts';
import type { Form } from '../../numerics/scalar-function.ts';
import { zero } from '../derivatives.ts';
import type { Primitive } from '../primitive.ts';
import { ALL, FLOATS, binary, unary } from './rows.ts';

interface Written {
  readonly integer: Form;
  readonly bool: Form;
  /** As for integers unless given. */
  readonly float?: Form;
}

function comparison(name: string, doc: string, compare: (x: number, y: number) => boolean, wgsl: Written): Primitive {
  return binary(name, doc, ALL, {
    reference: (x, y) => Number(compare(x, y)), wgsl: { float: wgsl.integer, ...wgsl }, gives: 'bool',
    jvp: zero('it gives bools'), domain: [-2, 2],
  });
}

function predicate(name: string, doc: string, holds: (x: number) => boolean, wgsl: Form): Primitive {
  return unary(name, doc, FLOATS, { reference: (x) => Number(holds(x)), wgsl, gives: 'bool', jvp: zero('it gives bools') });
}

/** `x != y` would be false for NaN where the compiler makes it an ordered comparison. */
const DIFFERENT = expression(([x, y]) => `!(${x} == ${y})`);

/** `p` and not `q`, or one of `p` and not `q`. */
const AND_NOT = expression(([p, q]) => `${p} & !${q}`);
const OR_NOT = expression(([p, q]) => `${p} | !${q}`);
const swapped = ({ write, ...form }: Form): Form => ({
  ...form,
  write: ([x = '', y = ''], ...dtypes) => write([y, x], ...dtypes),
});

export const COMPARISON: readonly Primitive[] = [
  comparison('eq', 'x equals y; NaN equals nothing.', (x, y) => x === y, { integer: infix('=='), bool: infix('==') }),
  comparison('ne', 'x does not equal y.', (x, y) => x !== y, { float: DIFFERENT, integer: infix('!='), bool: infix('!=') }),
  comparison('lt', 'x is less than y.', (x, y) => x < y, { integer: infix('<'), bool: swapped(AND_NOT) }),
  comparison('le', 'x is less than or equal to y.', (x, y) => x <= y, { integer: infix('<='), bool: swapped(OR_NOT) }),
  comparison('gt', 'x is greater than y.', (x, y) => x > y, { integer: infix('>'), bool: AND_NOT }),
  comparison('ge', 'x is greater than or equal to y.', (x, y) => x >= y, { integer: infix('>='), bool: OR_NOT }),
  predicate('is_finite', 'x is neither infinite nor NaN.', Number.isFinite, call(IS_FINITE, 'alu')),
  predicate('is_nan', 'x is NaN.', Number.isNaN, call(IS_NAN, 'alu')),
];

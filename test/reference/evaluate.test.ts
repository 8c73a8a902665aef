import { describe, expect, test } from 'vitest';
import { Builder } from '../../compiler/ir/builder.ts';
import { Jaxpr, Var, aval } from '../../compiler/ir/jaxpr.ts';
import { fromNumbers } from '../../compiler/reference/arrays.ts';
import { evaluate } from '../../compiler/reference/evaluate.ts';
import { expectAllSame } from '../support/arrays.ts';
import { jaxprOf } from '../support/jaxprs.ts';

const INT = aval('int32', []);
const int = (value: number) => fromNumbers('int32', [], [value]);

describe('evaluate', () => {
  test('binds consts before inputs', () => {
    const o = new Builder();
    const [captured, x] = [new Var(INT), new Var(INT)];
    expectAllSame(evaluate(o.build([captured], [x], [o.sub(captured, x)]), [int(10), int(3)]), [int(7)]);
  });

  test('literals are arrays of no axes', () => {
    const jaxpr = jaxprOf([INT], (o, x) => [o.add(x!, 2), o.literal(5, 'int32')]);
    expectAllSame(evaluate(jaxpr, [int(1)]), [int(3), int(5)]);
  });

  test('an input may be an output, more than once', () => {
    const jaxpr = jaxprOf([INT, INT], (o, x, y) => [y!, x!, y!]);
    expectAllSame(evaluate(jaxpr, [int(1), int(2)]), [int(2), int(1), int(2)]);
  });

  test('a value that nothing uses, one used twice in an equation, and one used last as an output', () => {
    const jaxpr = jaxprOf([INT], (o, x) => {
      o.add(x!, 1);
      const square = o.mul(x!, x!);
      return [o.add(square, square), square];
    });
    expectAllSame(evaluate(jaxpr, [int(3)]), [int(18), int(9)]);
  });

  test('an equation with several outputs', () => {
    const inner = jaxprOf([INT], (o, x) => [o.add(x!, 1), o.mul(x!, 2)]);
    const jaxpr = jaxprOf([INT], (o, x) => {
      const [more, twice] = o.jit(x!, { name: 'f', jaxpr: inner }) as readonly [Var, Var];
      return [twice, more];
    });
    expectAllSame(evaluate(jaxpr, [int(4)]), [int(8), int(5)]);
  });

  test('a wrong number of arrays, or an undefined variable, is an error of the compiler', () => {
    const jaxpr = jaxprOf([INT], (o, x) => [x!]);
    expect(() => evaluate(jaxpr, [])).toThrow('[INTERNAL] a jaxpr with 1 inputs was evaluated on 0 arrays');
    expect(() => evaluate(new Jaxpr([], [], [], [new Var(INT)]), [])).toThrow(
      '[INTERNAL] an equation reads a variable that nothing defined',
    );
  });
});

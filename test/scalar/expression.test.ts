import { describe, expect, test } from 'vitest';
import { applyExpr, constantExpr, indexExpr, keyOf, loadExpr, selectExpr } from '../../compiler/scalar/expression.ts';
import type { Expr } from '../../compiler/scalar/expression.ts';
import { add, constant, dynamic, variable } from '../../compiler/scalar/indices.ts';
import { LESS } from '../../compiler/scalar/predicates.ts';

const i = variable('i', 6);
const x = loadExpr('float32', 0, i);

describe('constructors', () => {
  test('a constant index is a constant, wrapped to its dtype', () => {
    expect(indexExpr(constant(-1), 'int32')).toEqual(constantExpr('int32', -1));
    expect(indexExpr(constant(-1), 'uint32')).toEqual(constantExpr('uint32', 2 ** 32 - 1));
  });

  test('a value that became an index becomes the value again', () => {
    const start = loadExpr('int32', 1, constant(0));
    expect(indexExpr(dynamic(start, 0, 5), 'int32')).toBe(start);
  });

  test('a select on a constant is the chosen branch', () => {
    const y = loadExpr('float32', 1, i);
    expect(selectExpr(constantExpr('bool', 1), x, y)).toBe(x);
    expect(selectExpr(constantExpr('bool', 0), x, y)).toBe(y);
  });
});

describe('keys', () => {
  const examples: Record<string, () => Expr> = {
    'a constant': () => constantExpr('float32', 0),
    'a negative zero': () => constantExpr('float32', -0),
    'a NaN': () => constantExpr('float32', NaN),
    'a constant of another dtype': () => constantExpr('int32', 0),
    'a load': () => loadExpr('float32', 0, variable('i', 6)),
    'a load elsewhere': () => loadExpr('float32', 0, add(variable('i', 6), constant(1))),
    'a load of another buffer': () => loadExpr('float32', 1, variable('i', 6)),
    'an index': () => indexExpr(variable('i', 6), 'int32'),
    'a call': () => applyExpr(LESS, 'bool', [x, constantExpr('float32', 0)]),
    'a call with arguments swapped': () => applyExpr(LESS, 'bool', [constantExpr('float32', 0), x]),
    'a select': () => selectExpr(applyExpr(LESS, 'bool', [x, x]), x, constantExpr('float32', 0)),
    'a reduction': () => ({ kind: 'reduced', dtype: 'float32', stage: 0 }),
  };

  test.each(Object.keys(examples))('%s has its own', (name) => {
    const own = keyOf(examples[name]!());
    expect(keyOf(examples[name]!())).toBe(own);
    const others = Object.keys(examples).filter((other) => other !== name);
    expect(others.map((other) => keyOf(examples[other]!()))).not.toContain(own);
  });

  test('stay short however much is shared', () => {
    let nested: Expr = x;
    for (let depth = 0; depth < 200; depth++) nested = selectExpr(applyExpr(LESS, 'bool', [nested, nested]), nested, nested);
    expect(keyOf(nested).length).toBeLessThan(200);
  });
});

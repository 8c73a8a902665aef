import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { Builder } from '../../compiler/ir/builder.ts';
import { Var, aval } from '../../compiler/ir/jaxpr.ts';
import type { Jaxpr } from '../../compiler/ir/jaxpr.ts';
import { parseJaxpr } from '../../compiler/ir/parse.ts';
import { printJaxpr } from '../../compiler/ir/print.ts';

const GOLDEN = readFileSync(new URL('printed-by-jax.txt', import.meta.url), 'utf8')
  .split('\n## ')
  .slice(1)
  .map((section): [string, string] => {
    const end = section.indexOf('\n');
    return [section.slice(0, end), section.slice(end + 1).trimEnd()];
  });

describe('prints as JAX does', () => {
  test.each(GOLDEN)('%s', (_, text) => {
    expect(printJaxpr(parseJaxpr(text))).toBe(text);
  });
});

function build(make: (o: Builder, x: Var) => void): Jaxpr {
  const o = new Builder();
  const x = new Var(aval('float32', [3], true));
  make(o, x);
  return o.build([], [x], o.equations.at(-1)?.outputs ?? [x]);
}

test('a weak type is marked', () => {
  expect(printJaxpr(build((o, x) => o.mul(x, 2)))).toBe(
    '{ lambda ; a:~f32[3]. let b:~f32[3] = mul a 2.0:~f32[] in (b,) }',
  );
});

test('parameters are printed in snake_case and sorted', () => {
  expect(printJaxpr(build((o, x) => o.broadcastInDim(x, { shape: [2, 3], broadcastDimensions: [1] })))).toBe(
    [
      '{ lambda ; a:~f32[3]. let',
      '    b:~f32[2,3] = broadcast_in_dim[broadcast_dimensions=(1,) shape=(2, 3)] a',
      '  in (b,) }',
    ].join('\n'),
  );
});

test('dimension numbers are lists in tuples', () => {
  const jaxpr = build((o, x) => o.dotGeneral(x, x, { dimensionNumbers: [[[0], [0]], [[], []]] }));
  expect(printJaxpr(jaxpr)).toContain('dot_general[dimension_numbers=(([0], [0]), ([], []))] a a');
});

test('names that are words of the syntax are left out', () => {
  const jaxpr = build((o, x) => {
    let last: Var = x;
    for (let i = 0; i < 260; i++) last = o.sin(last) as Var;
  });
  const text = printJaxpr(jaxpr);
  expect(text).toContain('\n    io:~f32[3] = sin im\n');
  expect(printJaxpr(parseJaxpr(text))).toBe(text);
});

test('sources and paths are comments at the ends of lines, which the parser skips', () => {
  const jaxpr = build((o, x) => {
    o.source = { file: 'model.ts', line: 12, column: 5 };
    o.path = 'layers/linear';
    const y = o.sin(x);
    o.source = { file: 'model.ts', line: 14, column: 9 };
    o.path = '';
    o.concatenate(y, y, y, y, y, y, y, y, y, { dimension: 0 });
  });
  const text = printJaxpr(jaxpr, { sources: true, paths: true });
  expect(text).toBe(
    [
      '{ lambda ; a:~f32[3]. let',
      '    b:~f32[3] = sin a  # layers/linear model.ts:12',
      '    c:~f32[27] = concatenate[dimension=0] b b b b b b b b b  # model.ts:14',
      '  in (c,) }',
    ].join('\n'),
  );
  expect(printJaxpr(parseJaxpr(text))).toBe(printJaxpr(jaxpr));
});

test('an equation in focus is shown with its neighbours', () => {
  const jaxpr = build((o, x) => {
    let last: Var = x;
    for (let i = 0; i < 12; i++) last = o.sin(last) as Var;
  });
  expect(printJaxpr(jaxpr, { focus: 5 })).toBe(
    [
      '{ lambda ; a:~f32[3]. let',
      '    ...',
      '    d:~f32[3] = sin c',
      '    e:~f32[3] = sin d',
      '    f:~f32[3] = sin e',
      '    g:~f32[3] = sin f  # <- here',
      '    h:~f32[3] = sin g',
      '    i:~f32[3] = sin h',
      '    j:~f32[3] = sin i',
      '    ...',
      '  in (m,) }',
    ].join('\n'),
  );
});

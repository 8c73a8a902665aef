import { expect, test } from 'vitest';
import { parseJaxpr } from '../../compiler/ir/parse.ts';
import { printJaxpr } from '../../compiler/ir/print.ts';
import { PASSES, optimize } from '../../compiler/optimize/pipeline.ts';
import { scanText } from '../support/passes.ts';

const text = `{ lambda ; a:f32[3]. let
    b:f32[3] = jit[name=f jaxpr={ lambda ; c:f32[3]. let
        d:f32[3] = mul c 1.0:f32[]; e:f32[3] = sin d; f:f32[3] = cos c
      in (e,) }] a
    g:f32[3] = sin a
    h:f32[3] = sub b g
  in (h,) }`;

test('runs the passes until nothing changes, and shows every step', () => {
  const seen: string[] = [];
  const result = optimize(parseJaxpr(text), (pass, jaxpr) => seen.push(`${pass} ${jaxpr.equations.length}`));
  const wanted = '{ lambda ; a:f32[3]. let b:f32[3] = sin a; c:f32[3] = sub b b in (c,) }';
  expect(printJaxpr(result)).toBe(printJaxpr(parseJaxpr(wanted)));
  expect(seen).toEqual(['inline 5', 'simplify 4', 'cse 3', 'dce 2']);
});

test('the list of passes', () => {
  const names = ['inline', 'loops', 'canonicalize', 'simplify', 'fold', 'cse', 'dce', 'projections', 'sums'];
  expect(PASSES.map(({ name }) => name)).toEqual(names);
  expect(PASSES.filter(({ exact }) => !exact).map(({ name }) => name)).toEqual(['sums']);
});

test('a carry that is only computed from literals', () => {
  const body = 'c:i32[] x:f32[]. let n:i32[] = add c 1:i32[]; k:f32[] = mul x 2.0:f32[] in (n, k)';
  expect(
    printJaxpr(
      optimize(
        parseJaxpr(`{ lambda ; x:f32[5]. let c:i32[] y:f32[5] = ${scanText(body, 5, 1, 0)} 0:i32[] x in (y,) }`),
      ),
    ),
  ).toContain('num_carry=0');
});

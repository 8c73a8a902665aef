import { test } from 'vitest';
import { cse } from '../../compiler/optimize/cse.ts';
import { expectPass, expectUntouched } from '../support/passes.ts';

test('keeps the first of equal equations', () => {
  expectPass(
    cse,
    `{ lambda ; a:f32[] b:f32[]. let
        c:f32[] = add a b; d:f32[] = add b a; e:f32[] = sub a b; f:f32[] = sub b a; g:f32[] = mul c d; h:f32[] = mul c c
      in (e, f, g, h) }`,
    `{ lambda ; a:f32[] b:f32[]. let
        c:f32[] = add a b; e:f32[] = sub a b; f:f32[] = sub b a; g:f32[] = mul c c
      in (e, f, g, g) }`,
  );
});

test('parameters and signed zeros count', () => {
  expectUntouched(
    cse,
    `{ lambda ; a:f32[3,3]. let
        b:f32[3] = reduce_sum[axes=(0,)] a; c:f32[3] = reduce_sum[axes=(1,)] a
        d:f32[3,3] = add a 0.0:f32[]; e:f32[3,3] = add a -0.0:f32[]
      in (b, c, d, e) }`,
  );
});

test('scans with equal bodies', () => {
  const scan = (names: string): string => {
    const [a, b, c] = names;
    const body = `{ lambda ; ${a}:f32[] ${b}:f32[]. let ${c}:f32[] = add ${a} ${b} in (${c},) }`;
    return `scan[jaxpr=${body} length=3 num_carry=1 num_consts=0 reverse=False]`;
  };
  expectPass(
    cse,
    `{ lambda ; a:f32[] b:f32[3]. let c:f32[] = ${scan('def')} a b; d:f32[] = ${scan('xyz')} a b; e:f32[] = sub c d in (e,) }`,
    `{ lambda ; a:f32[] b:f32[3]. let c:f32[] = ${scan('def')} a b; e:f32[] = sub c c in (e,) }`,
  );
});

import { test } from 'vitest';
import { dce } from '../../compiler/optimize/dce.ts';
import { expectPass, expectUntouched, scanText } from '../support/passes.ts';

test('equations that nobody reads go, inputs stay', () => {
  expectPass(
    dce,
    '{ lambda ; a:f32[] b:f32[]. let c:f32[] = sin b; d:f32[] = cos c; e:f32[] = exp a in (e,) }',
    '{ lambda ; a:f32[] b:f32[]. let e:f32[] = exp a in (e,) }',
  );
});

test('outputs, carries, consts and xs of a scan', () => {
  const before = scanText(
    `k:f32[] unused:f32[] c:f32[] dead:f32[] x:f32[] y:f32[]. let
      n:f32[] = add c k; m:f32[] = mul n x; z:f32[] = add dead unused; w:f32[] = sin y in (n, z, m, w)`,
    3, 2, 2,
  );
  const after = scanText('k:f32[] c:f32[] x:f32[]. let n:f32[] = add c k; m:f32[] = mul n x in (n, m)', 3, 1, 1);
  expectPass(
    dce,
    `{ lambda ; a:f32[] b:f32[3]. let c:f32[] d:f32[] e:f32[3] f:f32[3] = ${before} a a a a b b in (e,) }`,
    `{ lambda ; a:f32[] b:f32[3]. let c:f32[] e:f32[3] = ${after} a a b in (e,) }`,
  );
});

test('a carry that only another live carry needs stays', () => {
  const body = 'c:f32[] d:f32[]. let n:f32[] = add c d; m:f32[] = sin d in (n, m)';
  expectUntouched(
    dce,
    `{ lambda ; a:f32[]. let c:f32[] d:f32[] = ${scanText(body, 3, 2, 0)} a a in (c,) }`,
  );
});

test('outputs and operands of a cond', () => {
  expectPass(
    dce,
    `{ lambda ; i:i32[] a:f32[] b:f32[]. let
        c:f32[] d:f32[] = cond[branches=(
          { lambda ; x:f32[] y:f32[]. let z:f32[] = sin y in (x, z) }
          { lambda ; x:f32[] y:f32[]. let z:f32[] = neg x in (z, y) }
        )] i a b
      in (c,) }`,
    `{ lambda ; i:i32[] a:f32[] b:f32[]. let
        c:f32[] = cond[branches=({ lambda ; x:f32[]. let in (x,) } { lambda ; x:f32[]. let z:f32[] = neg x in (z,) })] i a
      in (c,) }`,
  );
});

test('outputs and operands of a jit', () => {
  expectPass(
    dce,
    `{ lambda ; a:f32[] b:f32[]. let
        c:f32[] d:f32[] = jit[name=f jaxpr={ lambda ; x:f32[] y:f32[]. let z:f32[] = sin y in (x, z) }] a b
      in (c,) }`,
    '{ lambda ; a:f32[] b:f32[]. let c:f32[] = jit[name=f jaxpr={ lambda ; x:f32[]. let in (x,) }] a in (c,) }',
  );
});

test('carries and consts of a while', () => {
  const loop = (condition: string, body: string, condConsts: number, bodyConsts: number): string =>
    `while[body_consts=${bodyConsts} body_jaxpr={ lambda ; ${body} }
      cond_consts=${condConsts} cond_jaxpr={ lambda ; ${condition} } max_iterations=None]`;
  const before = loop(
    'n:i32[] m:i32[] i:i32[] x:f32[] y:f32[] dead:f32[]. let p:bool[] = lt i n in (p,)',
    `k:f32[] unused:f32[] i:i32[] x:f32[] y:f32[] dead:f32[]. let
      j:i32[] = add i 1:i32[]; z:f32[] = mul x y; w:f32[] = mul y k; d:f32[] = mul dead unused in (j, z, w, d)`,
    2, 2,
  );
  const after = loop(
    'n:i32[] i:i32[] x:f32[] y:f32[]. let p:bool[] = lt i n in (p,)',
    'k:f32[] i:i32[] x:f32[] y:f32[]. let j:i32[] = add i 1:i32[]; z:f32[] = mul x y; w:f32[] = mul y k in (j, z, w)',
    1, 1,
  );
  expectPass(
    dce,
    `{ lambda ; i:i32[] a:f32[]. let b:i32[] c:f32[] d:f32[] e:f32[] = ${before} i i a a i a a a in (c,) }`,
    `{ lambda ; i:i32[] a:f32[]. let b:i32[] c:f32[] d:f32[] = ${after} i a i a a in (c,) }`,
  );
});

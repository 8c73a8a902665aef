import { describe, test } from 'vitest';
import { dce } from '../../compiler/optimize/dce.ts';
import { projections } from '../../compiler/optimize/projections.ts';
import { expectPass, expectUntouched, scanText } from '../support/passes.ts';

const pass = (jaxpr: Parameters<typeof projections>[0]): ReturnType<typeof projections> => dce(projections(jaxpr));

/** x w */
const dot = (x: string, w: string): string => `dot_general[dimension_numbers=(([1], [0]), ([], []))] ${x} ${w}`;
/** The same for all steps. */
const dots = (x: string, w: string): string => `dot_general[dimension_numbers=(([2], [0]), ([], []))] ${x} ${w}`;

describe('before the loop', () => {
  test('a projection of the xs with its bias is one contraction over steps and rows', () => {
    const body = `w:f32[3,4] b:f32[4] h:f32[2,4] x:f32[2,3]. let
        p:f32[2,4] = ${dot('x', 'w')}; q:f32[2,4] = broadcast_in_dim[broadcast_dimensions=(1,) shape=(2, 4)] b
        r:f32[2,4] = add p q; s:f32[2,4] = add r h; t:f32[2,4] = tanh s in (t, t)`;
    expectPass(
      pass,
      `{ lambda ; w:f32[3,4] b:f32[4] h:f32[2,4] x:f32[5,2,3]. let
          c:f32[2,4] d:f32[5,2,4] = ${scanText(body, 5, 1, 2)} w b h x
        in (c, d) }`,
      `{ lambda ; w:f32[3,4] b:f32[4] h:f32[2,4] x:f32[5,2,3]. let
          p:f32[5,2,4] = ${dots('x', 'w')}; q:f32[2,4] = broadcast_in_dim[broadcast_dimensions=(1,) shape=(2, 4)] b
          v:f32[5,2,4] = broadcast_in_dim[broadcast_dimensions=(1, 2) shape=(5, 2, 4)] q
          r:f32[5,2,4] = add p v
          c:f32[2,4] d:f32[5,2,4] = ${scanText(
            'h:f32[2,4] r:f32[2,4]. let s:f32[2,4] = add r h; t:f32[2,4] = tanh s in (t, t)', 5, 1, 0,
          )} h r
        in (c, d) }`,
    );
  });

  test('with what leads to it, which the loop computes too if it needs it; the steps in front', () => {
    const body = `w:f32[4,3] h:f32[4,2] x:f32[3,2]. let
        e:f32[3,2] = exp x; p:f32[4,2] = ${dot('w', 'e')}; m:f32[3,2] = neg e
        s:f32[4,2] = add p h; r:f32[] = reduce_sum[axes=(0, 1)] s; t:f32[3,2] = mul m r in (s, t)`;
    expectPass(
      pass,
      `{ lambda ; w:f32[4,3] h:f32[4,2] x:f32[5,3,2]. let c:f32[4,2] d:f32[5,3,2] = ${scanText(body, 5, 1, 1)} w h x in (c, d) }`,
      `{ lambda ; w:f32[4,3] h:f32[4,2] x:f32[5,3,2]. let
          e:f32[5,3,2] = exp x; q:f32[4,5,2] = dot_general[dimension_numbers=(([1], [1]), ([], []))] w e
          p:f32[5,4,2] = transpose[permutation=(1, 0, 2)] q
          c:f32[4,2] s:f32[5,4,2] = ${scanText(
            'h:f32[4,2] p:f32[4,2]. let s:f32[4,2] = add p h in (s, s)', 5, 1, 0,
          )} h p
          f:f32[5,3,2] = exp x; m:f32[5,3,2] = neg f; r:f32[5] = reduce_sum[axes=(1, 2)] s
          u:f32[5,3,2] = broadcast_in_dim[broadcast_dimensions=(0,) shape=(5, 3, 2)] r; t:f32[5,3,2] = mul m u
        in (c, t) }`,
    );
  });

  test('a reduction', () => {
    const body = 'c:f32[] x:f32[7]. let r:f32[] = reduce_max[axes=(0,)] x; n:f32[] = mul c r in (n,)';
    expectPass(
      pass,
      `{ lambda ; a:f32[] x:f32[5,7]. let c:f32[] = ${scanText(body, 5, 1, 0)} a x in (c,) }`,
      `{ lambda ; a:f32[] x:f32[5,7]. let
          r:f32[5] = reduce_max[axes=(1,)] x
          c:f32[] = ${scanText('c:f32[] r:f32[]. let n:f32[] = mul c r in (n,)', 5, 1, 0)} a r
        in (c,) }`,
    );
  });
});

describe('after the loop', () => {
  test('a projection of a carry that is stacked already', () => {
    const body = `w:f32[4,3] h:f32[2,4] x:f32[2,4]. let
        s:f32[2,4] = add h x; p:f32[2,3] = ${dot('s', 'w')}; q:f32[2,3] = neg p in (s, s, q)`;
    expectPass(
      pass,
      `{ lambda ; w:f32[4,3] h:f32[2,4] x:f32[5,2,4]. let
          c:f32[2,4] d:f32[5,2,4] e:f32[5,2,3] = ${scanText(body, 5, 1, 1)} w h x
        in (c, d, e) }`,
      `{ lambda ; w:f32[4,3] h:f32[2,4] x:f32[5,2,4]. let
          c:f32[2,4] d:f32[5,2,4] = ${scanText('h:f32[2,4] x:f32[2,4]. let s:f32[2,4] = add h x in (s, s)', 5, 1, 0)} h x
          p:f32[5,2,3] = ${dots('d', 'w')}; q:f32[5,2,3] = neg p
        in (c, d, q) }`,
    );
  });

  test('of a value that is stacked for it, with what only it reads', () => {
    const body = `w:f32[3,4] h:f32[2,4] x:f32[2,4]. let
        s:f32[2,4] = add h x; e:f32[2,4] = exp h; t:f32[4,2] = transpose[permutation=(1, 0)] e; p:f32[3,2] = ${dot('w', 't')}
      in (s, p)`;
    expectPass(
      pass,
      `{ lambda ; w:f32[3,4] h:f32[2,4] x:f32[5,2,4]. let c:f32[2,4] e:f32[5,3,2] = ${scanText(body, 5, 1, 1)} w h x in (c, e) }`,
      `{ lambda ; w:f32[3,4] h:f32[2,4] x:f32[5,2,4]. let
          c:f32[2,4] d:f32[5,2,4] = ${scanText('h:f32[2,4] x:f32[2,4]. let s:f32[2,4] = add h x in (s, h)', 5, 1, 0)} h x
          e:f32[5,2,4] = exp d; t:f32[5,4,2] = transpose[permutation=(0, 2, 1)] e
          q:f32[3,5,2] = dot_general[dimension_numbers=(([1], [1]), ([], []))] w t
          p:f32[5,3,2] = transpose[permutation=(1, 0, 2)] q
        in (c, p) }`,
    );
  });

  test('what depends on no carry needs nothing stacked', () => {
    const body = `w:f32[4,3] h:f32[2,4] x:f32[2,4]. let s:f32[2,4] = add h x; p:f32[2,3] = ${dot('x', 'w')} in (s, p)`;
    expectPass(
      pass,
      `{ lambda ; w:f32[4,3] h:f32[2,4] x:f32[5,2,4]. let c:f32[2,4] e:f32[5,2,3] = ${scanText(body, 5, 1, 1)} w h x in (c, e) }`,
      `{ lambda ; w:f32[4,3] h:f32[2,4] x:f32[5,2,4]. let
          c:f32[2,4] = ${scanText('h:f32[2,4] x:f32[2,4]. let s:f32[2,4] = add h x in (s,)', 5, 1, 0)} h x
          p:f32[5,2,3] = ${dots('x', 'w')}
        in (c, p) }`,
    );
  });

  test('a reduction without which one kernel can run the loop', () => {
    const body = 'h:f32[4] x:f32[4]. let s:f32[4] = add h x; m:f32[] = reduce_max[axes=(0,)] s in (s, m)';
    expectPass(
      pass,
      `{ lambda ; h:f32[4] x:f32[5,4]. let c:f32[4] d:f32[5] = ${scanText(body, 5, 1, 0)} h x in (c, d) }`,
      `{ lambda ; h:f32[4] x:f32[5,4]. let
          c:f32[4] s:f32[5,4] = ${scanText('h:f32[4] x:f32[4]. let s:f32[4] = add h x in (s, s)', 5, 1, 0)} h x
          d:f32[5] = reduce_max[axes=(1,)] s
        in (c, d) }`,
    );
  });

  test('in a scan inside of a scan', () => {
    const inner = `w:f32[4,3] h:f32[2,4] x:f32[2,4]. let s:f32[2,4] = add h x; p:f32[2,3] = ${dot('s', 'w')} in (s, p)`;
    const outer = `w:f32[4,3] x:f32[5,2,4] h:f32[2,4]. let c:f32[2,4] e:f32[5,2,3] = ${scanText(inner, 5, 1, 1)} w h x in (c, e)`;
    expectPass(
      pass,
      `{ lambda ; w:f32[4,3] h:f32[2,4] x:f32[5,2,4]. let
          c:f32[2,4] d:f32[6,5,2,3] = ${scanText(outer, 6, 1, 2)} w x h
        in (c, d) }`,
      `{ lambda ; w:f32[4,3] h:f32[2,4] x:f32[5,2,4]. let c:f32[2,4] s:f32[6,5,2,4] = ${scanText(
        `x:f32[5,2,4] h:f32[2,4]. let c:f32[2,4] d:f32[5,2,4] = ${scanText(
          'h:f32[2,4] x:f32[2,4]. let s:f32[2,4] = add h x in (s, s)', 5, 1, 0,
        )} h x in (c, d)`, 6, 1, 1,
      )} x h
        e:f32[6,5,2,3] = dot_general[dimension_numbers=(([3], [0]), ([], []))] s w
      in (c, e) }`,
    );
  });
});

describe('in the loop stays', () => {
  const stays = (body: string, operands: string, names: string, results: string): void => {
    const text = `{ lambda ; ${operands}. let ${results} = ${scanText(body, 5, 1, 1)} ${names} in (c,) }`;
    expectUntouched(projections, text);
  };

  test('what carries depend on', () => {
    stays(`w:f32[4,4] h:f32[2,4] x:f32[2,4]. let s:f32[2,4] = add h x; p:f32[2,4] = ${dot('s', 'w')} in (p,)`,
      'w:f32[4,4] h:f32[2,4] x:f32[5,2,4]', 'w h x', 'c:f32[2,4]');
  });

  test('a projection to many times the size of what is stacked', () => {
    stays(`w:f32[1,9] h:f32[2,9] x:f32[2,1]. let p:f32[2,9] = ${dot('x', 'w')}; s:f32[2,9] = mul h p in (s,)`,
      'w:f32[1,9] h:f32[2,9] x:f32[5,2,1]', 'w h x', 'c:f32[2,9]');
  });

  test('what would need more stacked, for as many products afterwards', () => {
    const body = `g:f32[2,4] w:f32[4,4] x:f32[2,4]. let
        n:f32[2,4] = dot_general[dimension_numbers=(([1], [1]), ([], []))] g w
        m:f32[4,4] = dot_general[dimension_numbers=(([0], [0]), ([], []))] x n; b:f32[4] = reduce_sum[axes=(0,)] n in (n, m, b)`;
    expectUntouched(
      projections,
      `{ lambda ; g:f32[2,4] w:f32[5,4,4] x:f32[5,2,4]. let
          c:f32[2,4] d:f32[5,4,4] e:f32[5,4] = ${scanText(body, 5, 1, 0)} g w x
        in (c, d, e) }`,
    );
  });

  test('a product whose elements would be stored for all steps, but are only reduced', () => {
    const body = `k:f32[9,2] h:f32[3] q:f32[3,2]. let
        s:f32[3,9] = dot_general[dimension_numbers=(([1], [1]), ([], []))] q k; m:f32[3] = reduce_max[axes=(1,)] s in (h, m)`;
    expectUntouched(
      projections,
      `{ lambda ; k:f32[9,2] h:f32[3] q:f32[5,3,2]. let c:f32[3] d:f32[5,3] = ${scanText(body, 5, 1, 1)} k h q in (c, d) }`,
    );
  });

  test('what comes from a barrier, before the loop or after it', () => {
    const body = `w:f32[4,4] h:f32[2,4] x:f32[2,4]. let
        y:f32[2,4] = optimization_barrier x; p:f32[2,4] = ${dot('y', 'w')}; s:f32[2,4] = add h p
        z:f32[2,4] = exp y; q:f32[2,4] = ${dot('z', 'w')} in (s, q)`;
    expectUntouched(
      projections,
      `{ lambda ; w:f32[4,4] h:f32[2,4] x:f32[5,2,4]. let c:f32[2,4] d:f32[5,2,4] = ${scanText(body, 5, 1, 1)} w h x in (c, d) }`,
    );
  });

  test('what an effect reads', () => {
    const body = `h:f32[2] x:f32[2]. let
        m:f32[] = reduce_max[axes=(0,)] h; b:bool[] = gt m 1.0:f32[]; check[message="large"] b; n:f32[2] = add h x in (n, m)`;
    expectUntouched(
      projections,
      `{ lambda ; h:f32[2] x:f32[5,2]. let c:f32[2] d:f32[5] = ${scanText(body, 5, 1, 0)} h x in (c, d) }`,
    );
  });
});

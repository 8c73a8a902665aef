import { test } from 'vitest';
import { dce } from '../../compiler/optimize/dce.ts';
import { loops } from '../../compiler/optimize/loops.ts';
import { expectPass, expectUntouched, scanText } from '../support/passes.ts';

const sum = 'c:f32[2] x:f32[2]. let n:f32[2] = add c x in (n, n)';

test('no steps', () => {
  expectPass(
    loops,
    `{ lambda ; a:f32[2] b:f32[0,2]. let c:f32[2] d:f32[0,2] = ${scanText(sum, 0, 1, 0)} a b in (c, d) }`,
    `{ lambda ; a:f32[2] b:f32[0,2]. let
        d:f32[0,2] = broadcast_in_dim[broadcast_dimensions=() shape=(0, 2)] 0.0:f32[]
      in (a, d) }`,
  );
});

test('one step', () => {
  expectPass(
    loops,
    `{ lambda ; a:f32[2] b:f32[1,2]. let c:f32[2] d:f32[1,2] = ${scanText(sum, 1, 1, 0)} a b in (c, d) }`,
    `{ lambda ; a:f32[2] b:f32[1,2]. let
        x:f32[2] = reshape[new_sizes=(2,)] b; n:f32[2] = add a x; d:f32[1,2] = reshape[new_sizes=(1, 2)] n
      in (n, d) }`,
  );
});

test('a carry that never changes is a const', () => {
  expectPass(
    loops,
    `{ lambda ; a:f32[] b:f32[]. let
        c:f32[] d:f32[] = ${scanText('k:f32[] c:f32[]. let n:f32[] = mul c k in (k, n)', 3, 2, 0)} a b
      in (c, d) }`,
    `{ lambda ; a:f32[] b:f32[]. let
        d:f32[] = ${scanText('k:f32[] c:f32[]. let n:f32[] = mul c k in (n,)', 3, 1, 1)} a b
      in (a, d) }`,
  );
});

test('consts that are literals or equal', () => {
  const body = 'k:f32[] l:f32[] m:f32[] c:f32[]. let n:f32[] = mul c k; o:f32[] = add n l; p:f32[] = sub o m in (p,)';
  expectPass(
    loops,
    `{ lambda ; a:f32[] b:f32[]. let c:f32[] = ${scanText(body, 3, 1, 3)} a 2.0:f32[] a b in (c,) }`,
    `{ lambda ; a:f32[] b:f32[]. let
        c:f32[] = ${scanText(
          'k:f32[] c:f32[]. let n:f32[] = mul c k; o:f32[] = add n 2.0:f32[]; p:f32[] = sub o k in (p,)',
          3, 1, 1,
        )} a b
      in (c,) }`,
  );
});

test('invariant code moves out with what it needs; views, scalars and what comes from no const stay', () => {
  const body = `k:f32[3] s:f32[] c:f32[3]. let
      v:f32[3] = rev[dimensions=(0,)] k; e:f32[3] = exp v; t:f32[] = exp s
      i:f32[3] = iota[dimension=0 dtype=float32 shape=(3,)]
      j:f32[3] = sin i; n:f32[3] = mul c e; o:f32[3] = mul n t; p:f32[3] = add o v; q:f32[3] = add p j in (q,)`;
  const after = `k:f32[3] s:f32[] e:f32[3] c:f32[3]. let
      v:f32[3] = rev[dimensions=(0,)] k; t:f32[] = exp s; i:f32[3] = iota[dimension=0 dtype=float32 shape=(3,)]
      j:f32[3] = sin i; n:f32[3] = mul c e; o:f32[3] = mul n t; p:f32[3] = add o v; q:f32[3] = add p j in (q,)`;
  expectPass(
    loops,
    `{ lambda ; a:f32[3] b:f32[]. let c:f32[3] = ${scanText(body, 4, 1, 2)} a b a in (c,) }`,
    `{ lambda ; a:f32[3] b:f32[]. let
        v:f32[3] = rev[dimensions=(0,)] a; e:f32[3] = exp v; c:f32[3] = ${scanText(after, 4, 1, 3)} a b e a
      in (c,) }`,
  );
});

test('stacked outputs that repeat a const or copy an xs', () => {
  expectPass(
    loops,
    `{ lambda ; a:f32[2] b:f32[] x:f32[3]. let
        c:f32[] d:f32[3,2] e:f32[3] f:f32[3] = ${scanText(
          'k:f32[2] c:f32[] x:f32[]. let n:f32[] = add c x in (n, k, x, 1.0:f32[])',
          3, 1, 1,
        )} a b x
      in (c, d, e, f) }`,
    `{ lambda ; a:f32[2] b:f32[] x:f32[3]. let
        c:f32[] = ${scanText('k:f32[2] c:f32[] x:f32[]. let n:f32[] = add c x in (n,)', 3, 1, 1)} a b x
        d:f32[3,2] = broadcast_in_dim[broadcast_dimensions=(1,) shape=(3, 2)] a
        f:f32[3] = broadcast_in_dim[broadcast_dimensions=() shape=(3,)] 1.0:f32[]
      in (c, d, x, f) }`,
  );
});

test('consts and xs that are broadcast, the xs of equal slices, are broadcast in the body', () => {
  const body = 'k:f32[3] c:f32[3] x:f32[3] y:f32[3]. let m:f32[3] = mul c k; n:f32[3] = add m x; o:f32[3] = add n y in (o,)';
  const after = `s:f32[] t:f32[3] c:f32[3] y:f32[3]. let
      k:f32[3] = broadcast_in_dim[broadcast_dimensions=() shape=(3,)] s
      x:f32[3] = broadcast_in_dim[broadcast_dimensions=(0,) shape=(3,)] t
      m:f32[3] = mul c k; n:f32[3] = add m x; o:f32[3] = add n y in (o,)`;
  expectPass(
    (jaxpr) => dce(loops(jaxpr)),
    `{ lambda ; a:f32[3] s:f32[] t:f32[3] u:f32[5]. let
        k:f32[3] = broadcast_in_dim[broadcast_dimensions=() shape=(3,)] s
        x:f32[5,3] = broadcast_in_dim[broadcast_dimensions=(1,) shape=(5, 3)] t
        y:f32[5,3] = broadcast_in_dim[broadcast_dimensions=(0,) shape=(5, 3)] u
        c:f32[3] = ${scanText(body, 5, 1, 1)} k a x y
      in (c,) }`,
    `{ lambda ; a:f32[3] s:f32[] t:f32[3] u:f32[5]. let
        y:f32[5,3] = broadcast_in_dim[broadcast_dimensions=(0,) shape=(5, 3)] u
        c:f32[3] = ${scanText(after, 5, 1, 2)} s t a y
      in (c,) }`,
  );
});

test('an xs given twice and a value stacked twice', () => {
  const body = 'c:f32[] x:f32[] y:f32[]. let m:f32[] = mul c x; n:f32[] = add m y in (n, n, m, n)';
  expectPass(
    loops,
    `{ lambda ; a:f32[] b:f32[3]. let c:f32[] d:f32[3] e:f32[3] f:f32[3] = ${scanText(body, 3, 1, 0)} a b b in (c, d, e, f) }`,
    `{ lambda ; a:f32[] b:f32[3]. let
        c:f32[] d:f32[3] e:f32[3] = ${scanText(
          'c:f32[] x:f32[]. let m:f32[] = mul c x; n:f32[] = add m x in (n, n, m)', 3, 1, 0,
        )} a b
      in (c, d, e, d) }`,
  );
});
test('what has an effect takes place in every step', () => {
  const body = 'k:bool[] c:f32[]. let check[message="never"] k; n:f32[] = neg c in (n,)';
  expectUntouched(loops, `{ lambda ; a:bool[] b:f32[]. let c:f32[] = ${scanText(body, 3, 1, 1)} a b in (c,) }`);
});

test('a scan with nothing to improve stays', () => {
  expectUntouched(
    loops,
    `{ lambda ; a:f32[2] b:f32[4,2]. let c:f32[2] d:f32[4,2] = ${scanText(sum, 4, 1, 0)} a b in (c, d) }`,
  );
});

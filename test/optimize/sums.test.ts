import { describe, expect, test } from 'vitest';
import type { Jaxpr } from '../../compiler/ir/jaxpr.ts';
import { parseJaxpr } from '../../compiler/ir/parse.ts';
import { dce } from '../../compiler/optimize/dce.ts';
import { optimize } from '../../compiler/optimize/pipeline.ts';
import { sums } from '../../compiler/optimize/sums.ts';
import { fromNumbers } from '../../compiler/reference/arrays.ts';
import { evaluate } from '../../compiler/reference/evaluate.ts';
import { expectSameBits } from '../support/arrays.ts';
import { expectPass, expectUntouched, scanText } from '../support/passes.ts';

const pass = (jaxpr: Jaxpr): Jaxpr => dce(sums(jaxpr));

/** x^T y */
const outer = (x: string, y: string): string => `dot_general[dimension_numbers=(([0], [0]), ([], []))] ${x} ${y}`;
/** The sum over all steps of it. */
const outers = (x: string, y: string): string => `dot_general[dimension_numbers=(([0, 1], [0, 1]), ([], []))] ${x} ${y}`;

/** The step of a loop of which g is carried, and what it carries. */
const CARRIED = 'h:f32[2,4] = mul g y';

describe('the sum of', () => {
  test('products of rows, as of the gradient of a weight: one contraction over steps and rows', () => {
    const body = `a:f32[3,4] g:f32[2,4] x:f32[2,3] y:f32[2,4]. let
        ${CARRIED}; p:f32[3,4] = ${outer('x', 'h')}; s:f32[3,4] = add a p in (s, h)`;
    const reversed = (text: string): string => text.replace('reverse=False', 'reverse=True');
    expectPass(
      pass,
      `{ lambda ; a:f32[3,4] g:f32[2,4] x:f32[5,2,3] y:f32[5,2,4]. let
          c:f32[3,4] d:f32[2,4] = ${reversed(scanText(body, 5, 2, 0))} a g x y
        in (c, d) }`,
      `{ lambda ; a:f32[3,4] g:f32[2,4] x:f32[5,2,3] y:f32[5,2,4]. let
          d:f32[2,4] h:f32[5,2,4] = ${reversed(scanText(`g:f32[2,4] y:f32[2,4]. let ${CARRIED} in (h, h)`, 5, 1, 0))} g y
          p:f32[3,4] = ${outers('x', 'h')}; c:f32[3,4] = add a p
        in (c, d) }`,
    );
  });

  test('several terms, from zero; of a transpose, of rows, and of what is taken away', () => {
    const body = `a:f32[4,3] b:f32[4] g:f32[2,4] x:f32[2,3] y:f32[2,4]. let
        ${CARRIED}; p:f32[3,4] = ${outer('x', 'h')}; q:f32[4,3] = transpose[permutation=(1, 0)] p; s:f32[4,3] = sub a q
        r:f32[4,3] = ${outer('y', 'x')}; t:f32[4,3] = add r s
        m:f32[4] = reduce_sum[axes=(0,)] h; n:f32[4] = add b m in (t, n, h)`;
    expectPass(
      pass,
      `{ lambda ; b:f32[4] g:f32[2,4] x:f32[5,2,3] y:f32[5,2,4]. let
          z:f32[4,3] = broadcast_in_dim[broadcast_dimensions=() shape=(4, 3)] 0.0:f32[]
          c:f32[4,3] e:f32[4] d:f32[2,4] = ${scanText(body, 5, 3, 0)} z b g x y
        in (c, d, e) }`,
      `{ lambda ; b:f32[4] g:f32[2,4] x:f32[5,2,3] y:f32[5,2,4]. let
          d:f32[2,4] h:f32[5,2,4] = ${scanText(`g:f32[2,4] y:f32[2,4]. let ${CARRIED} in (h, h)`, 5, 1, 0)} g y
          p:f32[3,4] = ${outers('x', 'h')}; q:f32[4,3] = transpose[permutation=(1, 0)] p; s:f32[4,3] = neg q
          r:f32[4,3] = ${outers('y', 'x')}; t:f32[4,3] = add s r
          m:f32[4] = reduce_sum[axes=(0, 1)] h; n:f32[4] = add b m
        in (t, d, n) }`,
    );
  });

  test('float16 products that are added up in float32: in float32', () => {
    const body = `a:f32[3,4] x:f16[2,3] y:f16[2,4]. let
        p:f16[3,4] = ${outer('x', 'y')}; q:f32[3,4] = convert_element_type[new_dtype=float32 weak_type=False] p
        s:f32[3,4] = add a q in (s,)`;
    expectPass(
      pass,
      `{ lambda ; a:f32[3,4] x:f16[5,2,3] y:f16[5,2,4]. let c:f32[3,4] = ${scanText(body, 5, 1, 0)} a x y in (c,) }`,
      `{ lambda ; a:f32[3,4] x:f16[5,2,3] y:f16[5,2,4]. let
          u:f32[5,2,3] = convert_element_type[new_dtype=float32 weak_type=False] x
          v:f32[5,2,4] = convert_element_type[new_dtype=float32 weak_type=False] y
          p:f32[3,4] = ${outers('u', 'v')}; c:f32[3,4] = add a p
        in (c,) }`,
    );
  });

  test('products with a const: of the sum; padded and moved', () => {
    const body = `w:f32[3,4] a:f32[2,6] x:f32[2,3]. let
        p:f32[2,4] = dot_general[dimension_numbers=(([1], [0]), ([], []))] x w
        q:f32[2,6] = pad[padding_config=((0, 0, 0), (2, 0, 0))] p 0.0:f32[]; s:f32[2,6] = add a q in (s,)`;
    expectPass(
      pass,
      `{ lambda ; w:f32[3,4] a:f32[2,6] x:f32[5,2,3]. let c:f32[2,6] = ${scanText(body, 5, 1, 1)} w a x in (c,) }`,
      `{ lambda ; w:f32[3,4] a:f32[2,6] x:f32[5,2,3]. let
          t:f32[2,3] = reduce_sum[axes=(0,)] x; p:f32[2,4] = dot_general[dimension_numbers=(([1], [0]), ([], []))] t w
          q:f32[2,6] = pad[padding_config=((0, 0, 0), (2, 0, 0))] p 0.0:f32[]; c:f32[2,6] = add a q
        in (c,) }`,
    );
  });

  test('products of a batch', () => {
    const product = (batch: string, contracting: string, x: string, y: string): string =>
      `dot_general[dimension_numbers=(([${contracting}], [${contracting}]), ([${batch}], [${batch}]))] ${x} ${y}`;
    const body = `a:f32[6,3,4] x:f32[6,2,3] y:f32[6,2,4]. let
        p:f32[6,3,4] = ${product('0', '1', 'x', 'y')}; s:f32[6,3,4] = add p a in (s,)`;
    expectPass(
      pass,
      `{ lambda ; a:f32[6,3,4] x:f32[5,6,2,3] y:f32[5,6,2,4]. let c:f32[6,3,4] = ${scanText(body, 5, 1, 0)} a x y in (c,) }`,
      `{ lambda ; a:f32[6,3,4] x:f32[5,6,2,3] y:f32[5,6,2,4]. let
          p:f32[6,3,4] = ${product('1', '0, 2', 'x', 'y')}; c:f32[6,3,4] = add a p
        in (c,) }`,
    );
  });

  test('values that are stacked anyway, where the loop has kernels of its own', () => {
    const body = `w:f32[4,4] b:f32[4] h:f32[4] x:f32[4]. let
        p:f32[4] = dot_general[dimension_numbers=(([0], [0]), ([], []))] h w
        n:f32[4] = add p x; m:f32[4] = add b n in (m, n, n)`;
    const after = `w:f32[4,4] h:f32[4] x:f32[4]. let
        p:f32[4] = dot_general[dimension_numbers=(([0], [0]), ([], []))] h w; n:f32[4] = add p x in (n, n)`;
    expectPass(
      pass,
      `{ lambda ; w:f32[4,4] b:f32[4] h:f32[4] x:f32[5,4]. let
          c:f32[4] d:f32[4] e:f32[5,4] = ${scanText(body, 5, 2, 1)} w b h x
        in (c, d, e) }`,
      `{ lambda ; w:f32[4,4] b:f32[4] h:f32[4] x:f32[5,4]. let
          d:f32[4] e:f32[5,4] = ${scanText(after, 5, 1, 1)} w h x
          s:f32[4] = reduce_sum[axes=(0,)] e; c:f32[4] = add b s
        in (c, d, e) }`,
    );
  });
});

describe('in the loop stays', () => {
  const inputs = 'a:f32[3,4] x:f32[5,2,3] y:f32[5,2,4]';
  const types = 'a:f32[3,4] x:f32[2,3] y:f32[2,4]';
  const stays = (equations: string, results: string, outputs: string): void => {
    const scan = scanText(`${types}. let ${equations} in ${results}`, 5, 1, 0);
    expectUntouched(sums, `{ lambda ; ${inputs}. let ${outputs} = ${scan} a x y in (c,) }`);
  };

  test('a sum that is stacked', () => {
    stays(`p:f32[3,4] = ${outer('x', 'y')}; s:f32[3,4] = add a p`, '(s, s)', 'c:f32[3,4] d:f32[5,3,4]');
  });

  test('a sum that something else reads', () => {
    stays(`p:f32[3,4] = ${outer('x', 'y')}; q:f32[3,4] = mul p a; s:f32[3,4] = add a q`, '(s,)', 'c:f32[3,4]');
  });

  test('what is taken from: p - a', () => {
    stays(`p:f32[3,4] = ${outer('x', 'y')}; s:f32[3,4] = sub p a`, '(s,)', 'c:f32[3,4]');
  });

  test('a sum of what comes from a barrier', () => {
    stays(`z:f32[2,4] = optimization_barrier y; p:f32[3,4] = ${outer('x', 'z')}; s:f32[3,4] = add a p`, '(s,)', 'c:f32[3,4]');
  });

  test('a sum in a loop that one kernel runs', () => {
    const body = 'a:f32[4] h:f32[4] x:f32[4]. let n:f32[4] = mul h x; s:f32[4] = add a n in (s, n, n)';
    expectUntouched(
      sums,
      `{ lambda ; a:f32[4] x:f32[5,4]. let c:f32[4] d:f32[4] e:f32[5,4] = ${scanText(body, 5, 2, 0)} a a x in (c, d, e) }`,
    );
  });

  test('what would have to be stacked in a loop that stacks nothing', () => {
    const body = `a:f32[3,3] h:f32[2,3]. let p:f32[3,3] = ${outer('h', 'h')}; s:f32[3,3] = add a p; n:f32[2,3] = sin h in (s, n)`;
    expectUntouched(
      sums,
      `{ lambda ; a:f32[3,3] h:f32[2,3]. let c:f32[3,3] d:f32[2,3] = ${scanText(body, 5, 2, 0)} a h in (c, d) }`,
    );
  });
});

test('sums of integers are the same to the bit', () => {
  const body = `a:i32[3,4] x:i32[2,3] y:i32[2,4]. let p:i32[3,4] = ${outer('x', 'y')}; s:i32[3,4] = sub a p in (s,)`;
  const inputTypes = 'a:i32[3,4] x:i32[5,2,3] y:i32[5,2,4]';
  const jaxpr = parseJaxpr(`{ lambda ; ${inputTypes}. let c:i32[3,4] = ${scanText(body, 5, 1, 0)} a x y in (c,) }`);
  const inputs = jaxpr.inputs.map(({ aval: { dtype, shape } }, k) => {
    const size = shape.reduce((a, b) => a * b, 1);
    return fromNumbers(dtype, shape, Array.from({ length: size }, (_, i) => ((i + k) * 123457891) | 0));
  });
  const optimized = optimize(jaxpr);
  expect(optimized.equations.some(({ primitive }) => primitive.name === 'scan')).toBe(false);
  expectSameBits(evaluate(optimized, inputs)[0]!, evaluate(jaxpr, inputs)[0]!);
});

import { describe, expect, test } from 'vitest';
import { Jaxpr } from '../../compiler/ir/jaxpr.ts';
import { canonicalText, equalJaxprs, hashJaxpr } from '../../compiler/ir/hash.ts';
import { parseJaxpr } from '../../compiler/ir/parse.ts';

const TEXT = '{ lambda a:f32[3]; b:f32[3] c:i32[]. let d:f32[3] = mul a 0.0:f32[]; e:f32[3] = sub b d in (e, c) }';

/** The three views of equality agree. */
function expectEqual(a: Jaxpr, b: Jaxpr, equal: boolean): void {
  expect(equalJaxprs(a, b)).toBe(equal);
  expect(canonicalText(a) === canonicalText(b)).toBe(equal);
  expect(hashJaxpr(a) === hashJaxpr(b)).toBe(equal);
}

test('names do not count', () => {
  expectEqual(parseJaxpr(TEXT), parseJaxpr(TEXT.replace(/\b([a-e])\b(?!:f32\[\])/g, 'v$1')), true);
});

test('sources, paths and the order of parameters do not count', () => {
  const jaxpr = parseJaxpr(`{ lambda ; a:f32[3]. let
      b:f32[2,3] = broadcast_in_dim[broadcast_dimensions=(1,) shape=(2, 3)] a
    in (b,) }`);
  const equations = jaxpr.equations.map((equation) => ({
    ...equation,
    params: Object.fromEntries(Object.entries(equation.params).reverse()),
    source: { file: 'a.ts', line: 1, column: 2 },
    path: 'layers',
  }));
  expectEqual(jaxpr, new Jaxpr(jaxpr.consts, jaxpr.inputs, equations, jaxpr.outputs), true);
});

describe('counts', () => {
  test.each([
    ['the primitive', 'sub b d', 'add b d'],
    ['the order of operands', 'sub b d', 'sub d b'],
    ['the sign of a zero', ' 0.0:', ' -0.0:'],
    ['a NaN', ' 0.0:', ' nan:'],
    ['the outputs', '(e, c)', '(d, c)'],
    ['what is a const', 'a:f32[3]; b:f32[3]', 'a:f32[3] b:f32[3];'],
    ['a type that nothing reads', 'c:i32[]', 'c:u32[]'],
    ['weakness', 'c:i32[]', 'c:~i32[]'],
  ])('%s', (_, from, to) => {
    expectEqual(parseJaxpr(TEXT), parseJaxpr(TEXT.replace(from, to)), false);
  });

  test('a parameter', () => {
    const text = '{ lambda ; a:f32[3,3]. let b:f32[3] = reduce_sum[axes=(0,)] a in (b,) }';
    expectEqual(parseJaxpr(text), parseJaxpr(text.replace('(0,)', '(1,)')), false);
  });

  test('a jaxpr among parameters', () => {
    const text = `{ lambda ; a:f32[3]. let
        b:f32[3] = jit[name=f jaxpr={ lambda ; c:f32[3]. let d:f32[3] = sin c in (d,) }] a
      in (b,) }`;
    expectEqual(parseJaxpr(text), parseJaxpr(text.replace('sin', 'cos')), false);
    expectEqual(parseJaxpr(text), parseJaxpr(text.replaceAll(/\bc\b/g, 'x')), true);
  });
});

test('NaN equals NaN', () => {
  expectEqual(parseJaxpr(TEXT.replace(' 0.0:', ' nan:')), parseJaxpr(TEXT.replace(' 0.0:', ' nan:')), true);
});

test('a hash is 16 hexadecimal digits', () => {
  expect(hashJaxpr(parseJaxpr(TEXT))).toMatch(/^[0-9a-f]{16}$/);
});

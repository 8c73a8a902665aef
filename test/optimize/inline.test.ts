import { expect, test } from 'vitest';
import { Jaxpr } from '../../compiler/ir/jaxpr.ts';
import { parseJaxpr } from '../../compiler/ir/parse.ts';
import { inline } from '../../compiler/optimize/inline.ts';
import { expectPass, expectUntouched } from '../support/passes.ts';

test('jit, nested and twice', () => {
  const g = 'jit[name=g jaxpr={ lambda ; e:f32[3]. let f:f32[3] = sin e in (f,) }]';
  const f = `jit[name=f jaxpr={ lambda ; c:f32[3]. let d:f32[3] = ${g} c in (d,) }]`;
  expectPass(
    inline,
    `{ lambda ; a:f32[3]. let b:f32[3] = ${f} a; c:f32[3] = ${f} b in (c,) }`,
    '{ lambda ; a:f32[3]. let b:f32[3] = sin a; c:f32[3] = sin b in (c,) }',
  );
});

test('a weak operand of a strong input is made strong', () => {
  expectPass(
    inline,
    '{ lambda ; a:~f32[]. let b:f32[] = jit[name=f jaxpr={ lambda ; c:f32[]. let d:f32[] = sin c in (d,) }] a in (b,) }',
    '{ lambda ; a:~f32[]. let b:f32[] = convert_element_type[new_dtype=float32 weak_type=False] a; c:f32[] = sin b in (c,) }',
  );
});

const branches = 'branches=({ lambda ; c:f32[]. let d:f32[] = sin c in (d,) } { lambda ; c:f32[]. let in (c,) })';

test('a cond whose index is known, clamped', () => {
  expectPass(
    inline,
    `{ lambda ; a:f32[]. let b:f32[] = cond[${branches}] 0:i32[] a; c:f32[] = cond[${branches}] 7:i32[] b in (b, c) }`,
    '{ lambda ; a:f32[]. let b:f32[] = sin a in (b, b) }',
  );
  expectUntouched(inline, `{ lambda ; i:i32[] a:f32[]. let b:f32[] = cond[${branches}] i a in (b,) }`);
});

test('a cond whose branches are equal', () => {
  const equal = `branches=(
    { lambda ; c:f32[]. let d:f32[] = sin c in (d,) }
    { lambda ; x:f32[]. let y:f32[] = sin x in (y,) }
  )`;
  expectPass(
    inline,
    `{ lambda ; i:i32[] a:f32[]. let b:f32[] = cond[${equal}] i a in (b,) }`,
    '{ lambda ; i:i32[] a:f32[]. let b:f32[] = sin a in (b,) }',
  );
});

test('the sources and paths of the body stay', () => {
  const jaxpr = parseJaxpr(`{ lambda ; a:f32[]. let
      b:f32[] = jit[name=f jaxpr={ lambda ; c:f32[]. let d:f32[] = sin c in (d,) }] a
    in (b,) }`);
  const [call] = jaxpr.equations;
  const body = call!.params['jaxpr'] as Jaxpr;
  const source = { file: 'model.ts', line: 3, column: 1 };
  const marked = new Jaxpr([], body.inputs, body.equations.map((each) => ({ ...each, source, path: 'layers' })), body.outputs);
  const inlined = inline(new Jaxpr([], jaxpr.inputs, [{ ...call!, params: { name: 'f', jaxpr: marked } }], jaxpr.outputs));
  expect(inlined.equations[0]).toMatchObject({ source, path: 'layers' });
});

import { describe, expect, test } from 'vitest';
import { HeddleError } from '../../compiler/errors.ts';
import { Literal } from '../../compiler/ir/jaxpr.ts';
import type { Jaxpr } from '../../compiler/ir/jaxpr.ts';
import { parseJaxpr } from '../../compiler/ir/parse.ts';
import { printJaxpr } from '../../compiler/ir/print.ts';

function errorOf(text: string): HeddleError {
  try {
    parseJaxpr(text);
  } catch (error) {
    if (error instanceof HeddleError) return error;
    throw error;
  }
  throw new Error('it parsed');
}

test('consts, inputs, equations and outputs are read', () => {
  const jaxpr = parseJaxpr('{ lambda a:f32[2,3]; b:~i32[]. let c:f32[2,3] = neg a in (c, b, 2.5:f32[]) }');
  expect(jaxpr.consts.map(({ aval }) => aval)).toEqual([{ dtype: 'float32', shape: [2, 3], weak: false }]);
  expect(jaxpr.inputs.map(({ aval }) => aval)).toEqual([{ dtype: 'int32', shape: [], weak: true }]);
  expect(jaxpr.equations).toHaveLength(1);
  expect(jaxpr.equations[0]!.primitive.name).toBe('neg');
  expect(jaxpr.equations[0]!.inputs).toEqual(jaxpr.consts);
  expect(jaxpr.outputs.slice(0, 2)).toEqual([jaxpr.equations[0]!.outputs[0], jaxpr.inputs[0]]);
  expect(jaxpr.outputs[2]).toEqual(new Literal(2.5, { dtype: 'float32', shape: [], weak: false }));
});

test('parameters are read', () => {
  const jaxpr = parseJaxpr(`
    { lambda ; a:f32[3] b:f32[3]. let
        c:f32[] = dot_general[dimension_numbers=(([0], [0]), ([], []))] a b
        d:f32[3] = jit[name="my f" jaxpr={ lambda ; x:f32[3]. let y:i32[] = iota[dimension=0 dtype=int32 shape=(1,)] in (x,) }] a
      in (c, d) }`.replace('y:i32[]', 'y:i32[1]'));
  expect(jaxpr.equations[0]!.params).toEqual({ dimensionNumbers: [[[0], [0]], [[], []]] });
  const { name, jaxpr: inner } = jaxpr.equations[1]!.params;
  expect(name).toBe('my f');
  expect((inner as Jaxpr).equations[0]!.params).toEqual({ dimension: 0, dtype: 'int32', shape: [1] });
});

test('layout and comments do not matter', () => {
  const text = `{lambda;a:f32[ 2 , 3 ].let # a comment
    b:f32[2,3]=add a 0.1:f32[];c:f32[2,3]=sin b in(c,)}# the end`;
  expect(printJaxpr(parseJaxpr(text))).toBe(
    [
      '{ lambda ; a:f32[2,3]. let',
      '    b:f32[2,3] = add a 0.10000000149011612:f32[]',
      '    c:f32[2,3] = sin b',
      '  in (c,) }',
    ].join('\n'),
  );
});

describe('errors show line, column and what was expected', () => {
  const cases: readonly [name: string, text: string, message: string][] = [
    [
      'an empty text',
      '',
      ['[IR_SYNTAX] line 1, column 1: expected `{`, found the end of the text', '    ', '    ^'].join('\n'),
    ],
    [
      'a missing bracket',
      '{ lambda ; a:f32[2]. let in (a,)',
      [
        '[IR_SYNTAX] line 1, column 33: expected `}`, found the end of the text',
        '    { lambda ; a:f32[2]. let in (a,)',
        '                                    ^',
      ].join('\n'),
    ],
    [
      'a type that does not exist',
      '{ lambda ; a:f64[2]. let in (a,) }',
      [
        '[IR_SYNTAX] line 1, column 14: expected a type such as `f32[2,3]`, found `f64[2]`',
        '    { lambda ; a:f64[2]. let in (a,) }',
        '                 ^',
      ].join('\n'),
    ],
    [
      'text behind the end',
      '{ lambda ; . let in () } {',
      [
        '[IR_SYNTAX] line 1, column 26: expected the end of the text, found `{`',
        '    { lambda ; . let in () } {',
        `${' '.repeat(29)}^`,
      ].join('\n'),
    ],
    [
      'an unknown primitive',
      '{ lambda ; a:f32[2]. let\n    b:f32[2] = sine a\n  in (b,) }',
      [
        '[IR_SYNTAX] line 2, column 16: there is no primitive `sine`',
        '        b:f32[2] = sine a',
        '                   ^',
      ].join('\n'),
    ],
    [
      'an unbound variable',
      '{ lambda ; a:f32[2]. let b:f32[2] = add a x in (b,) }',
      [
        '[IR_SYNTAX] line 1, column 43: `x` is not bound here',
        '    { lambda ; a:f32[2]. let b:f32[2] = add a x in (b,) }',
        `${' '.repeat(46)}^`,
      ].join('\n'),
    ],
    [
      'a name bound twice',
      '{ lambda ; a:f32[2]. let a:f32[2] = sin a in (a,) }',
      [
        '[IR_SYNTAX] line 1, column 37: `a` is bound a second time',
        '    { lambda ; a:f32[2]. let a:f32[2] = sin a in (a,) }',
        `${' '.repeat(40)}^`,
      ].join('\n'),
    ],
    [
      'a literal that its dtype cannot hold',
      '{ lambda ; a:u32[]. let b:u32[] = add a -1:u32[] in (b,) }',
      [
        '[IR_SYNTAX] line 1, column 44: -1 is not a value of uint32',
        '    { lambda ; a:u32[]. let b:u32[] = add a -1:u32[] in (b,) }',
        `${' '.repeat(47)}^`,
      ].join('\n'),
    ],
    [
      'no equation',
      '{ lambda ; a:f32[]. let ; in (a,) }',
      [
        '[IR_SYNTAX] line 1, column 25: expected an equation or `in`, found `;`',
        '    { lambda ; a:f32[]. let ; in (a,) }',
        `${' '.repeat(28)}^`,
      ].join('\n'),
    ],
    [
      'a parameter without a value',
      '{ lambda ; a:f32[3]. let b:f32[3] = rev[dimensions] a in (b,) }',
      [
        '[IR_SYNTAX] line 1, column 41: expected a parameter `name=value` or `]`, found `dimensions`',
        '    { lambda ; a:f32[3]. let b:f32[3] = rev[dimensions] a in (b,) }',
        `${' '.repeat(44)}^`,
      ].join('\n'),
    ],
    [
      'too few operands',
      '{ lambda ; a:f32[2]. let b:f32[2] = add a in (b,) }',
      [
        '[IR_TYPE] line 1, column 37: add: takes 2 operands, was given 1',
        '    { lambda ; a:f32[2]. let b:f32[2] = add a in (b,) }',
        `${' '.repeat(40)}^`,
      ].join('\n'),
    ],
    [
      'another type than the result has',
      '{ lambda ; a:f32[2]. let b:f32[3] = sin a in (b,) }',
      [
        '[IR_TYPE] line 1, column 37: sin: its results are (f32[2]), not (f32[3])',
        '    { lambda ; a:f32[2]. let b:f32[3] = sin a in (b,) }',
        `${' '.repeat(40)}^`,
      ].join('\n'),
    ],
    [
      'a parameter that the primitive does not have',
      '{ lambda ; a:f32[2]. let b:f32[2] = sin[axis=0] a in (b,) }',
      [
        '[IR_TYPE] line 1, column 37: sin: takes the parameters [], was given [axis]',
        '    { lambda ; a:f32[2]. let b:f32[2] = sin[axis=0] a in (b,) }',
        `${' '.repeat(40)}^`,
      ].join('\n'),
    ],
  ];
  test.each(cases)('%s', (_, text, message) => {
    expect(errorOf(text).message).toBe(message);
  });
});

test('a jaxpr among parameters does not see the variables around it', () => {
  const text = '{ lambda ; a:f32[2]. let b:f32[2] = jit[name=f jaxpr={ lambda ; . let in (a,) }] in (b,) }';
  expect(errorOf(text).problem).toContain('`a` is not bound here');
});

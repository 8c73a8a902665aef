import { describe, expect, test } from 'vitest';
import { HeddleError } from '../../compiler/errors.ts';
import { Jaxpr, Literal, Var, aval } from '../../compiler/ir/jaxpr.ts';
import type { Equation } from '../../compiler/ir/jaxpr.ts';
import { parseJaxpr } from '../../compiler/ir/parse.ts';
import { verifyJaxpr } from '../../compiler/ir/verify.ts';

const GOOD = parseJaxpr(`{ lambda ; a:f32[2]. let
    b:f32[2] = sin a
    c:f32[2] = cos b
    d:f32[2] = add b c
  in (d,) }`);

function verdict(jaxpr: Jaxpr): string {
  try {
    verifyJaxpr(jaxpr);
    return 'well-formed';
  } catch (error) {
    if (error instanceof HeddleError) return error.message;
    throw error;
  }
}

/** GOOD with another form of one equation. */
function withEquation(at: number, change: Partial<Equation>): Jaxpr {
  const equations = GOOD.equations.map((equation, i) => (i === at ? { ...equation, ...change } : equation));
  return new Jaxpr([], GOOD.inputs, equations, GOOD.outputs);
}

test('a well-formed jaxpr passes', () => {
  expect(verdict(GOOD)).toBe('well-formed');
});

describe('faults are shown with the equations around them', () => {
  test('a result of another type', () => {
    const [sin] = GOOD.equations;
    const wrong = new Jaxpr([], GOOD.inputs, [{ ...sin!, outputs: [new Var(aval('float32', [3]))] }], []);
    expect(verdict(wrong)).toBe(
      [
        '[IR_TYPE] equation 1 of 1: sin: its results are (f32[2]), not (f32[3])',
        '{ lambda ; a:f32[2]. let _:f32[3] = sin a in () }  # <- here',
      ].join('\n'),
    );
  });

  test('a variable read before it is bound', () => {
    const text = verdict(withEquation(1, { inputs: [GOOD.outputs[0]!] }));
    expect(text).toBe(
      [
        '[IR_TYPE] equation 2 of 3: a variable f32[2] is read before it is bound',
        '{ lambda ; a:f32[2]. let',
        '    b:f32[2] = sin a',
        '    c:f32[2] = cos d  # <- here',
        '    d:f32[2] = add b c',
        '  in (d,) }',
      ].join('\n'),
    );
  });

  test('a variable bound twice', () => {
    expect(verdict(withEquation(1, { outputs: GOOD.equations[0]!.outputs }))).toContain(
      '[IR_TYPE] equation 2 of 3: a variable f32[2] is bound a second time',
    );
  });

  test('an output that nothing binds', () => {
    const jaxpr = new Jaxpr([], GOOD.inputs, GOOD.equations, [new Var(aval('int32', []))]);
    expect(verdict(jaxpr)).toContain('[IR_TYPE] the outputs: a variable i32[] is read before it is bound');
  });

  test('a literal that is no scalar, and one that its dtype cannot hold', () => {
    const array = new Literal(1, aval('float32', [2]));
    expect(verdict(withEquation(0, { inputs: [array] }))).toContain('a literal has the type f32[2]; literals are scalars');
    const unrounded = new Literal(0.1, aval('float32', []));
    expect(verdict(withEquation(0, { inputs: [unrounded] }))).toContain('the literal 0.1 is not a value of float32');
  });

  test('missing and malformed parameters', () => {
    const text = '{ lambda ; a:f32[2,3]. let b:f32[3,2] = transpose[permutation=(1, 0)] a in (b,) }';
    const { inputs, equations, outputs } = parseJaxpr(text);
    const verdictWith = (params: Equation['params']): string =>
      verdict(new Jaxpr([], inputs, equations.map((equation) => ({ ...equation, params })), outputs));
    expect(verdictWith({})).toContain('transpose: takes the parameters [permutation], was given []');
    expect(verdictWith({ permutation: null })).toContain('transpose: malformed parameters (TypeError');
    expect(verdictWith({ permutation: [0, 0] })).toContain('transpose: [0,0] is no permutation of the axes of [2,3]');
  });
});

describe('jaxprs inside equations', () => {
  const calling = (inner: Jaxpr): Jaxpr => {
    const { inputs, equations, outputs } = parseJaxpr(
      '{ lambda ; a:f32[2]. let b:f32[2] = jit[name=f jaxpr={ lambda ; c:f32[2]. let in (c,) }] a in (b,) }',
    );
    return new Jaxpr([], inputs, equations.map((equation) => ({ ...equation, params: { name: 'f', jaxpr: inner } })), outputs);
  };

  test('are closed', () => {
    const outside = new Var(aval('float32', [2]));
    const inner = new Jaxpr([], [new Var(aval('float32', [2]))], [], [outside]);
    expect(verdict(calling(inner))).toContain('the outputs: a variable f32[2] is read before it is bound');
  });

  test('have no consts', () => {
    const constant = new Var(aval('float32', [2]));
    expect(verdict(calling(new Jaxpr([constant], [new Var(aval('float32', [2]))], [], [constant])))).toContain(
      'jit: a jaxpr inside an equation has consts; what it captures must be passed as operands',
    );
  });

  test('are verified', () => {
    expect(verdict(calling(withEquation(1, { inputs: [] })))).toContain('equation 2 of 3: cos: takes 1 operand, was given 0');
  });
});

const SCAN = parseJaxpr(`{ lambda ; a:f32[2] b:f32[] c:f32[4,2]. let
    d:f32[] e:f32[4,2] = scan[
      jaxpr={ lambda ; f:f32[2] g:f32[] h:f32[2]. let i:f32[2] = mul f h in (g, i) }
      length=4
      num_carry=1
      num_consts=1
      reverse=False
    ] a b c
  in (d, e) }`);

describe('scan and cond', () => {
  const withParams = (jaxpr: Jaxpr, params: Equation['params']): Jaxpr => {
    const equations = jaxpr.equations.map((equation) => ({ ...equation, params: { ...equation.params, ...params } }));
    return new Jaxpr([], jaxpr.inputs, equations, jaxpr.outputs);
  };

  test('a body whose carry changes its type', () => {
    const body = parseJaxpr('{ lambda ; f:f32[2] g:f32[] h:f32[2]. let i:f32[2] = mul f h in (i, i) }');
    expect(verdict(withParams(SCAN, { jaxpr: body }))).toContain('scan: carry 0 enters as f32[] and leaves as f32[2]');
  });

  test('xs of another length', () => {
    expect(verdict(withParams(SCAN, { length: 3 }))).toContain('scan: xs 0 is f32[4,2], its leading axis must be the length 3');
  });

  test('counts that do not fit', () => {
    expect(verdict(withParams(SCAN, { numConsts: 2 }))).toContain('[IR_TYPE] equation 1 of 1: scan: ');
    expect(verdict(withParams(SCAN, { numCarry: 7 }))).toContain('[IR_TYPE] equation 1 of 1: scan: ');
  });

  test('branches that differ', () => {
    const jaxpr = parseJaxpr(`{ lambda ; a:i32[] b:f32[2]. let
        c:f32[2] = cond[branches=({ lambda ; d:f32[2]. let in (d,) } { lambda ; e:f32[2]. let in (e,) })] a b
      in (c,) }`);
    const given = jaxpr.equations[0]!.params['branches'] as readonly Jaxpr[];
    const branches = [...given, parseJaxpr('{ lambda ; d:f32[2]. let in () }')];
    expect(verdict(withParams(jaxpr, { branches }))).toContain('cond: branch 0 gives (f32[2]), branch 2 gives ()');
  });
});

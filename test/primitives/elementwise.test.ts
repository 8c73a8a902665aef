/** Type rules, batching and transposes of the pointwise primitives, on the host. Their values: test/golden/numerics.test.ts. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { HeddleError } from '../../compiler/errors.ts';
import { Builder } from '../../compiler/ir/builder.ts';
import { Var, aval, showAval } from '../../compiler/ir/jaxpr.ts';
import type { Aval, Params } from '../../compiler/ir/jaxpr.ts';
import { ELEMENTWISE } from '../../compiler/primitives/elementwise.ts';
import { LinearOperand } from '../../compiler/primitives/primitive.ts';
import type { Primitive } from '../../compiler/primitives/primitive.ts';
import { RANDOM } from '../../compiler/primitives/random.ts';
import { fromNumbers } from '../../compiler/reference/arrays.ts';
import { evaluate } from '../../compiler/reference/evaluate.ts';
import { batchJaxpr } from '../../compiler/transforms/vmap.ts';
import { DERIVATIVE_PASSES } from '../../compiler/transforms/passes.ts';
import { arraysOf } from '../support/arrays.ts';
import { axisChoices, equationJaxpr, mappedAvals, vmapIsLoop } from '../support/laws.ts';

const ROWS = [...ELEMENTWISE, ...RANDOM];

function named(name: string): Primitive {
  const found = ROWS.find((primitive) => primitive.name === name);
  if (found === undefined) throw new Error(`no primitive ${name}`);
  return found;
}

/** `f32[3]`, `~i32[]` */
function parse(text: string): Aval {
  const [, weak, short, shape] = /^(~?)(\w+)\[(.*)\]$/.exec(text)!;
  const dtype = ({ f32: 'float32', f16: 'float16', i32: 'int32', u32: 'uint32', bool: 'bool' } as const)[short as 'f32'];
  return aval(dtype, shape === '' ? [] : shape!.split(',').map(Number), weak === '~');
}

function typed(name: string, operands: string, params: Params = {}): string {
  return named(name).type(operands.split(' ').map(parse), params).map(showAval).join(' ');
}

function messageOf(f: () => unknown): string {
  try {
    f();
  } catch (error) {
    if (error instanceof HeddleError) return error.message;
    throw error;
  }
  throw new Error('nothing was thrown');
}

describe('types', () => {
  test.each([
    ['add', 'f32[2,3] f32[2,3]', 'f32[2,3]'],
    ['add', 'f32[2,3] f32[]', 'f32[2,3]'],
    ['sub', '~i32[] i32[3]', 'i32[3]'],
    ['mul', '~f32[] ~f32[3]', '~f32[3]'],
    ['lt', '~u32[3] ~u32[]', 'bool[3]'],
    ['is_nan', '~f16[3]', 'bool[3]'],
    ['clz', 'u32[3]', 'u32[3]'],
    ['clamp', 'f32[] f32[3] f32[]', 'f32[3]'],
    ['clamp', '~i32[] i32[3] ~i32[]', 'i32[3]'],
    ['select_n', 'bool[] f32[3] ~f32[]', 'f32[3]'],
    ['select_n', 'bool[3] ~i32[] ~i32[]', '~i32[3]'],
    ['threefry2x32', 'u32[] u32[] u32[4] u32[4]', 'u32[4] u32[4]'],
  ])('%s %s -> %s', (name, operands, result) => {
    expect(typed(name, operands)).toBe(result);
  });

  test('parameters decide', () => {
    expect(typed('convert_element_type', 'f32[3]', { newDtype: 'bool', weakType: false })).toBe('bool[3]');
    expect(typed('convert_element_type', 'i32[]', { newDtype: 'float32', weakType: true })).toBe('~f32[]');
    expect(typed('bitcast_convert_type', 'f32[3]', { newDtype: 'uint32' })).toBe('u32[3]');
    expect(typed('integer_pow', 'i32[3]', { y: 2 })).toBe('i32[3]');
  });

  test.each<[string, string, Params, string[]]>([
    ['add', 'f32[3] i32[3]', {}, ['[DTYPE] add: operands f32[3] and i32[3] have different dtypes', "y.astype('float32')"]],
    ['sin', 'i32[3]', {}, ['[DTYPE] sin: takes f32, f16, was given i32[3]', "x.astype('float32')"]],
    ['add', 'bool[3] bool[]', {}, ['[DTYPE] add: takes f32, f16, i32, u32, was given bool[3] and bool[]', "x.astype('float32')"]],
    [
      'mul', 'f32[2,3] f32[3]', {},
      ['[SHAPE] mul: shapes [2,3] and [3] differ, and neither is a scalar', 'np.broadcastTo(y, [2,3])'],
    ],
    ['mul', 'f32[1] f32[3]', {}, ['[SHAPE] mul: shapes [1] and [3] differ, and neither is a scalar', 'np.broadcastTo(y, [1])']],
    [
      'select_n', 'i32[3] f32[3] f32[3]', {},
      ['[DTYPE] select_n: the condition must be bool, it is i32[3]', "which.astype('bool')"],
    ],
    [
      'select_n', 'bool[2] f32[3] f32[3]', {},
      ['[SHAPE] select_n: shapes [2] and [3] differ, and neither is a scalar', 'np.broadcastTo(y, [2])'],
    ],
    [
      'integer_pow', 'i32[]', { y: -1 },
      ['[VALUE] integer_pow: exponents of i32[] are whole numbers from 0, was given -1', "lax.pow(x.astype('float32'), -1)"],
    ],
    [
      'integer_pow', 'f32[]', { y: 0.5 },
      ['[VALUE] integer_pow: exponents of f32[] are whole numbers, was given 0.5', "lax.pow(x.astype('float32'), 0.5)"],
    ],
    [
      'bitcast_convert_type', 'i32[]', { newDtype: 'bool' },
      ['[DTYPE] bitcast_convert_type: i32[] has 32 bits, bool does not', "lax.convertElementType(x, 'bool')"],
    ],
    ['exp', 'f32[3] f32[3]', {}, ['[IR_TYPE] exp: takes 1 operand, was given 2']],
  ])('%s %s is an error', (name, operands, params, [problem, ...fix]) => {
    expect(messageOf(() => typed(name, operands, params))).toBe([problem, ...fix.map((line) => `  fix: ${line}`)].join('\n'));
  });
});

describe('vmap is a loop on every sample, mapped in every way, also twice', () => {
  test.each(ROWS.map((primitive) => [primitive.name, primitive] as const))('%s', (_, { samples, domain, ...primitive }) => {
    for (const { inputs: avals, params } of samples) {
      const jaxpr = equationJaxpr({ samples, domain, ...primitive }, avals, params);
      for (const axes of axisChoices(avals)) {
        const mapped = mappedAvals(avals, axes, 2);
        const [inputs] = fc.sample(arraysOf(mapped, domain), { numRuns: 1, seed: axes.length });
        vmapIsLoop(jaxpr, inputs!, axes, 2);
        const twice = mappedAvals(mapped, axes, 3);
        const [outer] = fc.sample(arraysOf(twice, domain), { numRuns: 1, seed: axes.length });
        vmapIsLoop(batchJaxpr(jaxpr, 2, axes).jaxpr, outer!, axes, 3);
      }
    }
  });

  test('operands that agree on their mapped axis are not moved', () => {
    const jaxpr = equationJaxpr(named('mul'), [aval('float32', [3]), aval('float32', [])], {});
    const { jaxpr: mapped, outAxes } = batchJaxpr(jaxpr, 2, [1, null]);
    expect(mapped.equations.map(({ primitive }) => primitive.name)).toEqual(['mul']);
    expect(outAxes).toEqual([1]);
  });
});

describe('transpose: <ct, f(t)> = <transpose(ct), t>', () => {
  const x = [0.5, -2, 3];
  const ct = [1, 4, -0.25];
  const known = [2, 0.5, -4];
  const VECTOR = aval('float32', [3]);
  const SCALAR = aval('float32', []);

  /** The operand at `linear` is transposed, the others are given values. */
  function adjoint(name: string, avals: readonly Aval[], linear: number, params: Params = {}): void {
    const primitive = named(name);
    const values = avals.map(({ dtype, shape }, i) => {
      const numbers = dtype === 'bool' ? [1, 0, 1] : i === linear ? x : known;
      return fromNumbers(dtype, shape, shape.length === 0 ? numbers.slice(0, 1) : numbers);
    });
    const [forward] = primitive.reference(values, params, evaluate);
    const o = new Builder();
    const inputs = avals.map((type) => new Var(type));
    const cotangent = new Var(aval('float32', forward!.shape));
    if (primitive.transpose.kind !== 'rule') throw new Error(`${name} has no transpose`);
    const operands = inputs.map((input, i) => (i === linear ? new LinearOperand(avals[i]!) : input));
    const pulled = primitive.transpose.cotangents(o, [cotangent], operands, params, DERIVATIVE_PASSES)[linear]!;
    expect(pulled.aval.shape).toEqual(avals[linear]!.shape);
    const given = fromNumbers('float32', forward!.shape, forward!.shape.length === 0 ? ct.slice(0, 1) : ct);
    const [back] = evaluate(o.build([], [...inputs, cotangent], [pulled]), [...values, given]);
    const dot = (a: ArrayLike<number>, b: ArrayLike<number>): number =>
      Array.from(a, (value, i) => value * b[i]!).reduce((sum, term) => sum + term, 0);
    expect(dot(back!.data, values[linear]!.data)).toBeCloseTo(dot(given.data, forward!.data), 4);
  }

  test.each([
    ['neg', 'f32[3]', 0],
    ['mul', 'f32[3] f32[3]', 0],
    ['mul', 'f32[3] f32[3]', 1],
    ['mul', 'f32[] f32[3]', 0],
    ['mul', 'f32[3] f32[]', 0],
    ['mul', 'f32[] f32[]', 1],
    ['div', 'f32[3] f32[3]', 0],
    ['div', 'f32[] f32[3]', 0],
  ])('%s %s in operand %i', (name, operands, linear) => adjoint(name, operands.split(' ').map(parse), linear));

  test('add and sub pass the cotangent on to each operand, summed for a scalar', () => {
    const o = new Builder();
    const cotangent = new Var(VECTOR);
    const rule = named('sub').transpose;
    if (rule.kind !== 'rule') throw new Error('sub is linear');
    const operands = [new LinearOperand(VECTOR), new LinearOperand(SCALAR)];
    const pulled = rule.cotangents(o, [cotangent], operands, {}, DERIVATIVE_PASSES);
    const [first, second] = evaluate(o.build([], [cotangent], [pulled[0]!, pulled[1]!]), [fromNumbers('float32', [3], ct)]);
    expect([...first!.data]).toEqual(ct);
    expect([...second!.data]).toEqual([-4.75]);
  });

  test.each([1, 2])('select_n in case %i', (linear) => {
    const o = new Builder();
    const [which, cotangent] = [new Var(aval('bool', [3])), new Var(VECTOR)];
    const rule = named('select_n').transpose;
    if (rule.kind !== 'rule') throw new Error('select_n is linear in its cases');
    const known = new Var(VECTOR);
    const operands = [which, known, known].map((input, i) => (i === linear ? new LinearOperand(SCALAR) : input));
    const pulled = rule.cotangents(o, [cotangent], operands, {}, DERIVATIVE_PASSES);
    expect(pulled.map((atom) => atom === null)).toEqual([true, linear !== 1, linear !== 2]);
    const inputs = [fromNumbers('bool', [3], [1, 0, 1]), fromNumbers('float32', [3], ct)];
    const [back] = evaluate(o.build([], [which, cotangent], [pulled[linear]!]), inputs);
    expect([...back!.data]).toEqual([linear === 1 ? 4 : 0.75]);
  });

  test('convert_element_type converts back', () => {
    adjoint('convert_element_type', [VECTOR], 0, { newDtype: 'float32', weakType: false });
  });
});

describe('what the goldens do not hold', () => {
  const value = (name: string, ...operands: number[]): number => {
    const inputs = operands.map((operand) => fromNumbers('float32', [], [operand]));
    return named(name).reference(inputs, {}, evaluate)[0]!.data[0]!;
  };

  test('rounding goes to the even neighbour', () => {
    expect([0.5, 1.5, 2.5, -0.5, -1.5, 0.49999997, 8388609].map((x) => value('round', x))).toEqual([0, 2, 2, -0, -2, 0, 8388609]);
  });

  test('nextafter steps one representable number', () => {
    expect(value('nextafter', 1, 2)).toBe(1 + 2 ** -23);
    expect(value('nextafter', 1, 0)).toBe(1 - 2 ** -24);
    expect(value('nextafter', -1, -2)).toBe(-1 - 2 ** -23);
    expect(value('nextafter', 0, -1)).toBe(-(2 ** -149));
    expect(value('nextafter', 3, 3)).toBe(3);
    expect(value('nextafter', NaN, 3)).toBe(NaN);
    const halves = [[1, 2], [1, 0], [65504, Infinity], [0, 1], [2 ** -14, 0]].map((pair) =>
      named('nextafter').reference(pair.map((x) => fromNumbers('float16', [], [x])), {}, evaluate)[0]!.data[0]!);
    expect(halves).toEqual([1 + 2 ** -10, 1 - 2 ** -11, Infinity, 2 ** -24, 2 ** -14 - 2 ** -24]);
  });

  test('clamp gives NaN for NaN', () => {
    expect([value('clamp', 0, NaN, 1), value('clamp', NaN, 0, 1), value('clamp', 0, 0, NaN)]).toEqual([NaN, NaN, NaN]);
    expect([value('clamp', 0, 2, 1), value('clamp', 0, -2, 1)]).toEqual([1, 0]);
  });

  test('erf and erfc to float64 (values from their series)', () => {
    expect(value('erf', 0.5)).toBe(Math.fround(0.5204998778130465));
    expect(value('erf', 2.5)).toBe(Math.fround(0.999593047982555));
    expect(value('erfc', 4)).toBe(Math.fround(1.541725790028002e-8));
  });

  test('a bitcast keeps every bit that a number can carry', () => {
    const bits = fromNumbers('uint32', [3], [0x7f800000, 0x80000000, 0x3fc00000]);
    const [floats] = named('bitcast_convert_type').reference([bits], { newDtype: 'float32' }, evaluate);
    expect([...floats!.data]).toEqual([Infinity, -0, 1.5]);
  });
});

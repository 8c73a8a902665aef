/** Derivatives of scan: what they compute, and what they keep for later. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { HostArray } from '../../compiler/dtype.ts';
import { isFloat } from '../../compiler/dtype.ts';
import { Builder } from '../../compiler/ir/builder.ts';
import { Var, aval } from '../../compiler/ir/jaxpr.ts';
import type { Atom, Aval, Jaxpr } from '../../compiler/ir/jaxpr.ts';
import { printJaxpr } from '../../compiler/ir/print.ts';
import { verifyJaxpr } from '../../compiler/ir/verify.ts';
import { fromNumbers } from '../../compiler/reference/arrays.ts';
import { evaluate } from '../../compiler/reference/evaluate.ts';
import type { ScanParams } from '../../compiler/reference/scan.ts';
import { linearizeJaxpr } from '../../compiler/transforms/linearize.ts';
import { DERIVATIVE_PASSES } from '../../compiler/transforms/passes.ts';
import {
  directions, expectAdjoint, expectFiniteDifferences, floatInputs, pullback, pushforward,
} from '../support/derivatives.ts';
import { float32, int32, jaxprOf } from '../support/jaxprs.ts';
import { mappingIsLoop } from '../support/program-laws.ts';
import { property } from '../support/property.ts';
import { randomLoops, unrolled } from '../support/random-loops.ts';
import type { RandomLoop } from '../support/random-loops.ts';

interface Drawn {
  readonly scan: RandomLoop;
  readonly tangents: readonly HostArray[];
  readonly cotangents: readonly HostArray[];
}

function directed(scans: fc.Arbitrary<RandomLoop>): [fc.Arbitrary<Drawn>] {
  const floats = (atoms: Jaxpr['outputs']) => atoms.map(({ aval }) => aval).filter(({ dtype }) => isFloat(dtype));
  return [
    scans.chain((scan) =>
      fc
        .tuple(directions(floats(scan.jaxpr.inputs)), directions(floats(scan.jaxpr.outputs)))
        .map(([tangents, cotangents]) => ({ scan, tangents, cotangents })),
    ),
  ];
}

function expectNear(actual: readonly HostArray[], expected: readonly HostArray[], tolerance: number): void {
  expect(actual.map(({ shape }) => shape)).toEqual(expected.map(({ shape }) => shape));
  expected.forEach(({ data }, i) => {
    const scale = Math.max(1, ...Array.from(data, Math.abs).filter(Number.isFinite));
    data.forEach((value, k) => {
      const found = actual[i]!.data[k]!;
      // Zero times an infinite derivative is NaN, unless the zero is symbolic.
      const near = !Number.isFinite(value) || Math.abs(found - value) <= tolerance * scale;
      if (!near) expect.fail(`element ${k} of ${i} is ${found}, expected ${value}`);
    });
  });
}

/** The cotangents of the float inputs as a jaxpr of the inputs and of the cotangents of the float outputs. */
function pullbackJaxpr(jaxpr: Jaxpr): Jaxpr {
  const flags = floatInputs(jaxpr);
  const isFloatOutput = jaxpr.outputs.map(({ aval }) => isFloat(aval.dtype));
  const { primal, linear } = linearizeJaxpr(jaxpr, flags, isFloatOutput);
  const residuals = linear.inputs.length - flags.filter(Boolean).length;
  const isTangent = linear.inputs.map((_, i) => i >= residuals);
  const every = linear.outputs.map(() => true);
  const { jaxpr: back } = DERIVATIVE_PASSES.transpose(linear, isTangent, every, isTangent.filter(Boolean));
  const o = new Builder();
  const inputs = jaxpr.inputs.map(({ aval }) => new Var(aval));
  const cotangents = linear.outputs.map(({ aval }) => new Var(aval));
  const kept = o.inline(primal, inputs).slice(jaxpr.outputs.length);
  return o.build([], [...inputs, ...cotangents], o.inline(back, [...kept, ...cotangents]));
}

const SMOOTH: ReadonlySet<string> = new Set([
  'add', 'sub', 'mul', 'neg', 'square', 'tanh', 'logistic', 'sin', 'cos', 'erf', 'select_n', 'dot_general', 'reduce_sum',
  'cumsum', 'broadcast_in_dim', 'reshape', 'transpose', 'concatenate', 'slice', 'rev', 'pad', 'gather', 'jit', 'cond', 'scan',
]);

describe('random bodies', () => {
  // Elsewhere there are jumps and kinks, at which the quotient tells nothing.
  const smooth = directed(randomLoops((primitive) => SMOOTH.has(primitive)));
  property('jvp equals the difference quotient', smooth, ({ scan: { jaxpr, inputs }, tangents }) => {
    expectFiniteDifferences(jaxpr, inputs, tangents, 1e-3);
  });

  property('vjp is the adjoint of jvp', directed(randomLoops()), ({ scan: { jaxpr, inputs }, tangents, cotangents }) => {
    expectAdjoint(jaxpr, inputs, tangents, cotangents);
  });

  property('vjp is that of the unrolled loop', directed(randomLoops()), ({ scan, cotangents }) => {
    const loop = unrolled(scan.params, scan.jaxpr.inputs.map(({ aval }) => aval));
    expectNear(pullback(scan.jaxpr, scan.inputs, cotangents), pullback(loop, scan.inputs, cotangents), 1e-9);
  });

  property('the jvp of the vjp is that of the unrolled loop', directed(randomLoops()), (drawn) => {
    const { scan, tangents, cotangents } = drawn;
    const loop = unrolled(scan.params, scan.jaxpr.inputs.map(({ aval }) => aval));
    const inputs = [...scan.inputs, ...cotangents];
    const directions = [...tangents, ...cotangents];
    const back = pullbackJaxpr(scan.jaxpr);
    expectNear(pushforward(back, inputs, directions), pushforward(pullbackJaxpr(loop), inputs, directions), 1e-8);
  });

  const mapped = fc.tuple(directed(randomLoops())[0], fc.nat({ max: 2 ** 30 }));
  property('vmap is the loop over rows, of the scan and of its vjp', [mapped], ([{ scan, cotangents }, draw]) => {
    mappingIsLoop(scan, draw);
    mappingIsLoop({ jaxpr: pullbackJaxpr(scan.jaxpr), inputs: [...scan.inputs, ...cotangents] }, draw);
  }, 60);

  property('the vjp of the vjp is the adjoint of its jvp', directed(randomLoops()), ({ scan, tangents, cotangents }) => {
    const back = pullbackJaxpr(scan.jaxpr);
    expectAdjoint(back, [...scan.inputs, ...cotangents], [...tangents, ...cotangents], tangents);
  });
});

const VECTOR = float32(3);
const times = (o: Builder, x: Atom, y: Atom): Atom => o.mul(x, y);

/** What is computed before the tangents are known, and after, as text. */
function partsOf(jaxpr: Jaxpr, tangents: readonly boolean[]): { primal: string; linear: string } {
  const { primal, linear } = linearizeJaxpr(jaxpr, tangents, jaxpr.outputs.map(() => true));
  [primal, linear].forEach(verifyJaxpr);
  return { primal: printJaxpr(primal), linear: printJaxpr(linear) };
}

function scanOf(types: readonly Aval[], body: Jaxpr, params: Omit<ScanParams, 'jaxpr'>): Jaxpr {
  return jaxprOf(types, (o, ...inputs) => o.scan(...inputs, { ...params, jaxpr: body }));
}

describe('what a scan keeps for its derivative', () => {
  const params = { length: 4, reverse: false, numConsts: 1, numCarry: 1 };

  test('what depends on consts only is computed outside, and not stacked', () => {
    const body = jaxprOf([VECTOR, VECTOR], (o, w, c) => times(o, c!, o.exp(w!)));
    const { primal, linear } = partsOf(scanOf([VECTOR, VECTOR], body, params), [false, true]);
    expect(primal).toBe(`{ lambda ; a:f32[3] b:f32[3]. let
    c:f32[3] = exp a
    d:f32[3] = scan[
      jaxpr={ lambda ; e:f32[3] f:f32[3]. let
          g:f32[3] = exp e
          h:f32[3] = mul f g
        in (h,) }
      length=4
      num_carry=1
      num_consts=1
      reverse=False
    ] a b
  in (d, c) }`);
    expect(linear).toBe(`{ lambda ; a:f32[3] b:f32[3]. let
    c:f32[3] = scan[
      jaxpr={ lambda ; d:f32[3] e:f32[3]. let f:f32[3] = mul e d in (f,) }
      length=4
      num_carry=1
      num_consts=1
      reverse=False
    ] a b
  in (c,) }`);
  });

  test('an xs is read again, and a const that is a residual stays a const', () => {
    const body = jaxprOf([VECTOR, VECTOR, VECTOR], (o, w, c, x) => times(o, times(o, c!, w!), x!));
    const { primal, linear } = partsOf(scanOf([VECTOR, VECTOR, float32(4, 3)], body, params), [false, true, false]);
    expect(primal).toBe(`{ lambda ; a:f32[3] b:f32[3] c:f32[4,3]. let
    d:f32[3] = scan[
      jaxpr={ lambda ; e:f32[3] f:f32[3] g:f32[3]. let
          h:f32[3] = mul f e
          i:f32[3] = mul h g
        in (i,) }
      length=4
      num_carry=1
      num_consts=1
      reverse=False
    ] a b c
  in (d, a, c) }`);
    expect(linear).toContain('scan[\n      jaxpr={ lambda ; e:f32[3] f:f32[3] g:f32[3]. let');
  });

  test('a carry is stacked once; what is elementwise in it is computed again', () => {
    const body = jaxprOf([VECTOR, VECTOR], (o, w, c) => times(o, o.sin(c!), o.cos(times(o, c!, w!))));
    const { primal } = partsOf(scanOf([VECTOR, VECTOR], body, params), [true, true]);
    expect(primal).toBe(`{ lambda ; a:f32[3] b:f32[3]. let
    c:f32[3] d:f32[4,3] = scan[
      jaxpr={ lambda ; e:f32[3] f:f32[3]. let
          g:f32[3] = sin f
          h:f32[3] = mul f e
          i:f32[3] = cos h
          j:f32[3] = mul g i
        in (j, f) }
      length=4
      num_carry=1
      num_consts=1
      reverse=False
    ] a b
  in (c, a, d) }`);
  });

  test('what is among the ys is not stacked a second time', () => {
    const body = jaxprOf([VECTOR, VECTOR], (o, w, c) => {
      const y = o.cumsum(c!, { axis: 0, reverse: false });
      return [times(o, o.tanh(y), w!), y];
    });
    const { primal } = partsOf(scanOf([VECTOR, VECTOR], body, params), [false, true]);
    expect(primal).toContain('b:f32[3]. let\n    c:f32[3] d:f32[4,3] = scan[');
    expect(primal).toContain('in (c, d, a, d) }');
  });

  test('a gated recurrent unit keeps its carry, its gates and its candidate', () => {
    const matrix = float32(3, 3);
    const product = (o: Builder, w: Atom, x: Atom) => o.dotGeneral(x, w, { dimensionNumbers: [[[0], [0]], [[], []]] });
    const body = jaxprOf([matrix, matrix, matrix, VECTOR, VECTOR], (o, wz, wr, wh, h, x) => {
      const z = o.logistic(o.add(product(o, wz!, h!), x!));
      const r = o.logistic(o.add(product(o, wr!, h!), x!));
      const candidate = o.tanh(o.add(product(o, wh!, times(o, r, h!)), x!));
      const next = o.add(times(o, o.sub(1, z), h!), times(o, z, candidate));
      return [next, next];
    });
    const types = [matrix, matrix, matrix, VECTOR, float32(4, 3)];
    const { primal } = partsOf(scanOf(types, body, { ...params, numConsts: 3 }), [true, true, true, true, true]);
    expect(primal).toContain('f:f32[3] g:f32[4,3] h:f32[4,3] i:f32[4,3] j:f32[4,3] k:f32[4,3] = scan[');
  });
});

describe('carries and operands that are no vectors of floats', () => {
  const scalar = fromNumbers('float32', [], [0.5]);
  const int = (value: number) => fromNumbers('int32', [], [value]);
  const one = fromNumbers('float32', [], [1]);

  /** `(i, c) => (i + 1, c * sin(c) + f32(i))`, computed again for its derivative. */
  const counting = jaxprOf([int32(), float32()], (o, i, c) => {
    const inner = jaxprOf([int32(), float32()], (p, i, c) => [
      p.add(i!, 1),
      p.add(p.mul(c!, p.sin(c!)), p.convertElementType(i!, { newDtype: 'float32', weakType: false })),
    ]);
    return o.remat(i!, c!, { jaxpr: inner, policy: 'nothing_saveable', differentiated: false });
  });
  const loop = { jaxpr: counting, length: 3, reverse: false, numConsts: 0, numCarry: 2 };

  test('a counter beside a carry with remat in the body', () => {
    const scan = scanOf([int32(), float32()], counting, loop);
    expectFiniteDifferences(scan, [int(0), scalar], [one]);
    expectAdjoint(scan, [int(0), scalar], [one], [one]);
  });

  test('a counter in a scan that is computed again as a whole', () => {
    const scan = scanOf([int32(), float32()], counting, loop);
    const whole = jaxprOf([int32(), float32()], (o, i, c) =>
      o.remat(i!, c!, { jaxpr: scan, policy: 'nothing_saveable', differentiated: false }),
    );
    const written = unrolled(loop, [int32(), float32()]);
    expect(pullback(whole, [int(0), scalar], [one])).toEqual(pullback(written, [int(0), scalar], [one]));
  });

  test('a counter in a scan that is transposed by itself', () => {
    const body = jaxprOf([int32(), float32(), float32()], (o, i, c, x) => {
      const factor = o.convertElementType(o.add(i!, 1), { newDtype: 'float32', weakType: false });
      return [o.add(i!, 1), o.add(c!, o.mul(factor, x!)), o.mul(factor, c!)];
    });
    const scan = scanOf([int32(), float32(), float32(3)], body, { length: 3, reverse: false, numConsts: 0, numCarry: 2 });
    const { jaxpr } = DERIVATIVE_PASSES.transpose(scan, [false, true, true], [false, true, true]);
    verifyJaxpr(jaxpr);
    const [c, xs] = evaluate(jaxpr, [int(0), fromNumbers('float32', [], [1]), fromNumbers('float32', [3], [10, 100, 1000])]);
    // ys are (c0, 2 (c0 + x0), 3 (c0 + x0 + 2 x1)); the last carry is c0 + x0 + 2 x1 + 3 x2.
    expect([...c!.data]).toEqual([1 + 10 + 200 + 3000]);
    expect([...xs!.data]).toEqual([1 + 200 + 3000, 2 + 6000, 3]);
  });

  test('a weak carry', () => {
    const weak = aval('float32', [], true);
    const body = jaxprOf([weak, VECTOR], (o, c, x) => [o.mul(c!, o.literal(2, 'float32', true)), times(o, c!, x!)]);
    const scan = scanOf([weak, float32(3, 3)], body, { length: 3, reverse: true, numConsts: 0, numCarry: 1 });
    const [c, xs] = pullback(scan, [scalar, fromNumbers('float32', [3, 3], [1, 1, 1, 2, 2, 2, 3, 3, 3])], [
      one,
      fromNumbers('float32', [3, 3], [1, 0, 0, 1, 0, 0, 1, 0, 0]),
    ]);
    expect([...c!.data]).toEqual([8 + 3 + 4 + 4]);
    expect([...xs!.data]).toEqual([2, 0, 0, 1, 0, 0, 0.5, 0, 0]);
  });

  test('an output that does not depend on what is differentiated has no tangent, and the scan no carry for it', () => {
    const body = jaxprOf([VECTOR, VECTOR], (o, a, b) => [o.sin(a!), times(o, b!, b!)]);
    const scan = scanOf([VECTOR, VECTOR], body, { length: 3, reverse: false, numConsts: 0, numCarry: 2 });
    const derived = DERIVATIVE_PASSES.jvp(scan, [false, true]);
    expect(derived.tangents).toEqual([false, true]);
    expect(derived.jaxpr.equations[0]!.params['numCarry']).toBe(3);
  });
});

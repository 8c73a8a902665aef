/** While loops as kernels, run on the host. */
import { describe, expect, test } from 'vitest';
import { fuse } from '../../compiler/compile.ts';
import type { HostArray } from '../../compiler/dtype.ts';
import type { Builder } from '../../compiler/ir/builder.ts';
import type { Atom, Aval, Jaxpr } from '../../compiler/ir/jaxpr.ts';
import { aval } from '../../compiler/ir/jaxpr.ts';
import { DEFAULT_PROFILE } from '../../compiler/program.ts';
import { fromNumbers } from '../../compiler/reference/arrays.ts';
import { evaluate } from '../../compiler/reference/evaluate.ts';
import { expectAllSame } from '../support/arrays.ts';
import { executeGraph } from '../support/execute-graph.ts';
import { float32, int32, jaxprOf, matmul } from '../support/jaxprs.ts';
import { whileOf } from '../support/while.ts';

const int = (value: number): HostArray => fromNumbers('int32', [], [value]);
const vector = (...values: number[]): HostArray => fromNumbers('float32', [values.length], values);

function expectReference(jaxpr: Jaxpr, ...inputs: HostArray[]): void {
  expectAllSame(executeGraph(fuse(jaxpr, DEFAULT_PROFILE), inputs), evaluate(jaxpr, inputs), 1e-6);
}

/** How each loop runs, and why. */
function lowerings(jaxpr: Jaxpr): string[] {
  return fuse(jaxpr, DEFAULT_PROFILE).lowerings.map(({ primitive, chosen, reason }) => `${primitive}: ${chosen}, ${reason}`);
}

/** Rotates a vector, and adds to a total, while a counter is below n. */
function rotation(maxIterations: number | null = null): Jaxpr {
  return whileOf({
    types: [int32(), int32(), float32(4), float32()],
    consts: 1,
    condition: (o, n, i) => o.lt(i!, n!),
    body: (o, _, i, x, total) => {
      const places = o.iota({ dtype: 'float32', shape: [4], dimension: 0 });
      const turned = o.concatenate(slice(o, x!, 1, 4), slice(o, x!, 0, 1), { dimension: 0 });
      return [o.add(i!, 1), turned, o.add(total!, o.reduceSum(o.mul(x!, places), { axes: [0] }))];
    },
    maxIterations,
  });
}

/** From 0, with a total from 0. */
function rotate(o: Builder, loop: Jaxpr, n: Atom, x: Atom): Atom[] {
  return o.inline(loop, [n, o.literal(0, 'int32'), x, o.literal(0, 'float32')]);
}

function slice(o: Builder, x: Atom, start: number, limit: number): Atom {
  return o.slice(x, { startIndices: [start], limitIndices: [limit], strides: [1] });
}

describe('a loop of kernels', () => {
  const inputs = (n: number) => [int(n), int(0), vector(1, 2, 3, 5), fromNumbers('float32', [], [0.5])];

  test.each([0, 1, 2, 3, 4, 7])('of %d iterations', (n) => {
    expectReference(rotation(), ...inputs(n));
  });

  test('with a bound is encoded whole, be it even, odd, too small or 0', () => {
    for (const bound of [0, 1, 2, 5, 6]) for (const n of [0, 1, 5, 6, 9]) expectReference(rotation(bound), ...inputs(n));
    const steps = fuse(rotation(5), DEFAULT_PROFILE).steps.filter((step) => step.kind === 'loop');
    expect(steps.map((step) => [step.counter.size, step.until])).toEqual([[6, undefined]]);
  });

  test('says how it runs and why', () => {
    expect(lowerings(rotation())).toEqual(['while: host-driven, an element of carry 1 is read for another element']);
    expect(lowerings(rotation(100))).toEqual(['while: encoded, an element of carry 1 is read for another element']);
    expect(lowerings(rotation(100_000))).toEqual(['while: host-driven, an element of carry 1 is read for another element']);
  });

  test('whose condition is a reduction of what it carries', () => {
    const jaxpr = whileOf({
      types: [float32(3), float32(3, 3)],
      consts: 0,
      condition: (o, x) => o.gt(o.reduceMax(o.abs(x!), { axes: [0] }), 0.125),
      body: (o, x, w) => [o.dotGeneral(x!, w!, { dimensionNumbers: [[[0], [0]], [[], []]] }), w!],
    });
    const w = fromNumbers('float32', [3, 3], [0.5, 0.25, 0, 0, 0.5, 0.25, 0.25, 0, 0.5]);
    expectReference(jaxpr, vector(1, 2, 3), w);
    expectReference(jaxpr, vector(0, 0, 0), w);
  });

  test('whose carries change places', () => {
    const jaxpr = whileOf({
      types: [int32(), int32(), float32(2, 2), float32(2, 2)],
      consts: 1,
      condition: (o, n, i) => o.lt(i!, n!),
      body: (o, _, i, x, y) => [o.add(i!, 1), y!, matmul(o, x!, y!)],
    });
    const [x, y] = [fromNumbers('float32', [2, 2], [1, 1, 0, 1]), fromNumbers('float32', [2, 2], [1, 0, 1, 1])];
    for (const n of [0, 1, 2, 3, 5]) expectReference(jaxpr, int(n), int(0), x, y);
  });

  test('computes what does not change once, before it', () => {
    const jaxpr = whileOf({
      types: [int32(), float32(2, 2), int32(), float32(2, 2)],
      consts: 2,
      condition: (o, n, _, i) => o.lt(i!, n!),
      body: (o, _, w, i, x) => [o.add(i!, 1), matmul(o, x!, matmul(o, w!, w!))],
    });
    const [w, x] = [fromNumbers('float32', [2, 2], [1, 1, 0, 1]), fromNumbers('float32', [2, 2], [1, 2, 3, 4])];
    expectReference(jaxpr, int(3), w, int(0), x);
    const { steps } = fuse(jaxpr, DEFAULT_PROFILE);
    const labels = steps.map((step) => (step.kind === 'kernel' ? step.kernel.label : 'loop'));
    expect(labels.indexOf('dot_general')).toBeLessThan(labels.indexOf('loop'));
    expect(labels).toContain('dot_general');
  });

  test('in a scan, with a bound', () => {
    const inner = rotation(3);
    const body = jaxprOf([float32(4), int32()], (o, x, n) => {
      const [i, y] = rotate(o, inner, n!, x!);
      return [y!, i!];
    });
    const jaxpr = jaxprOf([float32(4), int32(5)], (o, x, ns) => {
      return o.scan(x!, ns!, { jaxpr: body, length: 5, reverse: false, numConsts: 0, numCarry: 1 });
    });
    expectReference(jaxpr, vector(1, 2, 3, 5), fromNumbers('int32', [5], [2, 0, 1, 9, 3]));
  });

  test('in a branch that may not be taken, driven by the host', () => {
    const inner = rotation();
    const still = jaxprOf([int32(), float32(4)], (o, _, x) => [o.rev(x!, { dimensions: [0] })]);
    const loop = jaxprOf([int32(), float32(4)], (o, n, x) => {
      return [rotate(o, inner, n!, x!)[1]!];
    });
    const jaxpr = jaxprOf([int32(), int32(), float32(4)], (o, k, n, x) => o.cond(k!, n!, x!, { branches: [still, loop] }));
    for (const k of [0, 1]) for (const n of [0, 3]) expectReference(jaxpr, int(k), int(n), vector(1, 2, 3, 5));
  });

  test('in a while loop', () => {
    const inner = rotation(2);
    const jaxpr = whileOf({
      types: [int32(), int32(), float32(4)],
      consts: 1,
      condition: (o, n, i) => o.lt(i!, n!),
      body: (o, _, i, x) => [o.add(i!, 1), rotate(o, inner, i!, x!)[1]!],
    });
    for (const n of [0, 1, 4]) expectReference(jaxpr, int(n), int(0), vector(1, 2, 3, 5));
  });

  test('in a scan without a bound', () => {
    const body = jaxprOf([float32(4), int32()], (o, x, n) => [rotate(o, rotation(), n!, x!)[1]!]);
    const jaxpr = jaxprOf([float32(4), int32(5)], (o, x, ns) => {
      return o.scan(x!, ns!, { jaxpr: body, length: 5, reverse: false, numConsts: 0, numCarry: 1 });
    });
    expect(() => fuse(jaxpr, DEFAULT_PROFILE)).toThrow(
      '[UNSUPPORTED] while: inside another loop it needs a bound, since one kernel cannot run it: an element of carry 1 is ' +
        'read for another element; give maxIterations, or move it out of the loop\n' +
        '  fix: lax.whileLoop(cond, body, init, { maxIterations: 100 })',
    );
  });
});

describe('a loop in one kernel', () => {
  const newton = (types: Aval[], maxIterations: number | null = null): Jaxpr => whileOf({
    types: [float32(), float32(), ...types],
    consts: 1,
    condition: (o, a, x) => o.gt(o.abs(o.sub(o.mul(x!, x!), a!)), 1e-3),
    body: (o, a, x, ...more) => [o.mul(o.add(x!, o.div(a!, x!)), 0.5), ...more.map((y) => o.add(y!, x!))],
    maxIterations,
  });

  test('of scalars', () => {
    for (const a of [1, 2, 9]) expectReference(newton([]), fromNumbers('float32', [], [a]), fromNumbers('float32', [], [1]));
    const [step, ...others] = fuse(newton([]), DEFAULT_PROFILE).steps;
    expect(others).toEqual([]);
    expect(step!.kind === 'kernel' && step!.kernel.kind).toBe('scan');
    expect(lowerings(newton([]))[0]).toMatch(/^while: in-thread, /);
  });

  test('of scalars and vectors whose elements do not meet', () => {
    const inputs = [fromNumbers('float32', [], [2]), fromNumbers('float32', [], [1]), vector(1, 2, 3)];
    for (const bound of [null, 0, 1, 2]) expectReference(newton([float32(3)], bound), ...inputs);
    expect(fuse(newton([float32(3)]), DEFAULT_PROFILE).steps.length).toBe(1);
  });

  test('may stand in a scan without a bound', () => {
    const body = jaxprOf([float32(), float32()], (o, x, a) => {
      const [root] = o.inline(newton([]), [a!, x!]);
      return [root!, o.mul(root!, 2)];
    });
    const jaxpr = jaxprOf([float32(), float32(3)], (o, x, as) => {
      return o.scan(x!, as!, { jaxpr: body, length: 3, reverse: false, numConsts: 0, numCarry: 1 });
    });
    expectReference(jaxpr, fromNumbers('float32', [], [1]), vector(2, 3, 9));
  });

  test('that carries nothing, or nothing that changes, is none', () => {
    const jaxpr = whileOf({
      types: [aval('int32', [])],
      consts: 0,
      condition: (o, i) => o.lt(i!, 0),
      body: (_, i) => [i!],
    });
    expectReference(jaxpr, int(3));
    expect(fuse(jaxpr, DEFAULT_PROFILE).steps).toEqual([]);
  });
});

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Builder } from '../../compiler/ir/builder.ts';
import { Var, aval, subJaxprs } from '../../compiler/ir/jaxpr.ts';
import type { Aval, Jaxpr } from '../../compiler/ir/jaxpr.ts';
import type { BatchAxis } from '../../compiler/primitives/primitive.ts';
import { evaluate } from '../../compiler/reference/evaluate.ts';
import { fromNumbers } from '../../compiler/reference/arrays.ts';
import { findPrimitive } from '../../compiler/primitives/index.ts';
import { batchJaxpr } from '../../compiler/transforms/vmap.ts';
import { arraysOf, expectSame } from '../support/arrays.ts';
import { jaxprOf } from '../support/jaxprs.ts';
import { axisChoices, mappedAvals, vmapIsLoop } from '../support/laws.ts';
import { property } from '../support/property.ts';

const INT = aval('int32', []);
const VECTOR = aval('int32', [3]);
const MATRIX = aval('int32', [3, 3]);

/** vmap of the jaxpr is a loop, and so is vmap of that, for every choice of mapped inputs. */
function lawfulInEveryWay(jaxpr: Jaxpr): void {
  const avals = jaxpr.inputs.map(({ aval: type }) => type);
  const domain = { low: -3, high: 3 };
  const draw = (types: readonly Aval[]) => fc.sample(arraysOf(types, domain), { numRuns: 1, seed: types.length })[0]!;
  for (const axes of axisChoices(avals)) {
    vmapIsLoop(jaxpr, draw(mappedAvals(avals, axes, 3)), axes, 3);
    const inner = batchJaxpr(jaxpr, 3, axes).jaxpr;
    const outer = axes.map((axis) => (axis === null ? null : 0));
    vmapIsLoop(inner, draw(mappedAvals(inner.inputs.map(({ aval: type }) => type), outer, 2)), outer, 2);
  }
}

describe('scan', () => {
  test('a carry becomes mapped through the body, one step after another', () => {
    // c -> b -> a: mapping the const alone maps c in the first round, b in the second and a in the third.
    const body = jaxprOf([INT, INT, INT, INT], (o, k, a, b, c) => [o.add(a!, b!), o.add(b!, c!), o.mul(c!, k!), a!]);
    const jaxpr = scanOf([INT, INT, INT, INT], body, { length: 4, numConsts: 1, numCarry: 3 });
    lawfulInEveryWay(jaxpr);
    expect(batchJaxpr(jaxpr, 2, [0, null, null, null]).outAxes).toEqual([0, 0, 0, 1]);
    expect(batchJaxpr(jaxpr, 2, [null, 0, null, null]).outAxes).toEqual([0, null, null, 1]);
  });

  test('consts, carries and xs mapped anywhere', () => {
    const body = jaxprOf([MATRIX, VECTOR, VECTOR], (o, w, h, x) => {
      const next = o.add(o.dotGeneral(h!, w!, { dimensionNumbers: [[[0], [0]], [[], []]] }), x!);
      return [next, o.reduceSum(next, { axes: [0] }), x!];
    });
    const options = { numConsts: 1, numCarry: 1 };
    lawfulInEveryWay(scanOf([MATRIX, VECTOR, aval('int32', [4, 3])], body, { ...options, length: 4 }));
    lawfulInEveryWay(scanOf([MATRIX, VECTOR, aval('int32', [4, 3])], body, { ...options, length: 4, reverse: true }));
    lawfulInEveryWay(scanOf([MATRIX, VECTOR, aval('int32', [0, 3])], body, { ...options, length: 0 }));
  });

  test('a scan in a scan', () => {
    const inner = jaxprOf([INT, INT], (o, c, x) => [o.add(c!, x!), c!]);
    const body = scanOf([INT, VECTOR], inner, { length: 3, numConsts: 0, numCarry: 1 });
    lawfulInEveryWay(scanOf([INT, MATRIX], body, { length: 3, numConsts: 0, numCarry: 1 }));
  });

  test('what is not mapped stays one value', () => {
    const body = jaxprOf([INT, INT, INT], (o, a, b, x) => [o.add(a!, 1), o.add(b!, x!), a!, b!]);
    const jaxpr = scanOf([INT, INT, VECTOR], body, { length: 3, numConsts: 0, numCarry: 2 });
    const mapped = batchJaxpr(jaxpr, 2, [null, null, 1]);
    expect(mapped.outAxes).toEqual([null, 0, null, 1]);
    expect(subJaxprs(mapped.jaxpr.equations.at(-1)!)[0]!.inputs.map(({ aval: type }) => type.shape)).toEqual([[], [2], [2]]);
  });
});

describe('cond', () => {
  const first = jaxprOf([VECTOR, INT], (o, x, n) => [o.mul(x!, 2), n!]);
  const second = jaxprOf([VECTOR, INT], (o, x) => [o.rev(x!, { dimensions: [0] }), o.literal(7, 'int32')]);
  const third = jaxprOf([VECTOR, INT], (o, x, n) => [o.add(x!, n!), o.reduceSum(x!, { axes: [0] })]);
  const branches = [first, second, third];
  const jaxpr = jaxprOf([INT, VECTOR, INT], (o, i, x, n) => o.bind(findPrimitive('cond')!, [i!, x!, n!], { branches }));

  test('with the index, the operands, or both mapped', () => {
    lawfulInEveryWay(jaxpr);
  });

  test('an unmapped index still runs one branch', () => {
    const mapped = batchJaxpr(jaxpr, 2, [null, 0, null]);
    expect(mapped.jaxpr.equations.map(({ primitive }) => primitive.name)).toEqual(['cond']);
    expect(mapped.outAxes).toEqual([0, 0]);
  });

  test('a mapped index selects among all branches, in range or not', () => {
    const index = fromNumbers('int32', [5], [-4, 0, 1, 2, 9]);
    vmapIsLoop(jaxpr, [index, fromNumbers('int32', [3], [1, 2, 3]), fromNumbers('int32', [], [5])], [0, null, null], 5);
    expect(batchJaxpr(jaxpr, 5, [0, null, null]).jaxpr.equations.map(({ primitive }) => primitive.name)).not.toContain('cond');
  });
});

test('jit keeps its name', () => {
  const inner = jaxprOf([INT, INT], (o, x, y) => [o.add(x!, y!), y!]);
  const jaxpr = jaxprOf([INT, INT], (o, x, y) => o.bind(findPrimitive('jit')!, [x!, y!], { name: 'f', jaxpr: inner }));
  lawfulInEveryWay(jaxpr);
  const mapped = batchJaxpr(jaxpr, 2, [0, null]);
  expect(mapped.jaxpr.equations[0]!.params['name']).toBe('f');
  expect(mapped.outAxes).toEqual([0, null]);
});

describe('the pass', () => {
  test('computes what is not mapped once', () => {
    const jaxpr = jaxprOf([INT, INT], (o, x, y) => [o.add(o.mul(y!, y!), x!), o.mul(y!, 2)]);
    const mapped = batchJaxpr(jaxpr, 4, [0, null]);
    expect(mapped.outAxes).toEqual([0, null]);
    expect(mapped.jaxpr.equations.find(({ primitive }) => primitive.name === 'mul')!.outputs[0]!.aval.shape).toEqual([]);
  });

  test('puts outputs where they are wanted', () => {
    const jaxpr = jaxprOf([VECTOR, INT], (o, x, y) => [x!, y!, o.literal(3, 'int32')]);
    const mapped = batchJaxpr(jaxpr, 2, [0, null], [1, 0, undefined]);
    expect(mapped.outAxes).toEqual([1, 0, null]);
    const outputs = evaluate(mapped.jaxpr, [fromNumbers('int32', [2, 3], [1, 2, 3, 4, 5, 6]), fromNumbers('int32', [], [9])]);
    expectSame(outputs[0]!, fromNumbers('int32', [3, 2], [1, 4, 2, 5, 3, 6]));
    expectSame(outputs[1]!, fromNumbers('int32', [2], [9, 9]));
  });

  test('does not make a mapped output unmapped', () => {
    const jaxpr = jaxprOf([INT], (o, x) => [o.add(x!, 1)]);
    expect(() => batchJaxpr(jaxpr, 2, [0], [null])).toThrow(
      '[VMAP_AXIS] vmap: output 0 depends on a mapped input, so its out axis cannot be null\n  fix: outAxes: 0',
    );
  });

  test('maps consts like inputs', () => {
    const o = new Builder();
    const [captured, x] = [new Var(INT), new Var(INT)];
    const jaxpr = o.build([captured], [x], [o.add(captured, x)]);
    const mapped = batchJaxpr(jaxpr, 2, [null, 0]).jaxpr;
    expect([mapped.consts.length, mapped.inputs.length]).toEqual([1, 1]);
    const [output] = evaluate(mapped, [fromNumbers('int32', [], [10]), fromNumbers('int32', [2], [1, 2])]);
    expectSame(output!, fromNumbers('int32', [2], [11, 12]));
  });

  test('keeps the source and path of every equation', () => {
    const source = { file: 'model.ts', line: 3, column: 7 };
    const jaxpr = jaxprOf([VECTOR, INT], (o, x, y) => {
      o.source = source;
      o.path = 'layers/linear';
      return [o.concatenate(x!, o.broadcastInDim(y!, { shape: [1], broadcastDimensions: [] }), { dimension: 0 })];
    });
    const { equations } = batchJaxpr(jaxpr, 2, [1, null]).jaxpr;
    expect(equations.length).toBeGreaterThan(2);
    expect(new Set(equations.map((equation) => equation.source))).toEqual(new Set([source]));
    expect(new Set(equations.map((equation) => equation.path))).toEqual(new Set(['layers/linear']));
  });
});

const axesOfBoth = fc.tuple(fc.constantFrom<BatchAxis>(null, 0, 1), fc.constantFrom<BatchAxis>(null, 0));

property('three levels of vmap are three loops', [axesOfBoth, axesOfBoth, axesOfBoth, fc.nat()], (inner, middle, outer, seed) => {
  const jaxpr = jaxprOf([VECTOR, INT], (o, x, i) => [
    o.dynamicSlice(x!, i!, { sliceSizes: [2] }),
    o.gather(x!, i!, { axis: 0, mode: 'fill' }),
  ]);
  const twice = batchJaxpr(batchJaxpr(jaxpr, 2, inner).jaxpr, 3, middle).jaxpr;
  const types = mappedAvals(twice.inputs.map(({ aval: type }) => type), outer, 2);
  const [inputs] = fc.sample(arraysOf(types, { low: -4, high: 4 }), { numRuns: 1, seed });
  vmapIsLoop(twice, inputs!, outer, 2);
});

interface ScanOptions {
  readonly length: number;
  readonly numConsts: number;
  readonly numCarry: number;
  readonly reverse?: boolean;
}

function scanOf(avals: readonly Aval[], body: Jaxpr, { reverse = false, ...options }: ScanOptions): Jaxpr {
  return jaxprOf(avals, (o, ...inputs) => o.bind(findPrimitive('scan')!, inputs, { jaxpr: body, reverse, ...options }));
}

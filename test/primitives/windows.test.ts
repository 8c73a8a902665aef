import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { HostArray } from '../../compiler/dtype.ts';
import { aval } from '../../compiler/ir/jaxpr.ts';
import type { Params } from '../../compiler/ir/jaxpr.ts';
import type { WindowParams } from '../../compiler/primitives/operations.ts';
import type { Primitive } from '../../compiler/primitives/primitive.ts';
import { WINDOWS } from '../../compiler/primitives/windows.ts';
import { evaluate } from '../../compiler/reference/evaluate.ts';
import { fromNumbers } from '../../compiler/reference/arrays.ts';
import { arraysOf, expectSame } from '../support/arrays.ts';
import { pullback, pushforward } from '../support/derivatives.ts';
import { poolByLoops } from '../support/four-loops.ts';
import type { Sides } from '../support/four-loops.ts';
import { equationJaxpr, testLaws } from '../support/laws.ts';
import type { Calls } from '../support/laws.ts';
import { selections, shears, windows } from '../support/windows.ts';
import { property } from '../support/property.ts';

function named(name: string): Primitive {
  return WINDOWS.find((primitive) => primitive.name === name)!;
}

const small = fc.integer({ min: 1, max: 3 });

const CALLS: Readonly<Record<string, Calls>> = {
  shear: shears,
  select_and_gather_add: selections(false),
  select_and_scatter_add: selections(true),
};

for (const primitive of WINDOWS) testLaws(primitive, CALLS[primitive.name] ?? windows);

const sides: fc.Arbitrary<Required<Omit<Sides, 'groups'>>> = fc.record({
  strides: fc.tuple(small, small),
  padding: fc.tuple(fc.tuple(fc.nat(2), fc.nat(2)), fc.tuple(fc.nat(2), fc.integer({ min: -1, max: 1 }))),
  dilation: fc.tuple(small, small),
  inputDilation: fc.tuple(small, small),
});

const pools = fc.tuple(sides, small, small, fc.integer({ min: 2, max: 5 }), fc.integer({ min: 2, max: 4 })).chain((all) => {
  const [chosen, height, width, rows, columns] = all;
  const images = arraysOf([aval('float32', [2, rows, columns, 2])], { low: -4, high: 4 });
  return images.map(([x]) => ({ chosen, height, width, x: x! }));
});

const REDUCED: Readonly<Record<string, (covered: readonly number[]) => number>> = {
  reduce_window_sum: (covered) => covered.reduce((sum, value) => sum + value, 0),
  reduce_window_max: (covered) => Math.max(...covered),
  reduce_window_min: (covered) => Math.min(...covered),
};

for (const [name, reduce] of Object.entries(REDUCED)) {
  property(`${name}: loops over windows`, [pools], ({ chosen, height, width, x }) => {
    const [y] = named(name).reference([x], {
      windowDimensions: [1, height, width, 1],
      windowStrides: [1, ...chosen.strides, 1],
      padding: [[0, 0], ...chosen.padding, [0, 0]],
      baseDilation: [1, ...chosen.inputDilation, 1],
      windowDilation: [1, ...chosen.dilation, 1],
    }, evaluate);
    expectSame(y!, poolByLoops(x, [height, width], chosen, reduce), 1e-6);
  });
}

function along(params: Partial<WindowParams>): Params {
  const plain = { windowDimensions: [2], windowStrides: [1], padding: [[0, 0]], baseDilation: [1], windowDilation: [1] };
  return { ...plain, ...params } as Params;
}

function vector(...values: readonly number[]): HostArray {
  return fromNumbers('float32', [values.length], values);
}

describe('what is in no window', () => {
  test('is the identity of the dtype', () => {
    const run = (name: string, dtype: 'float32' | 'int32' | 'uint32'): number =>
      named(name).reference([fromNumbers(dtype, [1], [5])], along({ padding: [[2, 0]] }), evaluate)[0]!.data[0]!;
    expect(run('reduce_window_sum', 'float32')).toBe(0);
    expect(run('reduce_window_max', 'float32')).toBe(-Infinity);
    expect(run('reduce_window_min', 'int32')).toBe(2 ** 31 - 1);
    expect(run('reduce_window_max', 'uint32')).toBe(0);
  });

  test('a NaN is in every window that covers it', () => {
    const [y] = named('reduce_window_max').reference([vector(1, NaN, 3, 2)], along({}), evaluate);
    expect([...y!.data]).toEqual([NaN, NaN, 3]);
  });
});

describe('ties', () => {
  const jaxpr = equationJaxpr(named('reduce_window_max'), [aval('float32', [4])], along({}));
  const lowest = equationJaxpr(named('reduce_window_min'), [aval('float32', [4])], along({ windowStrides: [2] }));

  test('the first element of a window that attains the extremum has the tangent', () => {
    expect([...pushforward(jaxpr, [vector(1, 1, 1, 0)], [vector(10, 20, 30, 40)])[0]!.data]).toEqual([10, 20, 30]);
    expect([...pushforward(lowest, [vector(1, 1, 3, 3)], [vector(10, 20, 30, 40)])[0]!.data]).toEqual([10, 30]);
  });

  test('and the cotangent of the window', () => {
    expect([...pullback(jaxpr, [vector(1, 1, 1, 0)], [vector(1, 2, 4)])[0]!.data]).toEqual([1, 2, 4, 0]);
    expect([...pullback(jaxpr, [vector(0, 5, 1, 0)], [vector(1, 2, 4)])[0]!.data]).toEqual([0, 3, 4, 0]);
  });
});

describe('errors', () => {
  const type = (params: Partial<WindowParams>): (() => unknown) => () =>
    named('reduce_window_max').type([aval('float32', [4])], along(params));

  test('entries', () => {
    expect(type({ windowDimensions: [2, 2] })).toThrow(
      '[SHAPE] reduce_window_max: windowDimensions has 2 entries, and windows move along 1 axes, of [4]\n' +
        '  fix: windowDimensions: one entry per axis of [4]',
    );
    expect(type({ windowDimensions: [0] })).toThrow(
      '[VALUE] reduce_window_max: windowDimensions [0] must be whole numbers from 1\n  fix: windowDimensions: [1]',
    );
    expect(type({ windowStrides: [1.5] })).toThrow('reduce_window_max: windowStrides [1.5] must be whole numbers from 1');
    expect(type({ padding: [[0, 0], [1, 1]] })).toThrow('padding has 2 entries, and windows move along 1 axes, of [4]');
  });

  test('dtypes', () => {
    expect(() => named('reduce_window_sum').type([aval('bool', [4])], along({}))).toThrow(
      "[DTYPE] reduce_window_sum: takes numbers, was given bool\n  fix: x.astype('int32')",
    );
  });
});

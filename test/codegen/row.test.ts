import { expect, test } from 'vitest';
import { generate } from '../../compiler/codegen/generate.ts';
import { generateRow } from '../../compiler/codegen/row.ts';
import type { RowSchedule } from '../../compiler/codegen/schedule.ts';
import type { RowKernel } from '../../compiler/fuse/kernel.ts';
import { constantExpr } from '../../compiler/scalar/expression.ts';
import { constant, variable } from '../../compiler/scalar/indices.ts';
import { describeOnGpu } from '../support/gpu.ts';
import {
  HARDWARE, SOFTWARE, array, blank, exp, expectClose, minus, noise, over, plus, position, reduced, rowKernel, sqrt, stage, store,
  sum, times,
} from '../support/kernels.ts';
import { runKernel } from '../support/run-kernel.ts';

const SERIAL: RowSchedule = { members: 1, teams: 16, adjacentRows: false, unroll: 1 };

/** Every way to share rows among invocations, at small sizes. */
const SCHEDULES: readonly (RowSchedule & { readonly name: string })[] = [
  { ...SERIAL, name: 'one invocation per row' },
  { ...SERIAL, unroll: 4, name: 'four columns a step' },
  { ...SERIAL, members: 8, teams: 1, name: 'a workgroup per row' },
  { ...SERIAL, members: 4, teams: 4, name: 'teams, neighbours on neighbouring columns' },
  { ...SERIAL, members: 4, teams: 4, adjacentRows: true, name: 'teams, neighbours on neighbouring rows' },
];

/** Softmax, and the sum of exponentials per row. */
function softmax(rows: number, columns: number, across: boolean): RowKernel {
  const [r, c] = [variable('r', rows), variable('c', columns)];
  const [shape, point] = across ? [[columns, rows], [c, r]] : [[rows, columns], [r, c]];
  const x = array(0, shape)(...point);
  const e = exp(minus(x, reduced(0)));
  return rowKernel({
    rows: [r],
    columns: [c],
    stages: [stage('max', x), stage('sum', e)],
    rowStores: [store(1, [rows], [r], reduced(1))],
    elementStores: [store(2, shape, point, over(e, reduced(1)))],
  });
}

async function checkSoftmax(rows: number, columns: number, across: boolean, schedule?: RowSchedule): Promise<void> {
  const kernel = softmax(rows, columns, across);
  const generated = schedule === undefined ? generate(kernel, SOFTWARE) : generateRow(kernel, HARDWARE, schedule);
  const x = noise(rows * columns).map((value) => 10 * value);
  const results = await runKernel(generated, { 0: x, 1: blank(rows), 2: blank(rows * columns) });
  const [sums, values] = [blank(rows), blank(rows * columns)];
  for (let r = 0; r < rows; r++) {
    const at = Array.from({ length: columns }, (_, c) => (across ? c * rows + r : r * columns + c));
    const most = Math.max(...at.map((i) => x[i]!));
    sums[r] = at.reduce((sum, i) => sum + Math.exp(x[i]! - most), 0);
    for (const i of at) values[i] = Math.exp(x[i]! - most) / sums[r]!;
  }
  expectClose(results[1], sums, 1e-5);
  expectClose(results[2], values, 1e-5);
}

describeOnGpu('row kernels', () => {
  test.each([[1, 1], [5, 1], [1, 7], [33, 100], [7, 257]])('softmax of %i rows and %i columns', async (rows, columns) => {
    await checkSoftmax(rows, columns, false);
  });

  test.each(SCHEDULES)('softmax: $name', async (schedule) => {
    await checkSoftmax(13, 44, false, schedule);
  });

  test.each(SCHEDULES)('softmax across rows: $name', async (schedule) => {
    await checkSoftmax(9, 30, true, schedule);
  });

  test('mean and variance of columns, then the normalized elements, in place', async () => {
    const [rows, columns] = [19, 64];
    const [c, r] = [variable('c', columns), variable('r', rows)];
    const x = array(0, [columns, rows])(c, r);
    const count = constantExpr('float32', columns);
    const mean = over(reduced(0), count);
    const centred = minus(x, mean);
    const deviation = sqrt(plus(over(reduced(1), count), constantExpr('float32', 1e-5)));
    const kernel = rowKernel({
      rows: [r],
      columns: [c],
      stages: [stage('sum', x), stage('sum', times(centred, centred))],
      rowStores: [store(1, [rows], [r], mean), store(2, [rows], [r], over(reduced(1), count))],
      elementStores: [store(0, [columns, rows], [c, r], over(centred, deviation))],
    });
    const a = noise(rows * columns);
    for (const schedule of SCHEDULES) {
      const results = await runKernel(generateRow(kernel, HARDWARE, schedule), { 0: a, 1: blank(rows), 2: blank(rows) });
      const [means, variances, normalized] = [blank(rows), blank(rows), new Float32Array(rows * columns)];
      for (let row = 0; row < rows; row++) {
        const values = Array.from({ length: columns }, (_, at) => a[at * rows + row]!);
        const average = values.reduce((sum, value) => sum + value, 0) / columns;
        means[row] = average;
        variances[row] = values.reduce((sum, value) => sum + (value - average) ** 2, 0) / columns;
        values.forEach((value, at) => (normalized[at * rows + row] = (value - average) / Math.sqrt(variances[row]! + 1e-5)));
      }
      expectClose(results[1], means, 1e-5);
      expectClose(results[2], variances, 1e-5);
      expectClose(results[0], normalized, 1e-5);
    }
  });

  test('a row that is stored over what the other members of its team load', async () => {
    const [rows, columns] = [6, 20];
    const [r, c] = [variable('r', rows), variable('c', columns)];
    const scale = array(1, [rows])(r);
    const kernel = rowKernel({
      rows: [r],
      columns: [c],
      stages: [stage('sum', array(0, [rows, columns])(r, c))],
      rowStores: [store(1, [rows], [r], plus(scale, reduced(0)))],
      elementStores: [store(2, [rows, columns], [r, c], times(scale, array(0, [rows, columns])(r, c)))],
    });
    const [a, b] = [noise(rows * columns), noise(rows, 2)];
    const results = await runKernel(
      generateRow(kernel, HARDWARE, { ...SERIAL, members: 8, teams: 1 }),
      { 0: a, 1: b, 2: blank(rows * columns) },
    );
    expectClose(results[1], b.map((value, row) => value + sum(a.subarray(row * columns, (row + 1) * columns))), 1e-5);
    const products = blank(rows * columns);
    a.forEach((value, at) => (products[at] = value * b[Math.floor(at / columns)]!));
    expectClose(results[2], products, 1e-5);
  });

  test('every monoid on integers, which wrap', async () => {
    const [rows, columns] = [5, 11];
    const [r, c] = [variable('r', rows), variable('c', columns)];
    const signed = array(0, [rows, columns], 'int32')(r, c);
    const natural = array(1, [rows, columns], 'uint32')(r, c);
    const monoids = ['sum', 'prod', 'max', 'min', 'and', 'or'] as const;
    const n = monoids.length;
    const kernel = rowKernel({
      rows: [r],
      columns: [c],
      stages: [...monoids.map((monoid) => stage(monoid, signed)), ...monoids.map((monoid) => stage(monoid, natural))],
      rowStores: [
        ...monoids.map((_, at) => store(2, [rows, n], [r, constant(at)], reduced(at, 'int32'))),
        ...monoids.map((_, at) => store(3, [rows, n], [r, constant(at)], reduced(n + at, 'uint32'))),
      ],
    });
    const a = Int32Array.from(noise(rows * columns), (value) => value * 2 ** 31);
    const b = Uint32Array.from(noise(rows * columns, 2), (value) => (value + 1) * 2 ** 31);
    for (const schedule of SCHEDULES.slice(1, 3)) {
      const results = await runKernel(generateRow(kernel, HARDWARE, schedule), {
        0: a,
        1: b,
        2: new Int32Array(rows * n),
        3: new Uint32Array(rows * n),
      });
      const of = (values: ArrayLike<number>): number[] => {
        const list = Array.from(values);
        const fold = (f: (x: number, y: number) => number): number => list.reduce(f);
        return [
          fold((x, y) => (x + y) | 0),
          fold(Math.imul),
          Math.max(...list),
          Math.min(...list),
          fold((x, y) => x & y),
          fold((x, y) => x | y),
        ];
      };
      const each = (values: Int32Array | Uint32Array): number[] =>
        Array.from({ length: rows }, (_, row) => of(values.subarray(row * columns, (row + 1) * columns))).flat();
      expect([...results[2]]).toEqual([...Int32Array.from(each(a))]);
      expect([...results[3]]).toEqual([...Uint32Array.from(each(b))]);
    }
  });

  test('bools: all, any, and the positions of the extrema', async () => {
    const [rows, columns] = [4, 6];
    const [r, c] = [variable('r', rows), variable('c', columns)];
    const flag = array(0, [rows, columns], 'bool')(r, c);
    const kernel = rowKernel({
      rows: [r],
      columns: [c],
      stages: [
        stage('and', flag),
        stage('or', flag),
        position('argmax', flag, c),
        position('argmin', flag, c),
        stage('max', flag),
        stage('min', flag),
      ],
      rowStores: [
        ...[0, 1, 4, 5].map((at, column) => store(1, [rows, 4], [r, constant(column)], reduced(at, 'bool'))),
        ...[2, 3].map((at, column) => store(2, [rows, 2], [r, constant(column)], reduced(at, 'int32'))),
      ],
    });
    const flags = Uint32Array.of(1, 1, 1, 1, 1, 1, /**/ 0, 0, 0, 0, 0, 0, /**/ 0, 0, 1, 0, 1, 1, /**/ 1, 1, 1, 0, 0, 1);
    for (const schedule of SCHEDULES.slice(0, 3)) {
      const generated = generateRow(kernel, HARDWARE, schedule);
      const results = await runKernel(generated, { 0: flags, 1: new Uint32Array(16), 2: new Int32Array(8) });
      expect([...results[1]]).toEqual([1, 1, 1, 1, /**/ 0, 0, 0, 0, /**/ 0, 1, 1, 0, /**/ 0, 1, 1, 0]);
      expect([...results[2]]).toEqual([0, 0, 0, 0, 2, 0, 0, 3]);
    }
  });

  test('extrema and their positions: NaN first, then the first of equals', async () => {
    const table = [
      [1, 3, 3, 2, -4, -4],
      [1, NaN, 7, NaN, 2, 0],
      [-Infinity, -Infinity, -Infinity, -Infinity, -Infinity, -Infinity],
      [Infinity, Infinity, Infinity, Infinity, Infinity, Infinity],
      [0, -Infinity, NaN, Infinity, 0, 0],
      [5, 4, 3, 2, 1, NaN],
      [-0, 0, -0, 0, -1, -1],
    ];
    const [rows, columns] = [table.length, 6];
    const [r, c] = [variable('r', rows), variable('c', columns)];
    const x = array(0, [rows, columns])(r, c);
    const kernel = rowKernel({
      rows: [r],
      columns: [c],
      stages: [position('argmax', x, c), position('argmin', x, c, 'uint32'), stage('max', x), stage('min', x)],
      rowStores: [
        store(1, [rows], [r], reduced(0, 'int32')), store(2, [rows], [r], reduced(1, 'uint32')),
        store(3, [rows], [r], reduced(2)), store(4, [rows], [r], reduced(3)),
      ],
    });
    for (const schedule of SCHEDULES) {
      const results = await runKernel(generateRow(kernel, HARDWARE, schedule), {
        0: Float32Array.from(table.flat()),
        1: new Int32Array(rows),
        2: new Uint32Array(rows),
        3: new Float32Array(rows),
        4: new Float32Array(rows),
      });
      expect([...results[1]]).toEqual([1, 1, 0, 0, 2, 5, 0]);
      expect([...results[2]]).toEqual([4, 1, 0, 0, 2, 5, 4]);
      expect([...results[3]].map((value) => value + 0)).toEqual([3, NaN, -Infinity, Infinity, NaN, NaN, 0]);
      expect([...results[4]]).toEqual([-4, NaN, -Infinity, Infinity, NaN, NaN, -1]);
    }
  });

  test.each([
    ['one long axis', [1_000_003]],
    ['an outer and an inner axis', [100_001, 10]],
    ['three axes', [16, 250, 251]],
  ])('a long sum stays accurate: %s', async (_, extents) => {
    const columns = extents.map((extent, axis) => variable(`c${axis}`, extent));
    const length = extents.reduce((product, extent) => product * extent, 1);
    const kernel = rowKernel({
      rows: [],
      columns,
      stages: [stage('sum', array(0, extents)(...columns))],
      rowStores: [store(1, [], [], reduced(0))],
    });
    const generated = generateRow(kernel, SOFTWARE, { ...SERIAL, unroll: 4 });
    const results = await runKernel(generated, { 0: new Float32Array(length).fill(0.1), 1: new Float32Array(1) });
    expectClose([results[1][0]! / (length * Math.fround(0.1))], [1], 3e-6);
  });

  test.each([SOFTWARE, HARDWARE])('the schedule for few long rows, software: $software', async (profile) => {
    const [rows, columns] = [3, 40_000];
    const [r, c] = [variable('r', rows), variable('c', columns)];
    const x = array(0, [rows, columns])(r, c);
    const kernel = rowKernel({ rows: [r], columns: [c], stages: [stage('sum', x), stage('max', x)], rowStores: [
      store(1, [rows], [r], reduced(0)), store(2, [rows], [r], reduced(1)),
    ] });
    const generated = generate(kernel, profile);
    expect(generated.code.wgsl).toContain('workgroupBarrier');
    const a = noise(rows * columns);
    const results = await runKernel(generated, { 0: a, 1: new Float32Array(rows), 2: new Float32Array(rows) });
    for (let row = 0; row < rows; row++) {
      const values = a.subarray(row * columns, (row + 1) * columns);
      expect(results[1][row]!).toBeCloseTo(sum(values), 2);
      expect(results[2][row]).toBe(values.reduce((most, value) => Math.max(most, value)));
    }
  });
});

import { beforeAll, expect, test } from 'vitest';
import type { Program } from '../../compiler/program.ts';
import { openDevice } from '../../runtime/index.ts';
import type { Device, Storage } from '../../runtime/index.ts';
import { describeOnGpu } from '../support/gpu.ts';
import { floats } from './expect.ts';
import { carry, dispatch, input, loop, mapKernel, output, program, temporary, unary } from './programs.ts';

describeOnGpu('executing programs', () => {
  let device: Device;
  beforeAll(async () => {
    device = await openDevice({ requireGpu: true });
  });

  async function run(code: Program, ...inputs: Storage[]): Promise<number[][]> {
    const results = device.run(device.load({ kind: 'program', program: code }), inputs, { label: 'f' });
    const data = await Promise.all(results.map((result) => device.read(result)));
    return data.map((array) => [...array]);
  }

  test('a map of a host array', async () => {
    expect(await run(unary('double', 'a[i] * 2'), floats(1, 2, 3, 4.5))).toEqual([[2, 4, 6, 9]]);
  });

  test('two kernels through a temporary; a result that is an input; one buffer twice among the results', async () => {
    const chain = program('chain', {
      buffers: [input([2]), temporary([2], 0), output([2])],
      inputs: [0],
      outputs: [2, 0, 2],
      kernels: [mapKernel('square', 1, 'a[i] * a[i]'), mapKernel('add', 2, 'a[i] + b[i]')],
      steps: [dispatch(0, [0, 1]), dispatch(1, [0, 1, 2])],
    });
    expect(await run(chain, floats(2, 3))).toEqual([[6, 12], [2, 3], [6, 12]]);
  });

  test('a temporary of another size in the same slot', async () => {
    const chain = program('chain', {
      buffers: [input([3]), temporary([1], 0), temporary([3], 1), temporary([3], 0), output([3])],
      inputs: [0],
      outputs: [4],
      kernels: [mapKernel('first', 1, 'a[0]'), mapKernel('add', 2, 'a[i] + b[0]'), mapKernel('double', 1, 'a[i] * 2')],
      steps: [dispatch(0, [0, 1]), dispatch(1, [0, 1, 2]), dispatch(2, [2, 3]), dispatch(2, [3, 4])],
    });
    expect(await run(chain, floats(1, 2, 3))).toEqual([[8, 12, 16]]);
  });

  test.each([0, 1, 2, 3, 4])('a loop of %i steps with a carry: x = 2 x + t', async (length) => {
    const x = carry(0, 0, 1, 2);
    const last = length === 0 ? 0 : 2 - (length % 2);
    const steps = program('steps', {
      buffers: [input([1]), temporary([1], 0), temporary([1], 1), output([1])],
      inputs: [0],
      outputs: [3],
      kernels: [mapKernel('step', 1, '2 * a[i] + f32(t0)', { loops: 1 }), mapKernel('copy', 1, 'a[i]')],
      steps: [loop(0, length, [dispatch(0, [x.read, x.write], [0])]), dispatch(1, [last, 3])],
    });
    let expected = 1;
    for (let t = 0; t < length; t++) expected = 2 * expected + t;
    expect(await run(steps, floats(1))).toEqual([[expected]]);
  });

  test.each([[1, 1], [2, 3], [3, 2], [4, 3]])('%i x %i nested steps, the inner carry from the outer', async (rows, columns) => {
    const outer = carry(0, 0, 1, 2);
    const inner = carry(1, outer.read, 3, 4);
    const nested = program('nested', {
      buffers: [input([1]), ...[0, 1, 2, 3].map((slot) => temporary([1], slot)), output([1])],
      inputs: [0],
      outputs: [5],
      kernels: [
        mapKernel('inner', 1, 'a[i] * 2 + f32(t0) * 10 + f32(t1)', { loops: 2 }),
        mapKernel('outer', 1, 'a[i] - f32(t0)', { loops: 1 }),
        mapKernel('copy', 1, 'a[i]'),
      ],
      steps: [
        loop(0, rows, [
          loop(1, columns, [dispatch(0, [inner.read, inner.write], [0, 1])]),
          dispatch(1, [4 - (columns % 2), outer.write], [0]),
        ]),
        dispatch(2, [2 - (rows % 2), 5]),
      ],
    });
    let x = 1;
    for (let i = 0; i < rows; i++) {
      for (let j = 0; j < columns; j++) x = x * 2 + i * 10 + j;
      x -= i;
    }
    expect(await run(nested, floats(1))).toEqual([[x]]);
  });

  /** The sum of t mod 7 over a loop whose carry ends in the output. */
  const sum = (length: number): Program => {
    const x = carry(0, 0, length % 2 === 0 ? 1 : 2, length % 2 === 0 ? 2 : 1);
    return program('sum', {
      buffers: [input([1]), temporary([1], 0), output([1])],
      inputs: [0],
      outputs: [2],
      kernels: [mapKernel('add', 1, 'a[i] + f32(t0 % 7u)', { loops: 1 })],
      steps: [loop(0, length, [dispatch(0, [x.read, x.write], [0])])],
    });
  };

  test('a loop longer than the table of counters is cut into submits, and the table is used again', async () => {
    const length = 9000;
    let expected = 0;
    for (let t = 0; t < length; t++) expected += t % 7;
    for (let call = 0; call < 2; call++) expect(await run(sum(length), floats(0))).toEqual([[expected]]);
    const { stats } = device.load({ kind: 'program', program: sum(length) });
    expect(stats).toMatchObject({ dispatches: length, submits: 2, kernels: 1 });
  }, 60_000);

  test('the option dispatchesPerSubmit cuts earlier', async () => {
    const cutting = await openDevice({ requireGpu: true, dispatchesPerSubmit: 2 });
    const executable = cutting.load({ kind: 'program', program: sum(5) });
    const [result] = cutting.run(executable, [floats(1)], { label: 'f' });
    expect(await cutting.read(result!)).toEqual(Float32Array.of(11));
    expect(executable.stats.submits).toBe(3);
    cutting.destroy();
  });
});

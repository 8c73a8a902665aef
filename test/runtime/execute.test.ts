import { beforeAll, expect, test } from 'vitest';
import type { Program } from '../../compiler/program.ts';
import { Storage, openDevice } from '../../runtime/index.ts';
import type { Device } from '../../runtime/index.ts';
import { describeOnGpu } from '../support/gpu.ts';
import { buffer, dispatch, mapKernel, program, unary } from './programs.ts';

const call = { label: 'f', where: 'user.ts:3:5' };

function floats(...data: number[]): Storage {
  return Storage.host({ dtype: 'float32', shape: [data.length], data: Float32Array.from(data) });
}

describeOnGpu('executing programs', () => {
  let device: Device;
  beforeAll(async () => {
    device = await openDevice({ requireGpu: true });
  });

  async function run(code: Program, ...inputs: Storage[]): Promise<number[][]> {
    const results = device.run(device.load({ kind: 'program', program: code }), inputs, call);
    const data = await Promise.all(results.map((result) => device.read(result)));
    return data.map((array) => [...array]);
  }

  test('a map of a host array', async () => {
    expect(await run(unary('double', 'a[i] * 2'), floats(1, 2, 3, 4.5))).toEqual([[2, 4, 6, 9]]);
  });

  test('two kernels through a temporary; a result that is an input; one buffer twice among the results', async () => {
    const chain = program('chain', {
      buffers: [buffer('input', [2]), buffer('temporary', [2], 'float32', 0), buffer('output', [2])],
      inputs: [0],
      outputs: [2, 0, 2],
      kernels: [mapKernel('square', 1, 'a[i] * a[i]'), mapKernel('add', 2, 'a[i] + b[i]')],
      steps: [dispatch(0, [0, 1]), dispatch(1, [0, 1, 2])],
    });
    expect(await run(chain, floats(2, 3))).toEqual([[6, 12], [2, 3], [6, 12]]);
  });

  test('a loop with a carry: x = 2 x + t, for lengths 0 to 4', async () => {
    for (const length of [0, 1, 2, 3, 4]) {
      let expected = 1;
      for (let t = 0; t < length; t++) expected = 2 * expected + t;
      const last = length === 0 ? 0 : length % 2 === 1 ? 1 : 2;
      const carry = { loop: 0, initial: 0, even: 1, odd: 2 };
      const loop = program('loop', {
        buffers: [buffer('input', []), buffer('temporary', [], 'float32', 0), buffer('temporary', [], 'float32', 1), buffer('output', [])],
        inputs: [0],
        outputs: [3],
        kernels: [mapKernel('step', 1, '2 * a[i] + f32(t0)', { loops: 1 }), mapKernel('copy', 1, 'a[i]')],
        steps: [
          { kind: 'loop', loop: 0, length, steps: [dispatch(0, [{ ...carry, side: 'read' }, { ...carry, side: 'write' }], [0])] },
          dispatch(1, [last, 3]),
        ],
      });
      const input = Storage.host({ dtype: 'float32', shape: [], data: Float32Array.of(1) });
      expect(await run(loop, input)).toEqual([[expected]]);
    }
  });

  test('nested loops whose inner carry starts from the outer one', async () => {
    const outer = { loop: 0, initial: 0, even: 1, odd: 2 };
    const inner = { loop: 1, initial: { ...outer, side: 'read' as const }, even: 3, odd: 4 };
    const nested = (rows: number, columns: number): Program =>
      program('nested', {
        buffers: [buffer('input', [1]), ...[0, 1, 2, 3].map((slot) => buffer('temporary', [1], 'float32', slot)), buffer('output', [1])],
        inputs: [0],
        outputs: [5],
        kernels: [mapKernel('inner', 1, 'a[i] * 2 + f32(t0) * 10 + f32(t1)', { loops: 2 }), mapKernel('outer', 1, 'a[i] - f32(t0)', { loops: 1 }), mapKernel('copy', 1, 'a[i]')],
        steps: [
          {
            kind: 'loop',
            loop: 0,
            length: rows,
            steps: [
              { kind: 'loop', loop: 1, length: columns, steps: [dispatch(0, [{ ...inner, side: 'read' }, { ...inner, side: 'write' }], [0, 1])] },
              dispatch(1, [columns % 2 === 1 ? 3 : 4, { ...outer, side: 'write' }], [0]),
            ],
          },
          dispatch(2, [rows % 2 === 1 ? 1 : 2, 5]),
        ],
      });
    for (const [rows, columns] of [[1, 1], [2, 3], [3, 2], [4, 3]] as const) {
      let x = 1;
      for (let i = 0; i < rows; i++) {
        for (let j = 0; j < columns; j++) x = x * 2 + i * 10 + j;
        x -= i;
      }
      expect(await run(nested(rows, columns), floats(1))).toEqual([[x]]);
    }
  });

  test('a loop longer than the counter table is cut into submits', async () => {
    const length = 20_000;
    const carry = { loop: 0, initial: 0, even: 1, odd: 2 };
    const sum = program('sum', {
      buffers: [buffer('input', [1]), buffer('output', [1]), buffer('output', [1])],
      inputs: [0],
      outputs: [2],
      kernels: [mapKernel('add', 1, 'a[i] + f32(t0 % 7u)', { loops: 1 })],
      steps: [{ kind: 'loop', loop: 0, length, steps: [dispatch(0, [{ ...carry, side: 'read' }, { ...carry, side: 'write' }], [0])] }],
    });
    let expected = 0;
    for (let t = 0; t < length; t++) expected += t % 7;
    expect(await run(sum, floats(0))).toEqual([[expected]]);
    expect(device.load({ kind: 'program', program: sum }).stats).toMatchObject({ dispatches: length, submits: 3, kernels: 1 });
  });
});

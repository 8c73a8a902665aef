/** What reaches the GPU, counted outside of the runtime. */
import { beforeAll, expect, test } from 'vitest';
import { Storage, countingDevice, openDevice, requestGpuDevice } from '../../runtime/index.ts';
import type { Counts, Device, Executable } from '../../runtime/index.ts';
import { doubleOnGpu } from '../support/compute.ts';
import { describeOnGpu } from '../support/gpu.ts';
import { buffer, dispatch, mapKernel, program, unary } from './programs.ts';

const call = { label: 'f', where: 'user.ts:3:5' };

function floats(...data: number[]): Storage {
  return Storage.host({ dtype: 'float32', shape: [data.length], data: Float32Array.from(data) });
}

const chain = program('chain', {
  buffers: [buffer('input', [2]), buffer('temporary', [2], 'float32', 0), buffer('output', [2])],
  inputs: [0],
  outputs: [2],
  kernels: [mapKernel('square', 1, 'a[i] * a[i]'), mapKernel('add', 2, 'a[i] + b[i]')],
  steps: [dispatch(0, [0, 1]), dispatch(1, [0, 1, 2])],
});

const carry = { loop: 0, initial: 0, even: 1, odd: 2 };
const loop = program('loop', {
  buffers: [buffer('input', [2]), buffer('temporary', [2], 'float32', 0), buffer('output', [2])],
  inputs: [0],
  outputs: [2],
  kernels: [mapKernel('step', 1, 'a[i] + f32(t0)', { loops: 1 })],
  steps: [{ kind: 'loop', loop: 0, length: 50, steps: [dispatch(0, [{ ...carry, side: 'read' }, { ...carry, side: 'write' }], [0])] }],
});

describeOnGpu('the counts of calls', () => {
  let device: Device;
  let counts: Counts;
  let reset: () => void;
  beforeAll(async () => {
    const counting = countingDevice(await requestGpuDevice());
    ({ counts, reset } = counting);
    device = await openDevice({ device: counting.device });
  });

  async function counted(body: () => void): Promise<Counts> {
    reset();
    body();
    const now = { ...counts };
    await device.sync();
    return now;
  }

  test('a first call makes pipelines, buffers and bind groups; a second only dispatches', async () => {
    const executable = device.load({ kind: 'program', program: chain });
    const input = floats(1, 2);
    const run = (): void => device.run(executable, [input], call).forEach((result) => result.release());
    const first = await counted(run);
    expect(first).toMatchObject({ dispatches: 2, passes: 1, submits: 1, compiles: 2, writes: 1, bindGroups: 2, buffers: 3, bytes: 768 });
    const second = await counted(run);
    expect(second).toMatchObject({ dispatches: 2, passes: 1, submits: 1, compiles: 0, writes: 0, bindGroups: 0, buffers: 0, bytes: 0 });
    expect(executable.stats).toMatchObject({ kernels: 2, dispatches: 2, submits: 1, compiles: 2, buffers: 3, temporaryBytes: 8 });
  });

  test('a state that is replaced in each step alternates between two buffers', async () => {
    const executable = device.load({ kind: 'program', program: chain });
    let state = floats(1, 2);
    const step = (): void => {
      const [next] = device.run(executable, [state], call);
      state.release();
      state = next!;
    };
    for (let i = 0; i < 4; i++) step();
    expect(await counted(() => [1, 2, 3, 4].forEach(step))).toMatchObject({ dispatches: 8, submits: 4, bindGroups: 0, buffers: 0 });
    state.release();
  });

  test('a loop is one pass, one submit, one pipeline, three bind groups and a group of counters', async () => {
    const executable = device.load({ kind: 'program', program: loop });
    const input = floats(1, 2);
    let results: Storage[] = [];
    const run = (): void => {
      results = device.run(executable, [input], call);
    };
    expect(await counted(run)).toMatchObject({ dispatches: 50, passes: 1, submits: 1, compiles: 1, bindGroups: 4 });
    results[0]!.release();
    expect(await counted(run)).toMatchObject({ dispatches: 50, passes: 1, submits: 1, compiles: 0, bindGroups: 0, buffers: 0, writes: 0 });
    expect(await device.read(results[0]!)).toEqual(Float32Array.of(1226, 1227));
    results[0]!.release();
  });

  test('compile() makes the pipelines ahead of time, and the tests can count them', async () => {
    const counter = Symbol.for('heddle.pipelines');
    const made = (): unknown => (globalThis as { [counter]?: number })[counter];
    const executable = device.load({ kind: 'program', program: unary('ahead', 'a[i] - 7') });
    const before = Number(made());
    reset();
    await Promise.all([executable.compile(), executable.compile()]);
    await executable.compile();
    expect(counts.compiles).toBe(1);
    expect(made()).toBe(before + 1);
    expect(await counted(() => device.run(executable, [floats(1, 2, 3, 4)], call)[0]!.release())).toMatchObject({ compiles: 0 });
    expect(executable.stats.compiles).toBe(1);
    expect(executable.stats.compileMs).toBeGreaterThan(0);
  });

  test('kernels of the same text share a pipeline among executables', async () => {
    const load = (label: string): Executable => {
      const shared = unary('shared', 'a[i] * 5');
      return device.load({ kind: 'program', program: { ...shared, label } });
    };
    const [one, two] = [load('one'), load('two')];
    await one.compile();
    await two.compile();
    expect([one.stats.compiles, two.stats.compiles]).toEqual([1, 0]);
  });

  test('reads reuse their staging buffers, also when they overlap', async () => {
    const [result] = device.run(device.load({ kind: 'program', program: chain }), [floats(1, 2)], call);
    const readTwice = (): Promise<unknown> => Promise.all([device.read(result!), device.read(result!)]);
    await readTwice();
    reset();
    expect(await readTwice()).toEqual([Float32Array.of(2, 6), Float32Array.of(2, 6)]);
    expect(counts).toMatchObject({ copies: 2, submits: 2, buffers: 0, dispatches: 0 });
  });

  test('a program without work submits nothing', async () => {
    const identity = program('identity', { buffers: [buffer('input', [2])], inputs: [0], outputs: [0], kernels: [], steps: [] });
    const input = floats(1, 2);
    let results: Storage[] = [];
    const run = (): void => {
      results = device.run(device.load({ kind: 'program', program: identity }), [input], call);
    };
    expect(await counted(run)).toMatchObject({ submits: 0, writes: 0, buffers: 0 });
    expect(results).toEqual([input]);
    expect(input.count).toBe(2);
  });

  test('clear() drops pipelines, bind groups and free buffers', async () => {
    const executable = device.load({ kind: 'program', program: chain });
    const input = floats(1, 2);
    const run = (): void => device.run(executable, [input], call)[0]!.release();
    run();
    device.clear();
    expect(device.memory().pooled).toBe(0);
    expect(await counted(run)).toMatchObject({ compiles: 2, bindGroups: 2, buffers: 2 });
  });
});

describeOnGpu('the counting device', () => {
  test('counts what others do with it', async () => {
    const { device, counts } = countingDevice(await requestGpuDevice());
    const adapter = { requestDevice: () => Promise.resolve(device), info: { architecture: 'any' } };
    const gpu = { requestAdapter: () => Promise.resolve(adapter) } as unknown as GPU;
    expect((await doubleOnGpu(gpu)).values).toEqual([2, 4, 6, 9]);
    expect(counts).toEqual({
      dispatches: 1, copies: 1, writes: 1, submits: 1, passes: 1, compiles: 1, buffers: 2, bytes: 32, bindGroups: 1,
    });
  });
});

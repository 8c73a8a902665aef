/** What reaches the GPU, counted outside of the runtime. */
import { beforeAll, expect, test } from 'vitest';
import { countingDevice, openDevice, requestGpuDevice } from '../../runtime/index.ts';
import type { Counts, Device, Executable, Storage } from '../../runtime/index.ts';
import { doubleOnGpu } from '../support/compute.ts';
import { describeOnGpu } from '../support/gpu.ts';
import { floats } from './expect.ts';
import { carry, dispatch, input, loop, mapKernel, output, program, temporary, unary } from './programs.ts';

const call = { label: 'f', where: 'user.ts:3:5' };

const chain = program('chain', {
  buffers: [input([2]), temporary([2], 0), output([2])],
  inputs: [0],
  outputs: [2],
  kernels: [mapKernel('square', 1, 'a[i] * a[i]'), mapKernel('add', 2, 'a[i] + b[i]')],
  steps: [dispatch(0, [0, 1]), dispatch(1, [0, 1, 2])],
});

const x = carry(0, 0, 1, 2);
const looping = program('looping', {
  buffers: [input([2]), temporary([2], 0), output([2])],
  inputs: [0],
  outputs: [2],
  kernels: [mapKernel('step', 1, 'a[i] + f32(t0)', { loops: 1 })],
  steps: [loop(0, 50, [dispatch(0, [x.read, x.write], [0])])],
});

/** What a call like the one before does not do. */
const NOTHING_NEW = { compiles: 0, writes: 0, bindGroups: 0, buffers: 0, bytes: 0, copies: 0, readbacks: 0 };

describeOnGpu('the counts of calls', () => {
  let device: Device;
  let counts: Counts;
  let reset: () => void;
  beforeAll(async () => {
    const counting = countingDevice(await requestGpuDevice());
    ({ counts, reset } = counting);
    device = await openDevice({ device: counting.device });
  });

  /** The counts of a synchronous piece of work. */
  async function counted(body: () => void): Promise<Counts> {
    reset();
    body();
    const now = { ...counts };
    await device.sync();
    return now;
  }

  test('a first call makes pipelines, buffers and bind groups; a second only dispatches', async () => {
    const executable = device.load({ kind: 'program', program: chain });
    const data = floats(1, 2);
    const run = (): void => device.run(executable, [data], call).forEach((result) => result.release());
    const first = await counted(run);
    expect(first).toEqual({
      ...NOTHING_NEW, dispatches: 2, passes: 1, submits: 1, compiles: 2, writes: 1, bindGroups: 2, buffers: 3, bytes: 768,
    });
    const second = await counted(run);
    expect(second).toEqual({ ...NOTHING_NEW, dispatches: 2, passes: 1, submits: 1 });
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
    const counts = await counted(() => [1, 2, 3, 4].forEach(step));
    expect(counts).toEqual({ ...NOTHING_NEW, dispatches: 8, passes: 4, submits: 4 });
    state.release();
  });

  test('a loop is one pass, one submit, one pipeline, three bind groups and a group of counters', async () => {
    const executable = device.load({ kind: 'program', program: looping });
    const data = floats(1, 2);
    let results: Storage[] = [];
    const run = (): void => {
      results = device.run(executable, [data], call);
    };
    expect(await counted(run)).toMatchObject({ dispatches: 50, passes: 1, submits: 1, compiles: 1, bindGroups: 4 });
    results[0]!.release();
    expect(await counted(run)).toEqual({ ...NOTHING_NEW, dispatches: 50, passes: 1, submits: 1 });
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
    expect(counts).toMatchObject({ copies: 2, readbacks: 2, submits: 2, buffers: 0, dispatches: 0 });
  });

  test('a program without work submits nothing', async () => {
    const identity = program('identity', { buffers: [input([2])], inputs: [0], outputs: [0], kernels: [], steps: [] });
    const data = floats(1, 2);
    let results: Storage[] = [];
    const run = (): void => {
      results = device.run(device.load({ kind: 'program', program: identity }), [data], call);
    };
    expect(await counted(run)).toEqual({ ...NOTHING_NEW, dispatches: 0, passes: 0, submits: 0 });
    expect(results).toEqual([data]);
    expect(data.count).toBe(2);
  });

  test('clear() drops pipelines, bind groups and free buffers', async () => {
    const executable = device.load({ kind: 'program', program: chain });
    const data = floats(1, 2);
    const run = (): void => device.run(executable, [data], call)[0]!.release();
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
      dispatches: 1, copies: 1, readbacks: 1, writes: 1, submits: 1, passes: 1, compiles: 1, buffers: 2, bytes: 32, bindGroups: 1,
    });
  });
});

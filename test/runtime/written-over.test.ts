/** Calls that write their results over storages of the caller: which storages, which buffers, and what happens when they fail. */
import { beforeAll, describe, expect, test } from 'vitest';
import { countingDevice, openDevice } from '../../runtime/index.ts';
import type { CallSite, Counting, Device, Executable, Storage } from '../../runtime/index.ts';
import { fakeDevice } from '../support/fake-device.ts';
import type { FakeDevice } from '../support/fake-device.ts';
import { failureOf, floats, thrownBy } from './expect.ts';
import { carry, dispatch, input, mapKernel, output, program, temporary, unary } from './programs.ts';

const NOTHING_NEW = { buffers: 0, bindGroups: 0, bytes: 0 };

let fake: FakeDevice;
let counting: Counting;
let device: Device;
let increment: Executable;

/** The fake device's kernels add 1. */
const add = unary('increment', 'a[i] + 1', [2]);

const over = (...into: (Storage | null)[]): CallSite => ({ label: 'step', where: 'step.ts:1:1', into });

function run(executable: Executable, inputs: readonly Storage[], call: CallSite = { label: 'f' }): Storage {
  return device.run(executable, inputs, call)[0]!;
}

beforeAll(async () => {
  fake = fakeDevice();
  counting = countingDevice(fake.device);
  device = await openDevice({ device: counting.device, onError: () => undefined });
  increment = device.load({ kind: 'program', program: add });
});

describe('a storage that its caller alone has', () => {
  test('comes back as it is, with the result in it', async () => {
    const state = run(increment, [floats(1, 2)]);
    expect(run(increment, [state], over(state))).toBe(state);
    expect([state.count, await device.read(state)]).toEqual([1, Float32Array.of(3, 4)]);
    expect(state.where).toBe('step.ts:1:1');
  });

  test('alternates between two buffers, with two bind groups, whatever else takes buffers', async () => {
    const state = run(increment, [floats(1, 2)]);
    const step = (): Storage => run(increment, [state], over(state));
    for (let i = 0; i < 3; i++) step();
    counting.reset();
    for (let i = 0; i < 10; i++) step();
    expect(counting.counts).toMatchObject({ ...NOTHING_NEW, dispatches: 10, submits: 10 });
    const kept = [0, 0].map(() => run(increment, [floats(0, 0)]));
    for (let i = 0; i < 10; i++) step();
    expect(await device.read(state)).toEqual(Float32Array.of(25, 26));
    for (const storage of kept) expect(await device.read(storage)).toEqual(Float32Array.of(1, 1));
  });

  test('gives both buffers back at its end', () => {
    device.clear();
    const { live } = device.memory();
    const data = floats(1, 2);
    const state = run(increment, [data]);
    for (let i = 0; i < 3; i++) run(increment, [state], over(state));
    expect(device.memory()).toMatchObject({ live: live + 512, pooled: 256 });
    for (const storage of [data, state]) storage.release();
    expect(device.memory()).toMatchObject({ live, pooled: 768 });
    device.clear();
    expect(device.memory()).toMatchObject({ live, pooled: 0 });
  });

  test('two callers in turn have buffers and bind groups of their own', () => {
    const states = [run(increment, [floats(1, 2)]), run(increment, [floats(3, 4)])];
    const step = (): void => states.forEach((state) => run(increment, [state], over(state)));
    for (let i = 0; i < 4; i++) step();
    counting.reset();
    for (let i = 0; i < 10; i++) step();
    expect(counting.counts).toMatchObject({ ...NOTHING_NEW, dispatches: 20 });
  });
});

describe('a storage keeps its elements', () => {
  test('when somebody else has it', async () => {
    const state = run(increment, [floats(1, 2)]).retain();
    const next = run(increment, [state], over(state));
    expect(next).not.toBe(state);
    expect([await device.read(state), await device.read(next)]).toEqual([Float32Array.of(2, 3), Float32Array.of(3, 4)]);
  });

  test('when it is itself a result of the call', async () => {
    const parts = { ...add, buffers: [input([2]), output([2])], outputs: [1, 0] };
    const both = device.load({ kind: 'program', program: parts });
    const state = run(increment, [floats(1, 2)]);
    const [next, before] = device.run(both, [state], over(state, null));
    expect([next === state, before === state]).toEqual([false, true]);
    expect([await device.read(state), await device.read(next!)]).toEqual([Float32Array.of(2, 3), Float32Array.of(3, 4)]);
  });

  test('when the result is another array, or another result is the same', async () => {
    const state = run(increment, [floats(1, 2)]);
    const larger = device.load({ kind: 'program', program: unary('larger', 'a[i] + 1', [4]) });
    const other = run(larger, [floats(1, 2, 3, 4)], over(state));
    expect([other === state, await device.read(state)]).toEqual([false, Float32Array.of(2, 3)]);
    const twice = device.load({ kind: 'program', program: { ...add, outputs: [1, 1] } });
    const [a, b] = device.run(twice, [state], over(state, other));
    expect([a === state, b === state, state.count]).toEqual([true, true, 2]);
    expect(await device.read(other)).toEqual(Float32Array.of(2, 3, 4, 5));
  });

  test('when it is on the host', async () => {
    const data = floats(1, 2);
    expect(run(increment, [data], over(data))).not.toBe(data);
    expect(await device.read(data)).toEqual(Float32Array.of(1, 2));
  });

  test('while a read of it is pending', async () => {
    const state = run(increment, [floats(1, 2)]);
    fake.holdMaps();
    const before = device.read(state);
    const next = run(increment, [state], over(state));
    const after = device.read(next);
    fake.releaseMaps();
    expect([await before, await after]).toEqual([Float32Array.of(2, 3), Float32Array.of(3, 4)]);
  });
});

describe('calls that fail', () => {
  test('a call that throws leaves the storage as it was', async () => {
    const small = await openDevice({ device: fakeDevice().device, memoryBudget: 1024 });
    const increment = small.load({ kind: 'program', program: add });
    const run = (inputs: readonly Storage[], call: CallSite = { label: 'f' }): Storage => small.run(increment, inputs, call)[0]!;
    const state = run([floats(1, 2)]);
    const held = [run([state]), run([state])];
    expect(thrownBy(() => run([state], over(state))).code).toBe('MEMORY');
    expect(await small.read(state)).toEqual(Float32Array.of(2, 3));
    for (const storage of held) storage.release();
    run([state], over(state));
    run([state], over(state));
    expect(await small.read(state)).toEqual(Float32Array.of(4, 5));
    const more = run([state]);
    // The budget holds for the buffer that is wanted, too.
    const last = run([state]);
    expect(thrownBy(() => run([state], over(state))).code).toBe('MEMORY');
    expect(small.memory().live).toBe(1024);
    for (const storage of [more, last]) storage.release();
  });

  test('a call that fails later fails the storage, until a call writes over it again', async () => {
    const state = run(increment, [floats(1, 2)]);
    fake.failNextSubmit('validation', 'refused');
    run(increment, [state], over(state));
    expect((await failureOf(device.read(state))).message).toContain('refused');
    expect(thrownBy(() => run(increment, [state], over(state))).message).toContain('an input of step');
    const data = floats(5, 6);
    expect(run(increment, [data], over(state))).toBe(state);
    expect(await device.read(state)).toEqual(Float32Array.of(6, 7));
  });

  test('a call whose input failed fails what it wrote over', async () => {
    const state = run(increment, [floats(1, 2)]);
    fake.failNextSubmit('validation', 'refused');
    run(increment, [state], over(state));
    run(increment, [state], over(state));
    const error = await failureOf(device.read(state));
    expect(error.message).toContain('an input of step');
  });
});

test('behind a loop that the host drives, storages are held and not written over twice', async () => {
  const i = carry(0, 0, 1, 2);
  const endless = program('while', {
    buffers: [input([1]), output([1]), temporary([1], 0)],
    inputs: [0],
    outputs: [1],
    kernels: [mapKernel('step', 1, 'a[i] + 1')],
    steps: [{ kind: 'while', loop: 0, running: i.read, steps: [dispatch(0, [i.read, i.write])] }],
  });
  const loop = device.load({ kind: 'program', program: endless });
  const state = run(increment, [floats(1, 2)]);
  fake.holdMaps();
  run(loop, [floats(1)], { label: 'while' }); // It waits for an answer that never comes.
  run(increment, [state], over(state));
  expect(state.count).toBe(3); // As an input, and as a result.
  const next = run(increment, [state], over(state));
  expect(next).not.toBe(state);
  expect(state.count).toBe(4);
});

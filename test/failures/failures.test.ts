/** What fails after a call returned reaches whoever reads, with the line of the call. The device is injected. */
import { beforeEach, describe, expect, test } from 'vitest';
import { HeddleError, Param, init, jit, np } from '../../src/index.ts';
import type { Device, Tensor } from '../../src/index.ts';
import { fakeDevice } from '../support/fake-device.ts';
import type { FakeDevice } from '../support/fake-device.ts';

let fake: FakeDevice;
let device: Device;
let unawaited: HeddleError[];

/** The fake device's kernels add 1, so every program here does. */
const increment = (): ((x: Tensor) => Tensor) =>
  jit(function increment(x: Tensor) {
    return x.add(1);
  });

beforeEach(async () => {
  fake = fakeDevice();
  unawaited = [];
  device = await init({ device: fake.device, host: 'never', onError: (error) => unawaited.push(error) });
});

async function failureOf(read: Promise<unknown>): Promise<HeddleError> {
  const error: unknown = await read.then(
    () => null,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(HeddleError);
  return error as HeddleError;
}

/** The line of the caller, as messages show it. */
function here(offset: number): string {
  const line = Number(/failures\.test\.ts:(\d+):/.exec(new Error().stack!.split('\n')[2]!)?.[1]);
  return `test/failures/failures.test.ts:${line + offset}:`;
}

describe('failures reach the reader', () => {
  test('a validation error', async () => {
    const f = increment();
    fake.failNextSubmit('validation', 'the kernel is refused');
    const [y, line] = [f(np.array([1, 2])), here(0)];
    const error = await failureOf(y.data());
    expect(error.code).toBe('VALIDATION');
    expect(error.message).toContain('the kernel is refused');
    expect(error.message).toContain(line);
  });

  test('out of memory', async () => {
    const f = increment();
    fake.failNextSubmit('out-of-memory', 'no memory left');
    const [y, line] = [f(np.array([1, 2])), here(0)];
    const error = await failureOf(y.data());
    expect(error.code).toBe('MEMORY');
    expect(error.message).toContain(line);
  });

  test('a lost device', async () => {
    const f = increment();
    const host = np.array([1, 2]);
    const y = f(host);
    fake.holdMaps();
    const read = y.data();
    fake.lose('the driver crashed');
    const error = await failureOf(read);
    expect(error.code).toBe('DEVICE_LOST');
    expect(error.message).toContain('the driver crashed');
    expect(() => f(host)).toThrow(/DEVICE_LOST/);
    expect([...(await host.data())]).toEqual([1, 2]);
    await init({ device: fakeDevice().device, host: 'never' });
    expect([...(await increment()(host).data())]).toEqual([2, 3]);
  });

  test('a program fed a failed value fails with it as cause', async () => {
    const f = increment();
    fake.failNextSubmit('validation', 'first');
    const y = f(np.array([1, 2]));
    const z = f(y);
    const error = await failureOf(z.data());
    expect((error.cause as HeddleError).message).toContain('first');
    await failureOf(y.data());
  });

  test('a failed write fails the Variable, and the next call that touches it', async () => {
    const state = new Param(np.array([1, 2]));
    const step = jit((x: Tensor) => {
      state.value = x.add(1);
    });
    fake.failNextSubmit('validation', 'refused');
    step(np.array([1, 2]));
    const error = await failureOf(state.value.data());
    expect(error.code).toBe('VALIDATION');
    expect(() => increment()(state.value)).toThrow(/VALIDATION/);
  });

  test('a failure that nobody awaits goes once to onError', async () => {
    const f = increment();
    fake.failNextSubmit('validation', 'unseen');
    f(np.array([1, 2]));
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(unawaited.map(({ code }) => code)).toEqual(['VALIDATION']);
  });
});

describe('reads', () => {
  test('overlapping reads of one tensor and of several', async () => {
    const f = increment();
    const [y, z] = [f(np.array([1, 2])), f(np.array([5, 6]))];
    fake.holdMaps();
    const reads = [y.data(), y.data(), z.data(), y.array()];
    fake.releaseMaps();
    const [first, second, third, fourth] = await Promise.all(reads);
    expect([first, second, third]).toEqual([Float32Array.of(2, 3), Float32Array.of(2, 3), Float32Array.of(6, 7)]);
    expect(fourth).toEqual([2, 3]);
  });

  test('a read that is pending while its Variable moves on', async () => {
    const state = new Param(np.array([1, 2]));
    const step = jit(() => {
      state.value = state.value.add(1);
    });
    step();
    fake.holdMaps();
    const before = state.value.data();
    step();
    const after = state.value.data();
    fake.releaseMaps();
    expect([...(await before)]).toEqual([2, 3]);
    expect([...(await after)]).toEqual([3, 4]);
  });

  test('a tensor captured by a cached program outlives its handle', async () => {
    const f = increment();
    const captured = f(np.array([1, 2]));
    const add = jit(() => captured.add(1));
    expect([...(await add().data())]).toEqual([3, 4]);
    captured.dispose();
    expect([...(await add().data())]).toEqual([3, 4]);
    expect(device.memory().live).toBeGreaterThan(0);
  });
});

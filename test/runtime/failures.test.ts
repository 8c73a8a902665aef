/** What happens when a GPU fails, on a device that fails on command. Its kernels add 1. */
import { describe, expect, test } from 'vitest';
import type { HeddleError } from '../../compiler/errors.ts';
import { Storage, openDevice } from '../../runtime/index.ts';
import type { CallSite, Device, InitOptions } from '../../runtime/index.ts';
import { WebGpuDevice } from '../../runtime/webgpu.ts';
import { BROKEN_WGSL, fakeDevice } from '../support/fake-device.ts';
import type { FakeDevice } from '../support/fake-device.ts';
import { failureOf, floats, thrownBy } from './expect.ts';
import { unary } from './programs.ts';

interface Setup {
  readonly fake: FakeDevice;
  readonly device: Device;
  /** Failures that nobody awaited. */
  readonly reported: HeddleError[];
  /** Adds 1 to a storage in a call at the line `where`. */
  increment(input: Storage, where: string, donate?: boolean): Storage;
}

async function setUp(fakeOptions: Parameters<typeof fakeDevice>[0] = {}, options: InitOptions = {}): Promise<Setup> {
  const fake = fakeDevice(fakeOptions);
  const reported: HeddleError[] = [];
  const device = await openDevice({ device: fake.device, onError: (error) => reported.push(error), ...options });
  const executable = device.load({ kind: 'program', program: unary('increment', 'a[i] + 1') });
  const increment = (input: Storage, where: string, donate = false): Storage =>
    device.run(executable, [input], { label: 'increment', where, donate: [donate] })[0]!;
  return { fake, device, reported, increment };
}

function input(): Storage {
  return floats(1, 2, 3, 4);
}

const macrotasks = async (): Promise<void> => {
  for (let i = 0; i < 3; i++) await new Promise((resolve) => setTimeout(resolve));
};

test('without failures the fake device computes', async () => {
  const { device, fake, increment } = await setUp();
  const result = increment(increment(input(), 'a.ts:1:1'), 'a.ts:2:1');
  expect(await device.read(result)).toEqual(Float32Array.of(3, 4, 5, 6));
  expect(fake.uncaptured).toEqual([]);
});

describe('a validation error', () => {
  test('of the submit reaches the reader with the line of the call', async () => {
    const { device, fake, increment, reported } = await setUp();
    fake.failNextSubmit('validation', 'this is not valid');
    const result = increment(input(), 'user.ts:7:3');
    const error = await failureOf(device.read(result));
    expect(error.message).toBe('[VALIDATION] WebGPU refused increment: this is not valid\n  at:  user.ts:7:3');
    expect(result.failure?.error).toBe(error);
    await macrotasks();
    expect(reported).toEqual([]);
  });

  test('of a kernel names it, in compile() and in calls, and each call hears it', async () => {
    const { device } = await setUp();
    const executable = device.load({ kind: 'program', program: unary('bad', BROKEN_WGSL) });
    expect((await failureOf(executable.compile())).message).toBe(
      '[VALIDATION] WebGPU refused kernel bad: the WGSL is broken\n  at:  bad.ts:1:1',
    );
    for (const where of ['user.ts:1:1', 'user.ts:2:1']) {
      const [result] = device.run(executable, [input()], { label: 'f', where });
      expect((await failureOf(device.read(result!))).message).toBe(
        `[VALIDATION] WebGPU refused f: kernel bad: the WGSL is broken\n  at:  ${where}`,
      );
    }
  });

  test('spoils the calls that read the result, with itself as the cause', async () => {
    const { device, fake, increment } = await setUp();
    fake.failNextSubmit('validation', 'this is not valid');
    const first = increment(input(), 'user.ts:1:1');
    const second = increment(first, 'user.ts:2:1');
    const third = increment(second, 'user.ts:3:1');
    const error = await failureOf(device.read(third));
    expect(error).toMatchObject({ code: 'VALIDATION', where: 'user.ts:3:1', cause: { where: 'user.ts:2:1' } });
    expect(second.failure?.error).toBe(error.cause);
    expect(second.failure?.error?.cause).toBe(first.failure?.error);
    // Once the failure is known, the call itself throws.
    const thrown = thrownBy(() => increment(first, 'user.ts:9:1'));
    expect(thrown.message).toBe('[VALIDATION] an input of increment is the result of a call that failed\n  at:  user.ts:9:1');
    expect(thrown.cause).toBe(first.failure?.error);
  });

  test('leaves other calls alone', async () => {
    const { device, fake, increment } = await setUp();
    const before = increment(input(), 'user.ts:1:1');
    fake.failNextSubmit('validation', 'this is not valid');
    const failed = increment(before, 'user.ts:2:1');
    const after = increment(before, 'user.ts:3:1');
    await failureOf(device.read(failed));
    expect(await device.read(after)).toEqual(Float32Array.of(3, 4, 5, 6));
  });
});

describe('a failure that nobody awaited', () => {
  test('goes to onError once, also when several calls depend on it', async () => {
    const { fake, increment, reported } = await setUp();
    fake.failNextSubmit('validation', 'this is not valid');
    const failed = increment(input(), 'user.ts:1:1');
    increment(failed, 'user.ts:2:1');
    increment(failed, 'user.ts:3:1');
    await macrotasks();
    expect(reported.map(({ where, cause }) => [where, cause])).toEqual([['user.ts:2:1', failed.failure?.error]]);
  });

  test('is still told to a later reader', async () => {
    const { device, fake, increment, reported } = await setUp();
    fake.failNextSubmit('validation', 'this is not valid');
    const failed = increment(input(), 'user.ts:1:1');
    await macrotasks();
    expect(reported).toHaveLength(1);
    expect(await failureOf(device.read(failed))).toBe(reported[0]);
  });

  test('is an unhandled rejection in Node by default', async () => {
    const fake = fakeDevice();
    const device = await openDevice({ device: fake.device });
    const executable = device.load({ kind: 'program', program: unary('increment', 'a[i] + 1') });
    const others = process.listeners('unhandledRejection');
    process.removeAllListeners('unhandledRejection');
    const rejected = new Promise((resolve) => process.once('unhandledRejection', resolve));
    try {
      fake.failNextSubmit('validation', 'this is not valid');
      device.run(executable, [input()], { label: 'f', where: 'user.ts:1:1' });
      expect(await rejected).toMatchObject({ code: 'VALIDATION', where: 'user.ts:1:1' });
    } finally {
      for (const listener of others) process.on('unhandledRejection', listener);
    }
  });
});

describe('out of memory', () => {
  test('reaches the reader with the line of the call, and later calls work again', async () => {
    // Room for an input, two results (each in a buffer of 256 bytes) or one result and a staging buffer.
    const { device, fake, increment } = await setUp({ memory: 768 });
    const data = input();
    const kept = [increment(data, 'user.ts:1:1'), increment(data, 'user.ts:2:1')];
    const tooMuch = increment(data, 'user.ts:3:1');
    const error = await failureOf(device.read(tooMuch));
    expect(error.message).toBe('[MEMORY] the device ran out of memory in increment: no 256 bytes are left\n  at:  user.ts:3:1');
    for (const storage of [tooMuch, ...kept]) storage.release();
    device.clear();
    expect(await device.read(increment(data, 'user.ts:4:1'))).toEqual(Float32Array.of(2, 3, 4, 5));
    expect(fake.uncaptured).toEqual([]);
  });

  test('a host storage whose upload failed is uploaded again', async () => {
    const { device, increment } = await setUp({ memory: 768 });
    const ballast = [input(), input(), input()];
    const results = ballast.map((storage) => increment(storage, 'user.ts:1:1'));
    const data = input();
    expect(await failureOf(device.read(increment(data, 'user.ts:2:1')))).toMatchObject({ code: 'MEMORY', where: 'user.ts:2:1' });
    for (const storage of [...ballast, ...results]) storage.release();
    device.clear();
    expect(await device.read(increment(data, 'user.ts:3:1'))).toEqual(Float32Array.of(2, 3, 4, 5));
  });

  test('above the budget the call throws and names the lines that hold most', async () => {
    const { increment, device } = await setUp({}, { memoryBudget: 1024 });
    const data = input();
    const results = [increment(data, 'user.ts:1:1'), increment(data, 'user.ts:2:1'), increment(data, 'user.ts:2:1')];
    expect(thrownBy(() => increment(data, 'user.ts:3:1')).message).toBe(
      [
        '[MEMORY] increment: float32[4] takes 16 bytes, but 1024 of the memory budget of 1024 bytes are in use; most are held by',
        '  512 bytes in 2 tensors made at user.ts:2:1',
        '  256 bytes in 1 tensor made at data.ts:1:1',
        '  256 bytes in 1 tensor made at user.ts:1:1',
        '  at:  user.ts:3:1',
        '  fix: await sync(); // lets finished calls and collected tensors give their memory back',
      ].join('\n'),
    );
    results[0]!.release();
    expect(await device.read(increment(data, 'user.ts:4:1'))).toEqual(Float32Array.of(2, 3, 4, 5));
  });
});

test('an array above a limit of the device throws LIMIT with the bytes, the limit and the shape', async () => {
  const { device } = await setUp({ limits: { maxStorageBufferBindingSize: 1024 } });
  const executable = device.load({ kind: 'program', program: unary('big', 'a[i]', [20, 20]) });
  const big = Storage.host({ dtype: 'float32', shape: [20, 20], data: new Float32Array(400) });
  expect(thrownBy(() => device.run(executable, [big], { label: 'big', where: 'user.ts:1:1' })).message).toBe(
    [
      "[LIMIT] big: float32[20,20] takes 1600 bytes, above the device's maxStorageBufferBindingSize of 1024 bytes",
      '  at:  user.ts:1:1',
      '  fix: for (const part of np.split(x, 4)) f(part); // work on smaller parts',
    ].join('\n'),
  );
  expect(device.memory().live).toBe(0);
});

describe('a lost device', () => {
  test('fails pending reads with the line of the call', async () => {
    const { device, fake, increment } = await setUp();
    fake.holdMaps();
    const result = increment(input(), 'user.ts:1:1');
    const reading = device.read(result);
    await macrotasks();
    fake.lose('it fell asleep');
    const error = await failureOf(reading);
    expect(error).toMatchObject({ code: 'DEVICE_LOST', where: 'user.ts:1:1' });
    expect(error.message).toContain('the device fake was lost: it fell asleep');
  });

  test('makes every later call and read fail; host storages survive', async () => {
    const { device, fake, increment, reported } = await setUp();
    const data = input();
    const result = increment(data, 'user.ts:1:1');
    await device.sync();
    fake.lose('it fell asleep');
    await macrotasks();
    expect(device.lost).toBe(true);
    expect(thrownBy(() => increment(data, 'user.ts:2:1')).message).toBe(
      [
        '[DEVICE_LOST] increment: the device fake was lost: it fell asleep',
        '  at:  user.ts:2:1',
        '  fix: await init(); // then restore what was on the device',
      ].join('\n'),
    );
    expect(await failureOf(device.read(result))).toMatchObject({ code: 'DEVICE_LOST', where: 'user.ts:1:1' });
    expect(await failureOf(device.sync())).toMatchObject({ code: 'DEVICE_LOST' });
    expect(await device.read(data)).toEqual(Float32Array.of(1, 2, 3, 4));
    result.release();
    expect(reported).toEqual([]);
  });

  test('fails the calls in flight once', async () => {
    const { fake, increment, reported } = await setUp();
    increment(input(), 'user.ts:1:1');
    fake.lose('it fell asleep');
    await macrotasks();
    expect(reported.map(({ code, where }) => [code, where])).toEqual([['DEVICE_LOST', 'user.ts:1:1']]);
  });

  test('is replaced by opening another; its results cannot go there', async () => {
    const { fake, increment } = await setUp();
    const data = input();
    const old = increment(data, 'user.ts:1:1');
    fake.lose('it fell asleep');
    await macrotasks();
    const next = await setUp();
    expect(await next.device.read(next.increment(data, 'user.ts:2:1'))).toEqual(Float32Array.of(2, 3, 4, 5));
    expect(thrownBy(() => next.increment(old, 'user.ts:3:1'))).toMatchObject({ code: 'DEVICE_LOST', where: 'user.ts:3:1' });
  });

  test('that was destroyed on purpose reports nothing', async () => {
    const { device, increment, reported } = await setUp();
    increment(input(), 'user.ts:1:1');
    device.destroy();
    await macrotasks();
    expect(reported).toEqual([]);
    expect(thrownBy(() => increment(input(), 'user.ts:2:1')).message).toContain('the device fake was destroyed');
  });
});

describe('reads', () => {
  test('overlap', async () => {
    const { device, fake, increment } = await setUp();
    fake.holdMaps();
    const first = increment(input(), 'user.ts:1:1');
    const second = increment(first, 'user.ts:2:1');
    const reads = [device.read(first), device.read(second), device.read(first)];
    await macrotasks();
    fake.releaseMaps();
    expect(await Promise.all(reads)).toEqual([[2, 3, 4, 5], [3, 4, 5, 6], [2, 3, 4, 5]].map((row) => Float32Array.from(row)));
    expect(fake.uncaptured).toEqual([]);
  });

  test('survive the release of the storage, and the reuse of its memory', async () => {
    const { device, fake, increment } = await setUp();
    fake.holdMaps();
    const first = increment(input(), 'user.ts:1:1');
    const reading = device.read(first);
    first.release();
    const second = increment(increment(input(), 'user.ts:2:1'), 'user.ts:3:1');
    fake.releaseMaps();
    expect(await reading).toEqual(Float32Array.of(2, 3, 4, 5));
    expect(await device.read(second)).toEqual(Float32Array.of(3, 4, 5, 6));
  });

  test('of a released storage reject', async () => {
    const { device, increment } = await setUp();
    const result = increment(input(), 'user.ts:1:1');
    result.release();
    expect((await failureOf(device.read(result))).message).toBe(
      '[DISPOSED] the float32[4] made at user.ts:1:1 was disposed or donated\n' +
        '  fix: const kept = x.alias(); // before x is disposed or donated',
    );
  });
});

describe('inputs', () => {
  test('of another device are refused', async () => {
    const [one, two] = [await setUp(), await setUp()];
    const result = one.increment(input(), 'user.ts:1:1');
    expect(thrownBy(() => two.increment(result, 'user.ts:2:1')).message).toBe(
      '[DEVICE_MISMATCH] increment runs on fake, but an input float32[4] is on another fake\n  at:  user.ts:2:1\n  fix: await x.to(device)',
    );
  });

  test('of another shape or dtype are refused', async () => {
    const { increment } = await setUp();
    const wrong = Storage.host({ dtype: 'int32', shape: [2, 2], data: new Int32Array(4) });
    expect(thrownBy(() => increment(wrong, 'user.ts:1:1')).message).toBe(
      '[INTERNAL] increment is made for (float32[4]), not for (int32[2,2])\n  at:  user.ts:1:1',
    );
  });

  test('that are donated are gone after the call, and cannot be donated twice', async () => {
    const { device, increment } = await setUp();
    const result = increment(input(), 'user.ts:1:1');
    const next = increment(result, 'user.ts:2:1', true);
    expect(thrownBy(() => increment(result, 'user.ts:3:1'))).toMatchObject({ code: 'DISPOSED', where: 'user.ts:3:1' });
    expect(await device.read(next)).toEqual(Float32Array.of(3, 4, 5, 6));
  });
});

test('calls and reads wait for a task that the host drives, with all that they need held', async () => {
  const fake = fakeDevice();
  const device = new WebGpuDevice(fake.device, false);
  const executable = device.load({ kind: 'program', program: unary('increment', 'a[i] + 1') });
  const increment = (storage: Storage): Storage => device.run(executable, [storage], { label: 'increment' })[0]!;
  let finish = (): void => {};
  device.queue.enqueue(() => new Promise<void>((resolve) => (finish = resolve)));
  const data = input();
  const first = increment(data);
  data.release();
  const second = increment(first);
  first.release();
  const reading = device.read(second);
  second.release();
  const other = device.read(increment(input()));
  await macrotasks();
  expect(device.memory().live).toBe(5 * 256);
  finish();
  expect(await reading).toEqual(Float32Array.of(3, 4, 5, 6));
  expect(await other).toEqual(Float32Array.of(2, 3, 4, 5));
  expect(device.memory().live).toBe(2 * 256);
});

test('calls that wait when the device is lost fail with it', async () => {
  const fake = fakeDevice();
  const device = new WebGpuDevice(fake.device, false);
  const executable = device.load({ kind: 'program', program: unary('increment', 'a[i] + 1') });
  device.queue.enqueue(() => new Promise<void>(() => {}));
  const [result] = device.run(executable, [input()], { label: 'increment', where: 'user.ts:1:1' });
  const reading = device.read(result!);
  fake.lose('it fell asleep');
  expect(await failureOf(reading)).toMatchObject({ code: 'DEVICE_LOST', where: 'user.ts:1:1' });
});

test('options that make no sense are refused', async () => {
  const { device } = fakeDevice();
  await expect(openDevice({ device, memoryBudget: -1 })).rejects.toThrow(
    '[VALUE] memoryBudget is -1, not a positive number\n  fix: await init({ memoryBudget: 1073741824 })',
  );
  await expect(openDevice({ device, dispatchesPerSubmit: NaN })).rejects.toThrow('[VALUE] dispatchesPerSubmit is NaN');
});

test('the call site is asked for its line only by failures', async () => {
  const { device } = await setUp();
  const executable = device.load({ kind: 'program', program: unary('increment', 'a[i] + 1') });
  const call: CallSite = {
    label: 'f',
    get where(): string {
      throw new Error('nobody needs it');
    },
  };
  const data = input();
  const [first] = device.run(executable, [data], call);
  const [second] = device.run(executable, [first!], call);
  await device.sync();
  expect(await device.read(second!)).toEqual(Float32Array.of(3, 4, 5, 6));
});

/** A loop that the host drives on a device that fails. Its one kernel adds 1 to a number, and the loop ends when that is 0. */
import { expect, test } from 'vitest';
import type { HeddleError } from '../../compiler/errors.ts';
import { openDevice } from '../../runtime/index.ts';
import type { Device, Storage } from '../../runtime/index.ts';
import { fakeDevice } from '../support/fake-device.ts';
import type { FakeDevice } from '../support/fake-device.ts';
import { failureOf, floats } from './expect.ts';
import { carry, dispatch, input, mapKernel, output, program, temporary, unary } from './programs.ts';

const number = carry(0, 0, 1, 2);
const untilZero = program('untilZero', {
  buffers: [input([1]), temporary([1], 0), output([1])],
  inputs: [0],
  outputs: [2],
  kernels: [mapKernel('increment', 1, 'a[i] + 1')],
  steps: [{ kind: 'while', loop: 0, running: number.write, steps: [dispatch(0, [number.read, number.write])] }],
});

interface Setup {
  readonly fake: FakeDevice;
  readonly device: Device;
  readonly reported: HeddleError[];
  increment(x: Storage): Storage;
  loop(x: Storage, where?: string): Storage;
}

async function setUp(): Promise<Setup> {
  const fake = fakeDevice();
  const reported: HeddleError[] = [];
  const device = await openDevice({ device: fake.device, onError: (error) => reported.push(error) });
  const programs = [unary('increment', 'a[i] + 1', [1]), untilZero];
  const [increment, loop] = programs.map((each) => device.load({ kind: 'program', program: each }));
  return {
    fake,
    device,
    reported,
    increment: (x) => device.run(increment!, [x], { label: 'increment', where: 'user.ts:1:1' })[0]!,
    loop: (x, where = 'user.ts:2:1') => device.run(loop!, [x], { label: 'untilZero', where })[0]!,
  };
}

const NEVER = 1;

test('without failures it ends when the number is 0 at the end of a chunk', async () => {
  const { device, increment, loop } = await setUp();
  for (const steps of [8, 24, 56]) {
    // What is submitted ahead is not undone here, since this kernel has no guard: twice the steps of the chunk before.
    const y = loop(floats(-steps));
    const z = increment(y);
    expect(await device.read(z)).toEqual(Float32Array.of(steps + 8 + 1));
  }
});

test('a refused chunk ends it, though the answer of an earlier read lies in the staging buffer', async () => {
  const { device, fake, loop } = await setUp();
  await device.read(floats(3));
  fake.holdMaps();
  const y = loop(floats(NEVER));
  const read = device.read(y);
  fake.failNextSubmit('validation', 'this is not valid');
  fake.releaseMaps();
  expect((await failureOf(read)).message).toBe('[VALIDATION] WebGPU refused untilZero: this is not valid\n  at:  user.ts:2:1');
  expect(await device.read(loop(floats(-8), 'user.ts:3:1'))).toEqual(Float32Array.of(16));
});

test('an input that failed ends it', async () => {
  const { device, fake, increment, loop } = await setUp();
  fake.failNextSubmit('validation', 'this is not valid');
  const error = await failureOf(device.read(loop(increment(floats(NEVER)))));
  expect(error).toMatchObject({ code: 'VALIDATION', where: 'user.ts:2:1', cause: { where: 'user.ts:1:1' } });
});

test('the loss of the device ends it, and what waits for it', async () => {
  const { device, fake, increment, loop } = await setUp();
  fake.holdMaps();
  const y = loop(floats(NEVER));
  const z = increment(y);
  const reads = [device.read(y), device.read(z)];
  fake.lose('it fell off the bus');
  const errors = await Promise.all(reads.map(failureOf));
  expect(errors.map(({ code }) => code)).toEqual(['DEVICE_LOST', 'DEVICE_LOST']);
  expect(errors[0]!.message).toContain('it fell off the bus');
});

test('a failure that nobody awaited is reported once', async () => {
  const { device, fake, loop, increment, reported } = await setUp();
  fake.failNextSubmit('out-of-memory', 'no bytes are left');
  increment(loop(floats(NEVER)));
  await device.sync().catch(() => {});
  await new Promise((resolve) => setTimeout(resolve, 5));
  expect(reported.map(({ code, where }) => [code, where])).toEqual([['MEMORY', 'user.ts:1:1']]);
});

test('its storages live until it has ended, whoever lets go of them before', async () => {
  const { device, increment, loop } = await setUp();
  const x = floats(-56);
  const y = loop(x);
  const z = increment(y);
  const read = device.read(z);
  [x, y, z].forEach((storage) => storage.release());
  expect(await read).toEqual(Float32Array.of(65));
  await device.sync();
  expect(device.memory().live).toBe(0);
});

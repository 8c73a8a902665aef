/** init(): which device programs run on. */
import { beforeEach, expect, test } from 'vitest';
import { init, np } from '../src/index.ts';
import type { Device } from '../src/index.ts';
import { fakeDevice } from './support/fake-device.ts';

let first: Device;

beforeEach(async () => {
  first = await init({ device: fakeDevice().device });
});

test('without options it gives the device that is open, so that modules can call it on their own', async () => {
  expect(await init()).toBe(first);
  const made = np.ones([64, 64]);
  await init();
  expect(made.add(np.ones([64, 64])).device).toBe(first);
});

test('with options it opens another', async () => {
  expect(await init({ device: fakeDevice().device })).not.toBe(first);
});

test('calls at the same time share one device, also after the last one is gone', async () => {
  first.destroy();
  const [one, other] = await Promise.all([init(), init()]);
  expect(one).toBe(other);
  expect(one).not.toBe(first);
});

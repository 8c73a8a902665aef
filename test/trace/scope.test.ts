/** scope gives back what a function made, except its result and the values of Variables; `using` gives back one tensor. */
import { expect, test } from 'vitest';
import { HeddleError, Param, np, scope } from '../../src/index.ts';
import type { Tensor } from '../../src/index.ts';
import { assertAllClose } from '../../src/testing/index.ts';
import { useWgsl } from '../support/wgsl.ts';

const wgsl = useWgsl();

test('intermediates go, the result and the values of Variables stay', async () => {
  const state = new Param(np.ones([1000]));
  const before = np.ones([1000]).add(1);
  let intermediate!: Tensor;
  const result = scope(() => {
    intermediate = before.mul(3);
    state.value = intermediate.add(1);
    return { y: intermediate.sub(2), list: [before] };
  });
  expect(intermediate.disposed).toBe(true);
  await assertAllClose(result, { y: np.full([1000], 4), list: [np.full([1000], 2)] });
  await assertAllClose(state.value, np.full([1000], 7));
});

test('a thousand steps in scopes hold no more memory than one', async () => {
  const state = new Param(np.ones([256]));
  const step = (): void => scope(() => state.update((value) => value.mul(0.5).add(1).sub(0.5)));
  for (let i = 0; i < 5; i++) step();
  await wgsl.device.sync();
  const { live } = wgsl.device.memory();
  for (let i = 0; i < 1000; i++) step();
  await wgsl.device.sync();
  expect(wgsl.device.memory().live).toBeLessThanOrEqual(live + 4096);
});

test('an asynchronous function is refused, and what was made before an error is given back', () => {
  expect(() => scope(async () => np.ones([2]).add(1))).toThrow(HeddleError);
  let made!: Tensor;
  const failing = (): void => {
    made = np.ones([2]).add(1);
    throw new RangeError('on purpose');
  };
  expect(() => scope(failing)).toThrow(RangeError);
  expect(made.disposed).toBe(true);
});

test('using gives a tensor back at the end of its block', () => {
  let outside!: Tensor;
  {
    using x = np.ones([2]).add(1);
    outside = x;
    expect(x.disposed).toBe(false);
  }
  expect(outside.disposed).toBe(true);
});

import { expect, test } from 'vitest';
import { CallQueue } from '../../runtime/queue.ts';

/** A promise that is settled from outside. */
function gate(): { promise: Promise<void>; open: () => void; fail: () => void } {
  let [open, fail] = [(): void => {}, (): void => {}];
  const promise = new Promise<void>((resolve, reject) => {
    open = resolve;
    fail = () => reject(new Error('failed'));
  });
  return { promise, open, fail };
}

test('a task runs before enqueue returns', () => {
  const queue = new CallQueue();
  const ran: string[] = [];
  queue.enqueue(() => void ran.push('a'));
  expect(ran).toEqual(['a']);
});

test('tasks wait for one that the host drives, and run in order after it', async () => {
  const queue = new CallQueue();
  const ran: string[] = [];
  const { promise, open } = gate();
  queue.enqueue(() => promise);
  for (const name of ['a', 'b']) queue.enqueue(() => void ran.push(name));
  const drained = queue.drained().then(() => ran.push('drained'));
  await Promise.resolve();
  expect(ran).toEqual([]);
  open();
  await drained;
  expect(ran).toEqual(['a', 'b', 'drained']);
  queue.enqueue(() => void ran.push('c'));
  expect(ran.at(-1)).toBe('c');
});

test('a task enqueued by a task comes after those that wait', () => {
  const queue = new CallQueue();
  const ran: string[] = [];
  queue.enqueue(() => {
    queue.enqueue(() => void ran.push('inner'));
    ran.push('outer');
  });
  expect(ran).toEqual(['outer', 'inner']);
});

test('goes on after a host-driven task that failed', async () => {
  const queue = new CallQueue();
  const { promise, fail } = gate();
  queue.enqueue(() => promise);
  const drained = queue.drained();
  fail();
  await expect(drained).resolves.toBeUndefined();
});

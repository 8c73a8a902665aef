/** Buffers are reused, and what holds them can be told. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { openDevice } from '../../runtime/index.ts';
import type { Device, Storage } from '../../runtime/index.ts';
import { BufferPool, sizeClass } from '../../runtime/pool.ts';
import { fakeDevice } from '../support/fake-device.ts';
import { property } from '../support/property.ts';
import { floats } from './expect.ts';
import { unary } from './programs.ts';

const MB = 1_048_576;

describe('size classes', () => {
  test('are powers of two up to 1 MB, then eighths of an octave', () => {
    expect([1, 256, 257, 1000, MB].map((bytes) => sizeClass(bytes, 1e9))).toEqual([256, 256, 512, 1024, MB]);
    expect([MB + 1, 1.2 * MB, 2 * MB, 2 * MB + 4].map((bytes) => sizeClass(bytes, 1e9) / MB)).toEqual([1.125, 1.25, 2, 2.25]);
  });

  property('waste at most an eighth above 1 MB, and are their own class', [fc.integer({ min: 1, max: 2 ** 31 })], (bytes) => {
    const size = sizeClass(bytes, 2 ** 32);
    expect(size).toBeGreaterThanOrEqual(bytes);
    expect(size % 4).toBe(0);
    expect(sizeClass(size, 2 ** 32)).toBe(size);
    if (bytes > MB) expect(size).toBeLessThan(bytes * 1.125 + 4);
  });

  test('end at the largest buffer of the device', () => {
    expect(sizeClass(1000, 1004)).toBe(1004);
  });
});

describe('the pool', () => {
  const poolWith = (budget = Infinity): BufferPool => new BufferPool(fakeDevice().device, budget);

  test('hands out the oldest buffer of a size, whatever the order of releases', () => {
    const pool = poolWith();
    const [a, b, c] = [pool.acquire(100), pool.acquire(200), pool.acquire(300)];
    for (const buffer of [c, b, a]) pool.release(buffer);
    expect(pool.acquire(256)).toBe(a);
    expect(pool.acquire(1)).toBe(b);
    expect([pool.live, pool.peak, pool.pooled, pool.count]).toEqual([512, 1024, 512, 3]);
  });

  test('gives back what has not been needed for long', () => {
    const pool = poolWith();
    pool.release(pool.acquire(200 * MB));
    expect(pool.pooled).toBe(208 * MB);
    // After two periods of calls that need little, the large buffer is above the watermark.
    for (let i = 0; i < 512; i++) {
      pool.release(pool.acquire(MB));
      pool.endCall();
    }
    pool.release(pool.acquire(MB));
    expect([pool.pooled, pool.count]).toEqual([MB, 1]);
  });

  test('keeps what each call needs', () => {
    const pool = poolWith();
    for (let i = 0; i < 1000; i++) {
      const buffers = [pool.acquire(100 * MB), pool.acquire(150 * MB)];
      for (const buffer of buffers) pool.release(buffer);
      pool.endCall();
    }
    expect(pool.count).toBe(2);
  });

  test('makes room within the budget', () => {
    const pool = poolWith(1024);
    pool.release(pool.acquire(512));
    pool.release(pool.acquire(256));
    pool.acquire(1024);
    expect([pool.live, pool.pooled, pool.count]).toEqual([1024, 0, 1]);
  });
});

describe('memory()', () => {
  async function open(): Promise<{ device: Device; increment: (input: Storage, where: string) => Storage }> {
    const device = await openDevice({ device: fakeDevice().device });
    const executable = device.load({ kind: 'program', program: unary('increment', 'a[i] + 1') });
    return { device, increment: (input, where) => device.run(executable, [input], { label: 'increment', where })[0]! };
  }

  test('tells what is held, by the line that made it', async () => {
    const { device, increment } = await open();
    const data = floats(1, 2, 3, 4);
    expect(device.memory()).toEqual({ live: 0, peak: 0, pooled: 0, buffers: 0, holders: [] });
    const results = ['a.ts:1:1', 'b.ts:1:1', 'b.ts:1:1'].map((where) => increment(data, where));
    expect(device.memory()).toEqual({
      live: 1024,
      peak: 1024,
      pooled: 0,
      buffers: 4,
      holders: [
        { bytes: 512, count: 2, where: 'b.ts:1:1' },
        { bytes: 256, count: 1, where: 'data.ts:1:1' },
        { bytes: 256, count: 1, where: 'a.ts:1:1' },
      ],
    });
    for (const storage of [...results, data]) storage.release();
    expect(device.memory()).toEqual({ live: 0, peak: 1024, pooled: 1024, buffers: 4, holders: [] });
    device.clear();
    expect(device.memory()).toMatchObject({ pooled: 0, buffers: 0 });
  });

  test('falls back to 0 after calls that failed', async () => {
    const { device, increment } = await open();
    const data = floats(1, 2, 3, 4);
    const result = increment(data, 'a.ts:1:1');
    expect(() => increment(floats(1, 2, 3), 'a.ts:2:1')).toThrow('[INTERNAL]');
    result.release();
    data.release();
    expect(device.memory().live).toBe(0);
  });
});

/** Loops of which only the device knows when they end: what they compute, and what they cost, counted outside of the runtime. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { compile } from '../../compiler/compile.ts';
import type { Jaxpr } from '../../compiler/ir/jaxpr.ts';
import { evaluate } from '../../compiler/reference/evaluate.ts';
import { fromNumbers } from '../../compiler/reference/arrays.ts';
import { Storage, countingDevice, openDevice, requestGpuDevice } from '../../runtime/index.ts';
import type { Counts, Device, Executable } from '../../runtime/index.ts';
import { describeOnGpu } from '../support/gpu.ts';
import { float32, int32, jaxprOf } from '../support/jaxprs.ts';
import { whileOf } from '../support/while.ts';
import { failureOf, floats } from './expect.ts';

const call = { label: 'f', where: 'user.ts:3:5' };

/** `(n, i, x)`: averages every element with its neighbour and itself, n - i times. */
const smooth = (maxIterations: number | null = null): Jaxpr => whileOf({
  types: [int32(), int32(), float32(4)],
  consts: 1,
  condition: (o, n, i) => o.lt(i!, n!),
  body: (o, _, i, x) => {
    const next = o.concatenate(
      o.slice(x!, { startIndices: [1], limitIndices: [4], strides: [1] }),
      o.slice(x!, { startIndices: [0], limitIndices: [1], strides: [1] }),
      { dimension: 0 },
    );
    return [o.add(i!, 1), o.mul(o.add(x!, o.mul(next, 3)), 0.25)];
  },
  maxIterations,
});

const int = (value: number): Storage => Storage.host({ dtype: 'int32', shape: [], data: Int32Array.of(value) });
const scalar = (value: number): Storage => Storage.host({ dtype: 'float32', shape: [], data: Float32Array.of(value) });

describeOnGpu('while loops', () => {
  let device: Device;
  let counts: Counts;
  let reset: () => void;
  let loop: Executable;
  beforeAll(async () => {
    const counting = countingDevice(await requestGpuDevice());
    ({ counts, reset } = counting);
    device = await openDevice({ device: counting.device });
    loop = load(smooth());
  });
  afterAll(() => device.destroy());

  function load(jaxpr: Jaxpr): Executable {
    return device.load({ kind: 'program', program: compile(jaxpr, device.profile, 'f').program });
  }

  const start = [8, 4, 2, 1] as const;

  function run(executable: Executable, n: number, x: Storage = floats(...start)): Storage {
    const counters = [int(n), int(0)];
    const [i, y] = device.run(executable, [...counters, x], call);
    [...counters, i!].forEach((storage) => storage.release());
    return y!;
  }

  /** What the reference makes of it. */
  function expected(n: number, maxIterations: number | null = null): Float32Array {
    const inputs = [fromNumbers('int32', [], [n]), fromNumbers('int32', [], [0]), fromNumbers('float32', [4], start)];
    return evaluate(smooth(maxIterations), inputs)[1]!.data as Float32Array;
  }

  async function expectRead(y: Storage, wanted: Float32Array): Promise<void> {
    const data = await device.read(y);
    wanted.forEach((value, i) => expect(data[i]).toBeCloseTo(value, 5));
  }

  test('compute what the reference does, for every number of iterations', async () => {
    for (const n of [0, 1, 2, 3, 7, 8, 9, 24, 25]) await expectRead(run(loop, n), expected(n));
  });

  test('a thousand iterations need few readbacks, and a second call compiles and makes nothing', async () => {
    const inputs = [int(1000), int(0), floats(...start)];
    for (const isFirst of [true, false]) {
      reset();
      const [i, y] = device.run(loop, inputs, call);
      await device.sync();
      // 8 + 16 + ... + 1024, where the longest chunk may be shorter on a slow machine, and one more that was submitted ahead.
      expect(counts.readbacks).toBeGreaterThanOrEqual(8);
      expect(counts.readbacks).toBeLessThanOrEqual(12);
      expect(counts).toMatchObject({ copies: counts.readbacks, submits: counts.readbacks + 1, compiles: 0 });
      if (!isFirst) expect(counts).toMatchObject({ bindGroups: 0, buffers: 0, writes: 0 });
      await expectRead(y!, expected(1000));
      i!.release();
      y!.release();
    }
  });

  test('a few iterations take two chunks, of which the second does nothing', async () => {
    await expectRead(run(loop, 3), expected(3));
    await device.sync();
    reset();
    const y = run(loop, 3);
    await device.sync();
    // One kernel fills the counters of the loop; a step is a condition with the counter i, and a kernel; the last one chooses x.
    expect(loop.stats.dispatches).toBe(1 + 2 + 1);
    expect(counts).toMatchObject({ readbacks: 2, submits: 3, dispatches: 1 + 2 * (8 + 16) + 1, compiles: 0 });
    y.release();
  });

  test('with a bound are one submit, without a readback', async () => {
    const bounded = load(smooth(5));
    for (const n of [0, 4, 5, 9]) {
      reset();
      const y = run(bounded, n);
      expect(counts).toMatchObject({ submits: 1, copies: 0, readbacks: 0 });
      await expectRead(y, expected(n, 5));
    }
  });

  test('with a large bound are driven by the host up to it', async () => {
    await expectRead(run(load(smooth(10_001)), 100), expected(100));
    const few = load(smooth(4_099));
    expect(few.stats.dispatches).toBeLessThan(20);
    await expectRead(run(few, 1_000_000), expected(4_099));
  });

  test('calls and reads made after one come after it, without an await between', async () => {
    await device.sync();
    const before = device.memory().live;
    const double = load(jaxprOf([float32(4)], (o, x) => o.mul(x!, 2)));
    const x = floats(...start);
    const y = run(loop, 40, x);
    const [z] = device.run(double, [y], call);
    const last = run(loop, 2, z!);
    const reads = [y, z!, last].map((storage) => device.read(storage));
    // Nothing of this is needed any more by those who made it.
    [x, y, z!, last].forEach((storage) => storage.release());
    const [first, second, third] = await Promise.all(reads);
    expected(40).forEach((value, i) => {
      expect(first![i]).toBeCloseTo(value, 4);
      expect(second![i]).toBeCloseTo(2 * value, 4);
    });
    expect([...third!].reduce((sum, value) => sum + value, 0)).toBeCloseTo(30, 3);
    await device.sync();
    expect(device.memory().live).toBe(before);
  });

  test('memory that is freed while a loop runs is not given to what still waits for it', async () => {
    const negative = load(jaxprOf([float32(4)], (o, x) => o.neg(x!)));
    const y = run(loop, 100);
    const kept = Array.from({ length: 5 }, (_, k) => {
      const x = floats(k, k, k, k);
      const [z] = device.run(negative, [x], { ...call, donate: [true] });
      return z!;
    });
    const reads = await Promise.all(kept.map((storage) => device.read(storage)));
    reads.forEach((data, k) => expect([...data]).toEqual([0, 0, 0, 0].map(() => (k === 0 ? -0 : -k))));
    await expectRead(y, expected(100));
  });

  test('of scalars alone are one dispatch, and one kernel', async () => {
    const root = load(whileOf({
      types: [float32(), float32()],
      consts: 1,
      condition: (o, a, x) => o.gt(o.abs(o.sub(o.mul(x!, x!), a!)), 1e-4),
      body: (o, a, x) => [o.mul(o.add(x!, o.div(a!, x!)), 0.5)],
    }));
    reset();
    const [x] = device.run(root, [scalar(2), scalar(1)], call);
    expect(counts).toMatchObject({ dispatches: 1, submits: 1, copies: 0, readbacks: 0 });
    expect((await device.read(x!))[0]).toBeCloseTo(Math.SQRT2, 4);
  });

  test('a loop in one kernel obeys its bound', async () => {
    for (const maxIterations of [1, 3]) {
      const powers = load(whileOf({
        types: [float32(), float32(3)],
        consts: 0,
        condition: (o, x) => o.lt(x!, 100),
        body: (o, x, y) => [o.mul(x!, 2), o.mul(y!, x!)],
        maxIterations,
      }));
      const [x, y] = device.run(powers, [scalar(2), floats(1, 2, 3)], call);
      const data = [...(await device.read(x!)), ...(await device.read(y!))];
      expect(data).toEqual(maxIterations === 1 ? [4, 2, 4, 6] : [16, 64, 128, 192]);
    }
  });

  test('an endless loop ends with its device, and so does what waits for it', async () => {
    const own = await openDevice({ requireGpu: true });
    const endless = own.load({ kind: 'program', program: compile(smooth(), own.profile, 'f').program });
    const [, y] = own.run(endless, [int(2 ** 31 - 1), int(0), floats(...start)], call);
    const [, z] = own.run(endless, [int(1), int(0), y!], { label: 'g', where: 'user.ts:4:1' });
    const reads = [own.read(y!), own.read(z!)];
    setTimeout(() => own.destroy(), 50);
    for (const read of reads) expect((await failureOf(read)).code).toBe('DEVICE_LOST');
  });
});

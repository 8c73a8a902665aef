/** Times and counts of one program. */
import { init } from 'heddle';
import { openCountingDevice } from 'heddle/testing';
import type { CountingDevice, Counts } from 'heddle/testing';

export interface Measured {
  /** Of the call after the first, until it returned and nothing was read. */
  readonly counts: Counts;
  /** Of the same call, until its results had been read. */
  readonly whole: Counts;
  /** Pipelines compiled by the first call, on a device of its own. */
  readonly compiles: number;
  readonly firstMs: number;
  /** The median of the later calls, until their results had been read. */
  readonly medianMs: number;
}

/** A device that nobody has used, which Heddle uses from now on and which counts. */
export async function freshDevice(): Promise<CountingDevice> {
  const device = await openCountingDevice();
  await init({ device: device.device, host: 'never' });
  return device;
}

/** Runs `call` again and again, each time until `read` has resolved. */
export async function measure<T>(
  { counts, reset }: Pick<CountingDevice, 'counts' | 'reset'>,
  call: () => T,
  read: (results: T) => Promise<unknown>,
  runs: number = 5,
): Promise<Measured> {
  const timed = async (returned: (snapshot: Counts) => void): Promise<number> => {
    reset();
    const start = performance.now();
    const results = call();
    returned({ ...counts });
    await read(results);
    return performance.now() - start;
  };
  const firstMs = await timed(() => {});
  const { compiles } = counts;
  let called = { ...counts };
  const times = [await timed((snapshot) => (called = snapshot))];
  const whole = { ...counts };
  while (times.length < runs) times.push(await timed(() => {}));
  return { counts: called, whole, compiles, firstMs, medianMs: times.sort((a, b) => a - b)[Math.floor(times.length / 2)]! };
}

export function rounded(ms: number): number {
  return Math.round(ms * 100) / 100;
}

/** Opens the adapter for WGSL tests: nothing is computed on the host, and every dispatch is counted. */
import { afterAll, beforeAll, expect } from 'vitest';
import { init } from '../../src/device.ts';
import { openCountingDevice } from '../../src/testing/counting.ts';
import type { Counts, Device } from '../../runtime/index.ts';

export interface Wgsl {
  readonly device: Device;
  readonly counts: Counts;
  reset(): void;
}

/** Call at the top of a test file; after its tests it asserts that dispatches happened. */
export function useWgsl(): Wgsl {
  const opened: { device?: Device; counts?: Counts; reset?: () => void; total: number } = { total: 0 };
  beforeAll(async () => {
    const { device, counts, reset } = await openCountingDevice();
    opened.device = await init({ device, host: 'never' });
    opened.counts = counts;
    opened.reset = reset;
  });
  afterAll(() => {
    expect(opened.total + (opened.counts?.dispatches ?? 0), 'dispatches counted by the device').toBeGreaterThan(0);
  });
  return {
    get device(): Device {
      return opened.device!;
    },
    get counts(): Counts {
      return opened.counts!;
    },
    reset(): void {
      opened.total += opened.counts!.dispatches;
      opened.reset!();
    },
  };
}

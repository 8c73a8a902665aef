/** Tests that need a WebGPU adapter. */
import { describe } from 'vitest';

/** Why there is no adapter on this machine, or undefined: then a test that finds none must fail. */
export const noAdapter: string | undefined = process.env['HEDDLE_NO_ADAPTER'];

/** `describe`, or a skip that names the reason where no adapter can be had (Linux on arm64 or with musl). */
export function describeOnGpu(name: string, suite: () => void): void {
  if (noAdapter === undefined) describe(name, suite);
  else describe.skip(`${name} (skipped: ${noAdapter})`, suite);
}

/** Comparisons computed on `cpu`. */
import { cpu, withDevice } from '../../src/index.ts';
import { assertAllClose } from '../../src/testing/index.ts';
import type { Tolerance } from '../../src/testing/index.ts';

/** Runs `f` on `cpu`, and holds the first of its two trees against the second. */
export async function agree(f: () => readonly [actual: unknown, expected: unknown], tolerance?: Tolerance): Promise<void> {
  await assertAllClose(...withDevice(cpu, f), tolerance);
}

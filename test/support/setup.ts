/** Runs in every test process: hands what it measured to `npm test`, which names a file for it in HEDDLE_TEST_STATS. */
import { appendFileSync } from 'node:fs';
import { afterAll, expect } from 'vitest';
// Gives the Builder its methods, which a test of a single primitive would lack.
import '../../compiler/primitives/index.ts';

const statsFile = process.env['HEDDLE_TEST_STATS'];
const started = performance.now();

if (statsFile !== undefined) {
  afterAll(() => {
    const { [Symbol.for('heddle.pipelines')]: pipelines } = globalThis as { [counter: symbol]: unknown };
    const record = { file: expect.getState().testPath, pipelines: pipelines ?? 0, ms: performance.now() - started };
    appendFileSync(statsFile, `${JSON.stringify(record)}\n`);
  });
}

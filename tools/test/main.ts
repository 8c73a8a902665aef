/** Everything that `npm test` checks, and the summary at its end. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { lint, typecheck } from './checks.ts';
import { readStats } from './stats.ts';
import { lastLine, pipelineReport, slowestFiles, tooManyPipelines } from './summary.ts';
import { runVitest } from './vitest.ts';

/** Returns the exit code. The build, the types, the linter and the number of pipelines count as one test each. */
export async function runEverything({ built }: { built: boolean }): Promise<number> {
  const folder = mkdtempSync(join(tmpdir(), 'heddle-test-'));
  const statsFile = join(folder, 'stats.jsonl');
  try {
    const checks = [built, typecheck(), lint()];
    const tests = await runVitest({ env: { HEDDLE_TEST_STATS: statsFile } });
    const stats = readStats(statsFile);
    checks.push(!tooManyPipelines(stats));
    const failed = tests.failed + checks.filter((ok) => !ok).length;
    const passed = tests.passed + checks.filter((ok) => ok).length;
    console.log([pipelineReport(stats), ...slowestFiles(stats), lastLine({ passed, failed, skipped: tests.skipped })].join('\n'));
    return failed === 0 ? 0 : 1;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The text at the end of `npm test`. */
import { relative } from 'node:path';
import type { FileStats } from './stats.ts';

/** Compiling WGSL is what takes the time of the tests; the budget keeps them fast on two cores. */
const MAX_PIPELINES = 3000;

export type Counts = { passed: number; failed: number; skipped: number };

export function tooManyPipelines(stats: readonly FileStats[]): boolean {
  return countPipelines(stats) > MAX_PIPELINES;
}

export function pipelineReport(stats: readonly FileStats[]): string {
  const verdict = tooManyPipelines(stats) ? 'FAIL: too many' : 'ok';
  return `pipelines compiled: ${countPipelines(stats)} of at most ${MAX_PIPELINES} (${verdict})`;
}

export function slowestFiles(stats: readonly FileStats[], folder: string = process.cwd()): string[] {
  const slowest = stats.toSorted((a, b) => b.ms - a.ms).slice(0, 10);
  const lines = slowest.map(({ file, pipelines, ms }) => {
    const seconds = (ms / 1000).toFixed(1).padStart(6);
    return `${seconds} s ${String(pipelines).padStart(5)} pipelines  ${relative(folder, file)}`;
  });
  return ['slowest test files:', ...lines];
}

export function lastLine({ passed, failed, skipped }: Counts): string {
  return `${passed} passed, ${failed} failed${skipped === 0 ? '' : `, ${skipped} skipped`}`;
}

function countPipelines(stats: readonly FileStats[]): number {
  return stats.reduce((sum, { pipelines }) => sum + pipelines, 0);
}

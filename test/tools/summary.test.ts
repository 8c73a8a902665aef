import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { readStats } from '../../tools/test/stats.ts';
import { lastLine, pipelineReport, slowestFiles, tooManyPipelines } from '../../tools/test/summary.ts';

const stats = Array.from({ length: 12 }, (_, i) => ({ file: `/p/test/${i}.test.ts`, pipelines: 250, ms: i * 1000 }));

describe('the summary of npm test', () => {
  test('counts the pipelines of all processes', () => {
    expect(pipelineReport(stats)).toBe('pipelines compiled: 3000 of at most 3000 (ok)');
    expect(tooManyPipelines(stats)).toBe(false);
  });

  test('fails above the budget', () => {
    const more = [...stats, { file: '/p/test/x.test.ts', pipelines: 1, ms: 0 }];
    expect(pipelineReport(more)).toBe('pipelines compiled: 3001 of at most 3000 (FAIL: too many)');
    expect(tooManyPipelines(more)).toBe(true);
  });

  test('lists the ten slowest files', () => {
    const lines = slowestFiles(stats, '/p');
    expect(lines).toHaveLength(11);
    expect(lines.slice(0, 2)).toEqual(['slowest test files:', '  11.0 s   250 pipelines  test/11.test.ts']);
  });

  test('ends with the counts', () => {
    expect(lastLine({ passed: 3, failed: 0, skipped: 0 })).toBe('3 passed, 0 failed');
    expect(lastLine({ passed: 3, failed: 1, skipped: 2 })).toBe('3 passed, 1 failed, 2 skipped');
  });
});

test('readStats reads what each process appended', () => {
  const folder = mkdtempSync(join(tmpdir(), 'heddle-stats-'));
  const file = join(folder, 'stats.jsonl');
  expect(readStats(file)).toEqual([]);
  writeFileSync(file, '{"file":"a","pipelines":1,"ms":2}\n{"file":"b","pipelines":0,"ms":3}\n');
  expect(readStats(file)).toEqual([{ file: 'a', pipelines: 1, ms: 2 }, { file: 'b', pipelines: 0, ms: 3 }]);
  rmSync(folder, { recursive: true });
});

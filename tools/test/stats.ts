/** What test processes measured of themselves: one line of JSON for each test file, written by test/support/setup.ts. */
import { existsSync, readFileSync } from 'node:fs';

export type FileStats = { file: string; pipelines: number; ms: number };

export function readStats(path: string): FileStats[] {
  if (!existsSync(path)) return [];
  const lines = readFileSync(path, 'utf8').split('\n').filter((line) => line !== '');
  return lines.map((line) => JSON.parse(line) as FileStats);
}

/** Runs Vitest and counts its results. */
import type { InlineConfig } from 'vitest/node';
import { ROOT } from './checks.ts';
import type { Counts } from './summary.ts';

export type VitestRun = { env: Record<string, string>; include?: string[] };

/** On a terminal Vitest shows its progress; elsewhere it prints failures only. A test file that does not load is one failure. */
export async function runVitest({ env, include }: VitestRun): Promise<Counts> {
  const terminal = process.stdout.isTTY === true;
  Object.assign(process.env, env, terminal ? {} : { NO_COLOR: '1' });
  // Vitest decides about colours when it is loaded.
  const { startVitest } = await import('vitest/node');
  const options: InlineConfig = { root: ROOT, watch: false, reporters: [terminal ? 'default' : 'minimal'] };
  if (include !== undefined) Object.assign(options, { include, exclude: [] });
  const vitest = await startVitest('test', [], options);
  const counts = { passed: 0, failed: vitest.state.getUnhandledErrors().length, skipped: 0 };
  for (const module of vitest.state.getTestModules()) {
    counts.failed += module.errors().length;
    for (const test of module.children.allTests()) counts[count(test.result().state)] += 1;
  }
  await vitest.close();
  // Vitest sets it for itself; here the exit code follows from the counts.
  process.exitCode = undefined;
  return counts;
}

/** A test without a result did not run to its end. */
function count(state: 'passed' | 'failed' | 'skipped' | 'pending'): keyof Counts {
  return state === 'pending' ? 'failed' : state;
}

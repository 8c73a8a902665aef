/** What debug.print prints, in place of the console. */
import { afterEach, beforeEach } from 'vitest';
import { debug } from '../../src/index.ts';
import type { PrintSink } from '../../src/debug/index.ts';

/** Call at the top of a test file; gives the lines that a function makes debug.print print. */
export function usePrintedLines(): (f: () => unknown) => Promise<string[]> {
  let lines: string[] = [];
  let before: PrintSink;
  beforeEach(() => {
    before = debug.setPrintSink((line) => lines.push(line));
  });
  afterEach(() => {
    debug.setPrintSink(before);
  });
  return async (f) => {
    lines = [];
    await f();
    await debug.barrier();
    return lines;
  };
}

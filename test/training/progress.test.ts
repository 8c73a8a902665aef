/** The progress bar: what a terminal shows, and the silence everywhere else. */
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { np } from '../../src/index.ts';
import { Progress } from '../../src/training/index.ts';
import type { ProgressOptions, ProgressReport } from '../../src/training/index.ts';

class Terminal {
  readonly isTTY: boolean;
  readonly columns: number;
  writes: string[] = [];

  constructor({ isTTY = true, columns = 80 }: { isTTY?: boolean; columns?: number } = {}) {
    this.isTTY = isTTY;
    this.columns = columns;
  }

  write(text: string): void {
    this.writes.push(text);
  }

  /** The line that a person sees: what was written since it was last erased. */
  get line(): string {
    return this.writes.join('').replaceAll('\u001B[?25l', '').replaceAll('\u001B[?25h', '').split('\u001B[K').at(-1)!;
  }
}

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['performance'] });
});
afterEach(() => {
  vi.useRealTimers();
});

const later = (milliseconds: number): void => {
  vi.advanceTimersByTime(milliseconds);
};

test('shows the step, the rate, the time that is left, and values', () => {
  const stream = new Terminal();
  const bar = new Progress({ total: 1000, label: 'train', stream });
  later(1000);
  bar.update(100, { loss: 0.123456 });
  expect(stream.line).toBe('train ██▊░░░░░░░░░░░░░░░░░░░░░░░░░ 100/1000  10%  100/s  0:09 left  loss 0.1235');
  later(1000);
  bar.update(300, { accuracy: 0.5 });
  expect(stream.line).toBe('train ████▏░░░░░░░░░ 300/1000  30%  150/s  0:05 left  loss 0.1235  accuracy 0.5');
  bar.end();
  expect(stream.line.endsWith('\n')).toBe(true);
});

describe('where no terminal reads it', () => {
  test('nothing is written, nor by default in this process, whose output is read by a program', () => {
    const stream = new Terminal({ isTTY: false });
    const spies = [vi.spyOn(process.stderr, 'write'), vi.spyOn(process.stdout, 'write')];
    const options: ProgressOptions[] = process.stderr.isTTY ? [{ total: 2, stream }] : [{ total: 2, stream }, { total: 2 }];
    for (const option of options) {
      const bar = new Progress(option);
      bar.update(1);
      bar.end();
    }
    expect(stream.writes).toEqual([]);
    for (const spy of spies) expect(spy).not.toHaveBeenCalled();
    vi.restoreAllMocks();
  });

  test('reports reach a callback, with no process as in a browser', () => {
    vi.stubGlobal('process', undefined);
    const reports: ProgressReport[] = [];
    const bar = new Progress({ total: 4, label: 'fit', onUpdate: (report) => reports.push(report) });
    later(500);
    bar.update(2, { loss: NaN });
    bar.end();
    vi.unstubAllGlobals();
    const state = { label: 'fit', step: 2, total: 4, rate: 4, remaining: 0.5, values: { loss: NaN } };
    expect(reports).toEqual([
      { ...state, done: false },
      { ...state, done: true },
    ]);
  });
});

test('writes at most ten times a second, and the last state at the end', () => {
  const stream = new Terminal();
  const bar = new Progress({ total: 10_000, stream });
  for (let step = 1; step <= 9999; step++) {
    later(0.5);
    bar.update(step, { loss: step });
  }
  const { length } = stream.writes;
  expect(length).toBeGreaterThan(40);
  expect(length).toBeLessThanOrEqual(51);
  bar.update(10_000, { loss: 1 });
  expect(stream.writes.length).toBe(length);
  bar.end();
  expect(stream.writes.join('')).toContain('10000/10000  100%');
  expect(stream.writes.at(-1)).toBe('\n');
});

test('rewrites one line, and leaves the cursor as it was after every write', () => {
  const stream = new Terminal();
  const bar = new Progress({ total: 3, stream });
  for (let step = 1; step <= 3; step++) {
    later(200);
    bar.update(step);
  }
  bar.end();
  const text = stream.writes.join('');
  expect(text.match(/\n/g)).toHaveLength(1);
  for (const write of stream.writes.slice(0, -1)) {
    expect(write.startsWith('\u001B[?25l\r\u001B[K')).toBe(true);
    expect(write.endsWith('\u001B[?25h')).toBe(true);
  }
});

test.each([10, 20, 40, 60, 200])('fits into %i columns', (columns) => {
  const stream = new Terminal({ columns });
  const bar = new Progress({ total: 100, label: '数字 🙂\nnew', stream });
  later(100);
  bar.update(50, { loss: 0.5, accuracy: 0.25 });
  const wide = stream.line.match(/[数字🙂]/gu)?.length ?? 0;
  expect([...stream.line].length + wide).toBeLessThan(columns);
  expect(stream.line).not.toContain('\n');
});

test('a terminal of unknown width, which says 0, has 80 columns', () => {
  const stream = new Terminal({ columns: 0 });
  const bar = new Progress({ total: 100, label: 'train', stream });
  later(100);
  bar.update(50);
  expect(stream.line).toContain('50/100');
  expect(stream.line.length).toBeGreaterThan(60);
  expect(stream.line.length).toBeLessThan(80);
});

test('the rate is that of the last seconds, also in a run that is continued', () => {
  const stream = new Terminal({ columns: 200 });
  const bar = new Progress({ total: 2000, start: 1000, stream });
  later(20_000); // The first step compiles.
  bar.update(1001);
  expect(stream.line).toContain('0.05/s');
  for (let step = 1002; step <= 1200; step++) {
    later(100);
    bar.update(step);
  }
  expect(stream.line).toContain('1200/2000  60%  10/s  1:20 left');
});

test('lines of a log stand above it', () => {
  const stream = new Terminal();
  const log = vi.spyOn(console, 'log').mockImplementation((message) => stream.write(`${message}\n`));
  const bar = new Progress({ total: 2, stream });
  bar.update(1);
  const { line } = stream;
  bar.log('epoch 1');
  expect(stream.writes.join('')).toContain('\r\u001B[Kepoch 1\n');
  expect(stream.line).toBe(`epoch 1\n${line}`);
  log.mockRestore();
});

test('using ends it once', () => {
  const stream = new Terminal();
  {
    using bar = new Progress({ total: 2, stream });
    bar.update(1);
    bar.end();
  }
  expect(stream.writes.filter((text) => text === '\n')).toHaveLength(1);
});

describe('refuses', () => {
  const message = (f: () => unknown): string => {
    try {
      f();
    } catch (error) {
      return (error as Error).message.replace(/ at: .*/, '');
    }
    return 'nothing';
  };

  test('a total that is no count, and a tensor as a value', () => {
    expect(message(() => new Progress({ total: 0 }))).toContain('[VALUE] Progress: total is 0, not an integer from 1 on');
    const misspelt = { total: 10, lable: 'x' } as ProgressOptions;
    expect(message(() => new Progress(misspelt))).toContain('there is no option lable');
    const bar = new Progress({ total: 10 });
    expect(message(() => bar.update(-1))).toContain('step is -1, not an integer from 0 on');
    const text = message(() => bar.update(1, { loss: np.array(1) as unknown as number }));
    expect(text).toContain('[VALUE] Progress.update: loss is an object of class Tensor, not a number');
    expect(text).toContain('fix: { loss: await loss.item() }');
  });
});

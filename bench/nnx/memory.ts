/** The bytes of device buffers over many training steps. */
import { bound } from '../line.ts';
import type { Line } from '../line.ts';
import type { MemoryRun } from './memory-run.ts';
import { fromOwnProcess } from './own-process.ts';
import type { Waiting } from './waiting.ts';

const MOST_MEGABYTES_MORE = 96;

const HOW: Readonly<Record<Waiting, string>> = {
  item: 'each step awaits item()',
  sync: 'sync() is awaited every 50 steps',
  never: 'nothing is awaited, memoryBudget: 96 MB',
};

export async function memoryOf(waiting: Waiting, progress: (text: string) => void): Promise<Line> {
  progress(`memory: ${HOW[waiting]}`);
  const { steps, afterThree, largest, error } = await fromOwnProcess<MemoryRun>('memory-run.js', waiting);
  const more = largest - afterThree;
  return {
    name: `memory of a training loop that disposes nothing: ${HOW[waiting]}`,
    figures: {
      steps,
      'MB after step 3': megabytes(afterThree),
      'MB, the most': megabytes(largest),
      'MB more': megabytes(more),
      ...(error === null ? {} : { error }),
    },
    bounds: [
      bound(waiting === 'never' ? '1,000 steps, or the error MEMORY' : '1,000 steps', error === null || waiting === 'never'),
      bound('no other error', error === null || error === 'MEMORY'),
      bound(`MB more <= ${MOST_MEGABYTES_MORE}`, more <= MOST_MEGABYTES_MORE * 2 ** 20),
    ],
  };
}

function megabytes(bytes: number): number {
  return Math.round((10 * bytes) / 2 ** 20) / 10;
}

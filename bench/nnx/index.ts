/** NNX: what a training step costs the host, and how much memory steps hold that dispose nothing. */
import type { Line } from '../line.ts';
import { encoding } from './encoding.ts';
import { memoryOf } from './memory.ts';
import { fromOwnProcess } from './own-process.ts';
import { WAITING } from './waiting.ts';

export async function* nnx(progress: (text: string) => void): AsyncGenerator<Line> {
  progress('a training step on a device that does nothing');
  yield fromOwnProcess<Line>('host-cost-run.js');
  yield encoding(progress);
  for (const waiting of WAITING) yield memoryOf(waiting, progress);
}

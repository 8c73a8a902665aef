/** NNX: what a training step costs the host, and how much memory steps hold that dispose nothing. */
import type { Line } from '../line.ts';
import { encoding } from './encoding.ts';
import { hostCost } from './host-cost.ts';
import { memoryOf } from './memory.ts';
import { WAITING } from './waiting.ts';

export async function* nnx(progress: (text: string) => void): AsyncGenerator<Line> {
  yield hostCost(progress);
  yield encoding(progress);
  for (const waiting of WAITING) yield memoryOf(waiting, progress);
}

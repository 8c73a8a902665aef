/** Loops: what scan, while and checkpoint cost, in counts, milliseconds and bytes. */
import type { Line } from '../line.ts';
import { checkpointed } from './checkpoint.ts';
import { gru } from './gru.ts';
import { integrator } from './integrator.ts';
import { whileLoop } from './while.ts';

const PROGRAMS: readonly ((progress: (text: string) => void) => Promise<Line>)[] = [gru, integrator, whileLoop, checkpointed];

export async function* loops(progress: (text: string) => void): AsyncGenerator<Line> {
  for (const program of PROGRAMS) yield program(progress);
}

/** A training step with its encoding against raw WebGPU calls. */
import { bound } from '../line.ts';
import type { Line } from '../line.ts';
import type { EncodingRun } from './encoding-run.ts';
import { fromOwnProcess } from './own-process.ts';
import { microseconds, quartiles } from './rounds.ts';

const MOST = 1.3;
/** Of either side the best round of all counts: where a process has its memory makes it faster or slower, too. */
const PROCESSES = 3;

export async function encoding(progress: (text: string) => void): Promise<Line> {
  const runs: EncodingRun[] = [];
  while (runs.length < PROCESSES) {
    progress(`a training step against raw WebGPU calls, process ${runs.length + 1} of ${PROCESSES}`);
    runs.push(await fromOwnProcess<EncodingRun>('encoding-run.js'));
  }
  const [{ dispatches, rawDispatches }] = runs as [EncodingRun];
  const rounds = runs.flatMap((run) => run.rounds);
  const ours = Math.min(...rounds.map((round) => round.ours));
  const theirs = Math.min(...rounds.map((round) => round.theirs));
  const ratio = ours / theirs;
  return {
    name: 'training step of a 50-layer MLP, encoding included',
    figures: {
      dispatches,
      'us a call, median': microseconds(ours),
      'us of the raw WebGPU calls': microseconds(theirs),
      ratio: Math.round(100 * ratio) / 100,
      [`ratios of half of ${rounds.length} rounds`]: quartiles(rounds.map((round) => round.ours / round.theirs)),
    },
    bounds: [
      bound('both encode the same number of dispatches', dispatches === rawDispatches),
      bound(`ratio <= ${MOST}`, ratio <= MOST),
    ],
  };
}

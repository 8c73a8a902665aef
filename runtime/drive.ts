/**
 * Runs a call with loops of which only the device knows when they end. Their steps are submitted in chunks; after each the host
 * asks whether the loop still runs. It need not wait for the answer, because the steps of a loop that has ended do nothing: the
 * next chunk is submitted first, so the device always has work.
 */
import type { GpuContext } from './context.ts';
import { CallEncoder } from './execute.ts';
import type { Operands } from './execute.ts';
import type { PlannedStep, PlannedWhile } from './plan.ts';
import type { Submission } from './submission.ts';

/** A loop of few iterations should not wait for many that do nothing; each chunk is twice as long as the one before. */
const FIRST_CHUNK = 8;
/** But no longer than this, so that what is wasted at the end is bounded, and the system's watchdog stays calm. */
const LONGEST_CHUNK_DISPATCHES = 2048;
const LONGEST_CHUNK_MS = 1000;

export async function drive(
  context: GpuContext,
  steps: readonly PlannedStep[],
  operands: Operands,
  submission: Submission,
): Promise<void> {
  const encoder = new CallEncoder(context, operands);
  for (const step of steps) {
    if (step.kind !== 'while') submission.guard(context.gpu, () => encoder.encode([step]));
    else if (!(await driveLoop(context, step, encoder, submission))) break;
  }
  submission.submit(context.gpu, encoder.submit);
}

/** Resolves when the loop has ended; with false when the call has failed, after which no answer means anything. */
async function driveLoop(
  { gpu, dispatchesPerSubmit }: GpuContext,
  loop: PlannedWhile,
  encoder: CallEncoder,
  submission: Submission,
): Promise<boolean> {
  const most = Math.min(LONGEST_CHUNK_DISPATCHES, dispatchesPerSubmit) / loop.dispatches;
  let [first, length, longest, perIteration] = [0, FIRST_CHUNK, even(most), Infinity];
  const submitChunk = (): Chunk => {
    const times = Math.min(length, longest);
    const running = submission.guard(gpu, () => {
      encoder.encodeTimes(loop, first, times);
      return encoder.submitAsking(loop);
    });
    running.catch(() => {}); // Whoever needs the answer hears of the failure; that of the last chunk nobody needs.
    first += times;
    length *= 2;
    return { times, running };
  };

  let asked = submitChunk();
  for (let started = performance.now(); ; started = performance.now()) {
    const ahead = submitChunk();
    const running = await asked.running;
    if (await submission.hasFailed()) return false;
    if (!running) return true;
    // All iterations are the same work, so the fastest tells what they take when nothing else is in the way.
    perIteration = Math.min(perIteration, (performance.now() - started) / asked.times);
    longest = Math.min(even(most), even(LONGEST_CHUNK_MS / perIteration));
    asked = ahead;
  }
}

interface Chunk {
  readonly times: number;
  readonly running: Promise<boolean>;
}

/** The largest even number up to `n`, at least 2: carries are where they are after an even number of steps. */
function even(n: number): number {
  return Math.max(2, 2 * Math.floor(n / 2));
}

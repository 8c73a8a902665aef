/** Times of calls, in rounds: what else the machine does makes a round slower, never faster, so the best one counts. */

export const ROUNDS = 5;

export function median(times: readonly number[]): number {
  return [...times].sort((a, b) => a - b)[Math.floor(times.length / 2)]!;
}

/** Milliseconds until `call` returned. */
export function timed(call: () => unknown): number {
  const start = performance.now();
  call();
  return performance.now() - start;
}

export function microseconds(ms: number): number {
  return Math.round(ms * 10_000) / 10;
}

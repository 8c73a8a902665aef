/** Times of calls, in rounds: what else the machine does makes a round slower, never faster, so the best one counts. */

export function median(times: readonly number[]): number {
  return [...times].sort((a, b) => a - b)[Math.floor(times.length / 2)]!;
}

/** `1.20 to 1.25`: half of the values are there. */
export function quartiles(values: readonly number[]): string {
  const sorted = [...values].sort((a, b) => a - b);
  const at = (part: number): string => sorted[Math.floor(part * sorted.length)]!.toFixed(2);
  return `${at(0.25)} to ${at(0.75)}`;
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

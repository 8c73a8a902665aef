/** What a benchmark gives back. */

export interface Bound {
  /** `dispatches = 1` */
  readonly text: string;
  readonly holds: boolean;
}

export interface Line {
  readonly name: string;
  /** Counts are exact; times are in milliseconds. */
  readonly figures: Readonly<Record<string, number | string>>;
  readonly bounds: readonly Bound[];
}

export function bound(text: string, holds: boolean): Bound {
  return { text, holds };
}

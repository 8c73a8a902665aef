/** What the user writes after the name of an example. */
import { parseArgs } from 'node:util';

export interface Arguments {
  readonly steps: number | undefined;
  readonly seed: number;
  readonly resume: boolean;
  readonly log: boolean;
  readonly folder: string | undefined;
  readonly svg: string | undefined;
  readonly data: string | undefined;
}

const USAGE = `options: --steps N      how long to train
         --seed N       of all random numbers
         --resume       go on from the last checkpoint
         --log          write a line for each figure that is reported
         --folder DIR   where checkpoints are; checkpoints/<name> if not given
         --svg FILE     draw the training there, too
         --data DIR     images as IDX files, for the cnn`;

/** @throws Error with the usage for options that do not exist, and for numbers that are no counts. */
export function readArguments(args: readonly string[]): Arguments {
  try {
    const { steps, seed, ...rest } = parse(args);
    const defaults = { resume: false, log: false, folder: undefined, svg: undefined, data: undefined };
    return { ...defaults, ...rest, steps: count('steps', steps, 1), seed: count('seed', seed, 0) ?? 0 };
  } catch (error) {
    throw new Error(`${(error as Error).message}\n${USAGE}`, { cause: error });
  }
}

function parse(args: readonly string[]) {
  return parseArgs({
    args: [...args],
    options: {
      steps: { type: 'string' },
      seed: { type: 'string' },
      resume: { type: 'boolean' },
      log: { type: 'boolean' },
      folder: { type: 'string' },
      svg: { type: 'string' },
      data: { type: 'string' },
    },
  }).values;
}

function count(name: string, text: string | undefined, least: number): number | undefined {
  if (text === undefined) return undefined;
  if (/^\d+$/.test(text) && Number.isSafeInteger(Number(text)) && Number(text) >= least) return Number(text);
  throw new Error(`--${name} ${text}: an integer from ${least} on is needed`);
}

/** A call of a jitted training step on a device that does nothing: all of its time is Heddle's. */
import { init, nnx, sync } from 'heddle';
import { bound } from '../line.ts';
import type { Line } from '../line.ts';
import { training } from './model.ts';
import { nullDevice } from './null-device.ts';
import { median, microseconds, quartiles, timed } from './rounds.ts';

const CALLS = 1000;
const ROUNDS = 20;
const MOST_MICROSECONDS = 150;
/** Promises of a loop that never waits would pile up. */
const CALLS_BETWEEN_SYNCS = 50;

export async function hostCost(): Promise<Line> {
  await init({ device: nullDevice() });
  const { model, x, y, step } = training();
  const round = async (): Promise<number> => {
    const times: number[] = [];
    while (times.length < CALLS) {
      times.push(timed(() => step(model, x, y)));
      if (times.length % CALLS_BETWEEN_SYNCS === 0) await sync();
    }
    return median(times);
  };
  await round(); // The engine compiles what is called often.
  const medians: number[] = [];
  while (medians.length < ROUNDS) medians.push(await round());
  const best = microseconds(Math.min(...medians));
  const [, state] = nnx.split(model);
  const { dispatches, traces } = step.stats();
  return {
    name: 'training step of a 50-layer MLP on a device that does nothing',
    figures: {
      Variables: state.size,
      dispatches,
      traces,
      'us a call, median of 1,000': best,
      [`medians of half of ${ROUNDS} rounds`]: quartiles(medians.map(microseconds)),
    },
    bounds: [
      bound('302 Variables', state.size === 302),
      bound('one trace', traces === 1),
      bound(`us a call <= ${MOST_MICROSECONDS}`, best <= MOST_MICROSECONDS),
    ],
  };
}

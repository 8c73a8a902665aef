/** A scan of a body with wide intermediate values, with and without checkpoint. */
import { grad, inspect, lax, np } from 'heddle';
import type { Tensor } from 'heddle';
import { bound } from '../line.ts';
import type { Line } from '../line.ts';
import { freshDevice } from '../measure.ts';

const WIDTH = 64;
const WIDER = 1024;
const BATCH = 8;
const STEPS = [32, 64, 128] as const;
const CARRY_BYTES = 4 * BATCH * WIDTH;

function loss(length: number, checkpoint: boolean): (up: Tensor, down: Tensor, x: Tensor) => Tensor {
  return (up, down, x) => {
    const step = (h: Tensor): [Tensor, null] => [h.add(np.tanh(np.sin(h.matmul(up)).matmul(down))), null];
    return np.sum(lax.scan(step, x, null, { length, checkpoint })[0]);
  };
}

/** Bytes of temporaries in the plan of the gradient. */
function planned(length: number, checkpoint: boolean): number {
  const args = [np.ones([WIDTH, WIDER]), np.ones([WIDER, WIDTH]), np.ones([BATCH, WIDTH])] as const;
  return inspect(grad(loss(length, checkpoint)))(...args).temporaryBytes;
}

export async function checkpointed(progress: (text: string) => void): Promise<Line> {
  progress('checkpoint');
  await freshDevice();
  const figures: Record<string, number> = {};
  for (const length of STEPS) {
    figures[`planned bytes, T = ${length}`] = planned(length, false);
    figures[`planned bytes with checkpoint, T = ${length}`] = planned(length, true);
  }
  const growth = (name: string): number => (figures[`${name}, T = 128`]! - figures[`${name}, T = 64`]!) / 64;
  const [all, carries] = [growth('planned bytes'), growth('planned bytes with checkpoint')];
  return {
    name: `scan with checkpoint: carry [${BATCH},${WIDTH}], inside [${BATCH},${WIDER}]`,
    figures: {
      ...figures,
      'bytes of a carry': CARRY_BYTES,
      'bytes a step': all,
      'bytes a step with checkpoint': carries,
    },
    bounds: [
      bound('with checkpoint the plan grows by at most two carries a step', carries <= 2 * CARRY_BYTES),
      bound('without, by the values inside', all >= 4 * BATCH * WIDER),
    ],
  };
}

/** A leaky integrator: a recurrence in which no lane reads another. */
import { inspect, jit, lax, np, random } from 'heddle';
import type { Tensor } from 'heddle';
import { bound } from '../line.ts';
import type { Line } from '../line.ts';
import { freshDevice, measure, rounded } from '../measure.ts';

const WIDTH = 4096;
const STEPS = 512;

function integrate(xs: Tensor): Tensor {
  const step = (h: Tensor, x: Tensor): [Tensor, Tensor] => {
    const next = h.mul(0.9).add(x);
    return [next, next];
  };
  return lax.scan(step, np.zeros([WIDTH]), xs)[1];
}

export async function integrator(progress: (text: string) => void): Promise<Line> {
  progress('leaky integrator');
  const device = await freshDevice();
  const xs = random.normal(random.key(0), [STEPS, WIDTH]);
  const run = jit(integrate);
  const { counts, medianMs } = await measure(device, () => run(xs), (ys) => ys.ready());
  const [lowering] = inspect(integrate)(xs).lowerings;
  return {
    name: `leaky integrator: width ${WIDTH}, T = ${STEPS}`,
    figures: {
      dispatches: counts.dispatches,
      submits: counts.submits,
      ms: rounded(medianMs),
      lowering: lowering === undefined ? '' : `${lowering.chosen}: ${lowering.reason}`,
    },
    bounds: [bound('dispatches = 1', counts.dispatches === 1)],
  };
}

/**
 * How fast does heat spread in a rod? No network: a simulation whose one unknown is fitted by the gradient through its time steps.
 *
 *   npm run -s example -- heat-equation
 */
import { Module, Param, jit, lax, nnx, np, random, valueAndGrad } from 'heddle';
import type { Tensor } from 'heddle';
import * as optax from 'heddle/optax';
import type { Example } from './support/example.ts';
import { trainFrom } from './support/train.ts';

const POINTS = 64;
const TIMES = 100;
/** D dt / dx^2 of the rod that was measured; the explicit method is stable up to 1/2. */
const TRUTH = 0.3;
const NOISE = 0.01;

/** du/dt = D d2u/dx2 on a ring of points, by explicit Euler steps. */
class Rod extends Module {
  /** The logarithm of D dt / dx^2, so that it stays positive. */
  readonly logDiffusivity: Param;

  constructor(diffusivity: number) {
    super();
    this.logDiffusivity = new Param(Math.log(diffusivity));
  }

  /** The temperatures float32[64] at the beginning to those at all later times, float32[100, 64]. */
  forward(start: Tensor): Tensor {
    const diffusivity = np.exp(this.logDiffusivity);
    const [, history] = lax.scan(
      (now: Tensor): [Tensor, Tensor] => {
        const curvature = np.roll(now, 1).add(np.roll(now, -1)).sub(now.mul(2));
        const next = now.add(curvature.mul(diffusivity));
        return [next, next];
      },
      start,
      null,
      { length: TIMES },
    );
    return history;
  }
}

export const heatEquation: Example = {
  title: 'The diffusivity of a rod from its temperatures',
  steps: 150,

  async train(setting) {
    const [startKey, noiseKey] = random.split(random.key(setting.seed));
    // Two warm pieces on a rod that is cold elsewhere.
    const place = np.arange(POINTS);
    const warm = np.logicalOr(np.less(np.abs(place.sub(20)), 6), np.less(np.abs(place.sub(44)), 3));
    const start = warm.astype('float32').add(random.uniform(startKey!, [POINTS]).mul(0.1));
    const measured = jit((rod: Rod) => rod.forward(start))(new Rod(TRUTH)).add(random.normal(noiseKey!, [TIMES, POINTS]).mul(NOISE));

    const rod = new Rod(0.02);
    const optimizer = new nnx.Optimizer(rod, optax.adam(0.1), { wrt: Param });
    const step = jit((rod: Rod, optimizer: nnx.Optimizer): { loss: Tensor; diffusivity: Tensor } => {
      const [loss, gradient] = valueAndGrad((rod: Rod) => np.mean(optax.squaredError(rod.forward(start), measured)))(rod);
      optimizer.update(rod, gradient);
      return { loss, diffusivity: np.exp(rod.logDiffusivity) };
    });

    const parts = { rod, optimizer };
    const first = await setting.keeper.restore(parts);
    const { diffusivity } = await trainFrom(first, setting, parts, () => step(rod, optimizer));

    const history = await rod.forward(start).data();
    return { figures: { diffusivity, truth: TRUTH }, pictures: [{ width: POINTS, height: TIMES / 5, pixels: everyFifthRow(history) }] };
  },
};

/** Time runs downwards. */
function everyFifthRow(history: ArrayLike<number>): Float32Array {
  return Float32Array.from({ length: (TIMES / 5) * POINTS }, (_, i) => history[Math.floor(i / POINTS) * 5 * POINTS + (i % POINTS)]!);
}

/** A GRU over a sequence: value and gradient of a loss over all outputs, by one scan. */
import { inspect, jit, lax, nn, np, random, valueAndGrad } from 'heddle';
import type { Inspection, Tensor } from 'heddle';
import { bound } from '../line.ts';
import type { Line } from '../line.ts';
import { freshDevice, measure, rounded } from '../measure.ts';
import type { Measured } from '../measure.ts';
import { BATCH, WIDTH } from './gru-size.ts';
import { unrolledGru } from '../peers/gru-jax-js.ts';

const STEPS = [16, 256] as const;

interface Weights {
  readonly input: Tensor;
  readonly hidden: Tensor;
  readonly bias: Tensor;
}

function cell({ input, hidden, bias }: Weights, h: Tensor, x: Tensor): Tensor {
  const [xz, xr, xn] = np.split(x.matmul(input).add(bias), 3, { axis: 1 }) as [Tensor, Tensor, Tensor];
  const [hz, hr, hn] = np.split(h.matmul(hidden), 3, { axis: 1 }) as [Tensor, Tensor, Tensor];
  const z = nn.sigmoid(xz.add(hz));
  const r = nn.sigmoid(xr.add(hr));
  const n = np.tanh(xn.add(r.mul(hn)));
  return n.add(z.mul(h.sub(n)));
}

/** The mean over batch and width, summed over the steps. */
function loss(weights: Weights, xs: Tensor): Tensor {
  const step = (h: Tensor, x: Tensor): [Tensor, Tensor] => {
    const next = cell(weights, h, x);
    return [next, np.mean(np.square(next))];
  };
  return np.sum(lax.scan(step, np.zeros([BATCH, WIDTH]), xs)[1]);
}

function weightsOf(seed: number): Weights {
  const [input, hidden] = random.split(random.key(seed), 2);
  return {
    input: random.normal(input!, [WIDTH, 3 * WIDTH]).mul(0.1),
    hidden: random.normal(hidden!, [WIDTH, 3 * WIDTH]).mul(0.1),
    bias: np.zeros([3 * WIDTH]),
  };
}

export async function gru(progress: (text: string) => void): Promise<Line> {
  const measured: Measured[] = [];
  const plans: Inspection[] = [];
  for (const steps of STEPS) {
    progress(`gru: ${steps} steps`);
    const device = await freshDevice();
    const [weights, xs] = [weightsOf(0), random.normal(random.key(1), [steps, BATCH, WIDTH])];
    const step = jit(valueAndGrad(loss));
    const read = ([value, gradient]: ReturnType<typeof step>): Promise<unknown> => Promise.all([value.item(), gradient.hidden.ready()]);
    measured.push(await measure(device, () => step(weights, xs), read));
    plans.push(inspect(valueAndGrad(loss))(weights, xs));
  }
  progress('gru: the peer, unrolled');
  const peer = await unrolledGru(STEPS[0]);
  const [short, long] = measured as [Measured, Measured];
  const [shortPlan, longPlan] = plans as [Inspection, Inspection];
  const inside = weightGradientsInLoops(longPlan);
  return {
    name: `gru: width ${WIDTH}, batch ${BATCH}, value and gradient`,
    figures: {
      'kernels, T = 16': shortPlan.kernels.length,
      'kernels, T = 256': longPlan.kernels.length,
      'compiles, T = 16': short.compiles,
      'compiles, T = 256': long.compiles,
      'dispatches, T = 16': short.counts.dispatches,
      'dispatches, T = 256': long.counts.dispatches,
      'submits, T = 256': long.counts.submits,
      'weight gradients in loops': inside,
      'ms, T = 16': rounded(short.medianMs),
      'ms, T = 256': rounded(long.medianMs),
      'first call ms, T = 16': rounded(short.firstMs),
      ...(typeof peer === 'string'
        ? { 'jax-js': peer }
        : {
            'jax-js ms, T = 16, unrolled': rounded(peer.medianMs),
            'jax-js dispatches, T = 16': peer.whole.dispatches,
            'jax-js compiles, T = 16': peer.compiles,
            'jax-js submits, T = 16': peer.whole.submits,
            'jax-js first call ms, T = 16': rounded(peer.firstMs),
            'ms of jax-js / ours, T = 16': rounded(peer.medianMs / short.medianMs),
          }),
    },
    bounds: [
      bound('kernels do not depend on T', shortPlan.kernels.length === longPlan.kernels.length),
      bound('compiles do not depend on T', short.compiles === long.compiles),
      bound('one submit', long.counts.submits === 1),
      bound('no kernel inside a loop writes something of the size of a weight', inside === 0),
    ],
  };
}

/** Dispatches inside loops that write a buffer as large as a weight matrix: a dW that is accumulated step by step. */
function weightGradientsInLoops({ program }: Inspection): number {
  const isWeight = ({ shape }: { readonly shape: readonly number[] }): boolean =>
    [...shape].sort((a, b) => a - b).join() === `${WIDTH},${3 * WIDTH}`;
  const visit = (steps: typeof program.steps, inLoop: boolean): number =>
    steps.reduce((sum, step) => {
      if (step.kind !== 'dispatch') return sum + ('steps' in step ? visit(step.steps, true) : 0);
      if (!inLoop) return sum;
      const { bindings } = program.kernels[step.kernel]!;
      const writes = step.buffers.filter((_, i) => bindings[i] === 'read_write');
      return sum + writes.filter((buffer) => typeof buffer === 'number' && isWeight(program.buffers[buffer]!)).length;
    }, 0);
  return visit(program.steps, false);
}

/** `node memory-run.js item|sync|never`: trains for 1,000 steps with a new batch for each, and sends the bytes of buffers. */
import { HeddleError, init, jit, nnx, np, random, sync, valueAndGrad } from 'heddle';
import type { Tensor } from 'heddle';
import { openCountingDevice } from 'heddle/testing';
import { descend } from './model.ts';
import type { Waiting } from './waiting.ts';

const STEPS = 1000;
const BATCH = 128;
const FEATURES = 784;
const HIDDEN = 64;
const RATE = 0.01;
const BUDGET = 96 * 2 ** 20;

export interface MemoryRun {
  readonly steps: number;
  readonly afterThree: number;
  readonly largest: number;
  /** The code of the error that ended it. */
  readonly error: string | null;
}

class Mlp extends nnx.Module {
  readonly hidden: nnx.Linear;
  readonly last: nnx.Linear;

  constructor(rngs: nnx.Rngs) {
    super();
    this.hidden = new nnx.Linear(FEATURES, HIDDEN, { rngs });
    this.last = new nnx.Linear(HIDDEN, 1, { rngs });
  }

  forward(x: Tensor): Tensor {
    return this.last.forward(np.tanh(this.hidden.forward(x)));
  }
}

const loss = (model: Mlp, x: Tensor, y: Tensor): Tensor => np.mean(np.square(model.forward(x).sub(y)));

const step = jit((model: Mlp, x: Tensor, y: Tensor): Tensor => {
  const [value, gradients] = valueAndGrad(loss)(model, x, y);
  descend(model, gradients, RATE);
  return value;
});

async function train(waiting: Waiting): Promise<MemoryRun> {
  const { device, memory } = await openCountingDevice();
  await init({ device, ...(waiting === 'never' ? { memoryBudget: BUDGET } : {}) });
  const model = new Mlp(new nnx.Rngs(0));
  const batch = new Float32Array(BATCH * FEATURES);
  const y = random.normal(random.key(0), [BATCH, 1]);
  let [steps, afterThree, largest] = [0, 0, 0];
  const result = (error: string | null): MemoryRun => ({ steps, afterThree, largest, error });
  try {
    while (steps < STEPS) {
      batch.fill(steps / STEPS);
      const value = step(model, np.array(batch, { shape: [BATCH, FEATURES] }), y);
      steps++;
      if (waiting === 'item') await value.item();
      if (waiting === 'sync' && steps % 50 === 0) await sync();
      if (steps === 3) afterThree = memory.live;
      largest = Math.max(largest, memory.live);
    }
  } catch (error) {
    return result(error instanceof HeddleError ? error.code : String(error));
  }
  await sync();
  return result(null);
}

const run = await train(process.argv[2] as Waiting);
process.send?.(run, () => process.exit());

/** Training curves of Flax: a model with batch statistics and dropout, under four optimizers, on cpu and as WGSL. */
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { Module, cpu, jit, nn, nnx, np, random, valueAndGrad, withDevice } from '../../src/index.ts';
import type { Device, Tensor } from '../../src/index.ts';
import * as optax from '../../src/optax/index.ts';
import type { GradientTransformation } from '../../src/optax/index.ts';
import { assertAllClose, assertMaxTraces } from '../../src/testing/index.ts';
import { useWgsl } from '../support/wgsl.ts';

interface Curve {
  readonly losses: readonly number[];
  readonly 'dropout count after': number;
  readonly 'opt step after': number;
  readonly 'final bn.mean': readonly number[];
}

const golden = JSON.parse(readFileSync(new URL('nnx.json', import.meta.url), 'utf8')) as Record<string, Record<string, Curve>>;
const curves = golden['train MLP(2-8-BN-gelu-drop0.2-1), x=normal(key(1),(16,2)), y=x0*x1, 6 steps']!;

const OPTIMIZERS: Readonly<Record<string, GradientTransformation>> = {
  'sgd(0.1)': optax.sgd(0.1),
  'adam(1e-2)': optax.adam(1e-2),
  'sgd(0.1,momentum=0.9)': optax.sgd(0.1, { momentum: 0.9 }),
  'adamw(1e-2)': optax.adamw(1e-2),
};

class MLP extends Module {
  readonly linear1: nnx.Linear;
  readonly bn: nnx.BatchNorm;
  readonly dropout: nnx.Dropout;
  readonly linear2: nnx.Linear;

  constructor(rngs: nnx.Rngs) {
    super();
    this.linear1 = new nnx.Linear(2, 8, { rngs });
    this.bn = new nnx.BatchNorm(8, { rngs });
    this.dropout = new nnx.Dropout(0.2, { rngs });
    this.linear2 = new nnx.Linear(8, 1, { rngs });
  }

  forward(x: Tensor): Tensor {
    const hidden = nn.gelu(this.bn.forward(this.linear1.forward(x)));
    return this.linear2.forward(this.dropout.forward(hidden));
  }
}

const wgsl = useWgsl();
const devices: Readonly<Record<string, () => Device>> = { cpu: () => cpu, WGSL: () => wgsl.device };

/** Compiled, to make few pipelines. */
const build = jit((tx: GradientTransformation): [model: MLP, optimizer: nnx.Optimizer] => {
  const model = new MLP(new nnx.Rngs(0));
  return [model, new nnx.Optimizer(model, tx, { wrt: nnx.Param })];
});
const data = jit((): [x: Tensor, y: Tensor] => {
  const x = random.normal(random.key(1), [16, 2]);
  return [x, x.slice([], [0, 1]).mul(x.slice([], [1, 2]))];
});

test('has a curve for each optimizer', () => {
  expect(Object.keys(OPTIMIZERS)).toEqual(Object.keys(curves));
});

describe.each(Object.keys(devices))('on %s', (device) => {
  const on = <T>(f: () => T): T => withDevice(devices[device]!(), f);

  test.each(Object.keys(curves))('%s', async (name) => {
    const { losses, ...after } = curves[name]!;
    const train = (model: MLP, optimizer: nnx.Optimizer, x: Tensor, y: Tensor): Tensor => {
      const [loss, grads] = valueAndGrad((m: MLP) => np.mean(np.square(m.forward(x).sub(y))))(model);
      optimizer.update(model, grads);
      return loss;
    };
    const step = jit(assertMaxTraces(train, 2));
    const [[model, optimizer], [x, y]] = on(() => [build(OPTIMIZERS[name]!), data()]);
    for (const loss of losses) await assertAllClose(on(() => step(model, optimizer, x, y)), loss, { rtol: 1e-4 });
    expect(await model.dropout.rngs!.count.value.item()).toBe(after['dropout count after']);
    expect(await optimizer.step.value.item()).toBe(after['opt step after']);
    // A bias before a BatchNorm has no gradient but rounding errors, of which Adam makes whole steps of 0.01, up or down: after i
    // steps two runs are up to 0.02 i apart. Each batch goes into the means with a weight of 0.01.
    const atol = name.startsWith('adam') ? 0.01 * 0.02 * (1 + 2 + 3 + 4 + 5) : 1e-7;
    await assertAllClose(model.bn.mean, after['final bn.mean'], { rtol: 1e-4, atol });
  });
});

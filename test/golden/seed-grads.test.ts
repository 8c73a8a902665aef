/** Gradients and ten training steps of the tiny-NNX program against real JAX: on cpu and as WGSL, jitted and not. */
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { BatchStat, PathRngs, cpu, jit, np, random, valueAndGrad, withDevice } from '../../src/index.ts';
import type { Device, State, Tensor } from '../../src/index.ts';
import { assertAllClose } from '../../src/testing/index.ts';
import { ScanMLP } from '../../examples/seed.ts';
import { useWgsl } from '../support/wgsl.ts';

interface Leaf {
  readonly shape: readonly number[];
  readonly max: number;
  readonly data: readonly number[];
}

interface Point {
  readonly loss: number;
  readonly grads: Readonly<Record<string, Leaf>>;
}

interface Case {
  readonly hidden: number;
  readonly n_layers: number;
  readonly batch: number;
  readonly train: Point;
  readonly eval: Point;
  readonly 'sgd_lr0.05_losses': readonly number[];
  readonly batch_stats_after: Readonly<Record<string, readonly number[]>>;
}

const { cases } = JSON.parse(readFileSync(new URL('seed-grads.json', import.meta.url), 'utf8')) as { cases: readonly Case[] };

const wgsl = useWgsl();
const devices: Readonly<Record<string, () => Device>> = { cpu: () => cpu, WGSL: () => wgsl.device };

type Loss = (model: ScanMLP, key: Tensor) => Tensor;
type Step = (model: ScanMLP, key: Tensor) => [Tensor, State];

function lossOf({ hidden, batch }: Case, train: boolean): Loss {
  return (model, key) => {
    const x = random.normal(random.key(2), [batch, hidden]);
    const target = np.sin(np.flip(x, { axis: 1 }).mul(2));
    const y = model.forward(x, { train, rngs: new PathRngs(key) });
    return np.mean(np.square(y.sub(target)));
  };
}

/** Compiled, to make few pipelines. */
const build = jit((hidden: number, layers: number) => new ScanMLP(hidden, layers, { rngs: new PathRngs(random.key(0)) }));

const descend = jit((model: ScanMLP, gradients: State): void => {
  const [state] = model.split();
  for (const [path, { value: gradient }] of gradients) state.get(path).update((value) => value.sub(gradient.mul(0.05)));
});

/** Each gradient within 1e-4 of its leaf's largest entry, which is not zero; what is exactly zero within 1e-5. */
async function compareGradients(gradients: State, expected: Point['grads']): Promise<void> {
  expect([...gradients.keys()]).toEqual(Object.keys(expected).sort());
  for (const [path, { shape, max, data }] of Object.entries(expected)) {
    const atol = max < 1e-6 ? 1e-5 : 1e-4 * max;
    await assertAllClose(gradients.get(path).value, np.array(data, { shape }), { rtol: 0, atol });
  }
}

test('the goldens would not pass gradients that are all zero', () => {
  for (const { train, eval: evaluation } of cases) {
    const flat = [...Object.entries(train.grads), ...Object.entries(evaluation.grads)].filter(([, { max }]) => max < 1e-2);
    expect(flat.map(([path]) => path)).toEqual(['layers/linear/b']);
  }
});

for (const [deviceName, device] of Object.entries(devices)) {
  for (const expected of cases) {
    describe.each([true, false])(`ScanMLP(${expected.hidden}, ${expected.n_layers}) on ${deviceName}, jitted: %s`, (isJitted) => {
      const { hidden, n_layers: layers } = expected;
      const on = <T>(f: () => T): T => withDevice(device(), f);
      const step = (train: boolean): Step => {
        const call = valueAndGrad(lossOf(expected, train));
        return isJitted ? jit(call, { device: device() }) : call;
      };

      test.each(['train', 'eval'] as const)('loss and gradients, %s', async (mode) => {
        const [loss, gradients] = on(() => step(mode === 'train')(build(hidden, layers), random.key(1)));
        await assertAllClose(loss, expected[mode].loss, { rtol: 1e-5, atol: 0 });
        await compareGradients(gradients, expected[mode].grads);
      });

      test('ten steps of SGD, and the statistics after them', async () => {
        const model = on(() => build(hidden, layers));
        const call = step(true);
        const losses: Tensor[] = [];
        for (let i = 0; i < 10; i++) {
          on(() => {
            const [loss, gradients] = call(model, random.key(i));
            losses.push(loss);
            descend(model, gradients);
          });
        }
        await assertAllClose(np.stack(losses), np.array(expected['sgd_lr0.05_losses']), { rtol: 1e-4, atol: 0 });
        const stats = model.split()[0].extract(BatchStat);
        for (const [path, data] of Object.entries(expected.batch_stats_after)) {
          await assertAllClose(stats.get(path).value.reshape([-1]), np.array(data), { rtol: 1e-4, atol: 1e-5 });
        }
      });
    });
  }
}

/** Training that was interrupted goes on as if it had not been: the library behind `--resume`. */
import { describe, expect, test } from 'vitest';
import { Module, Param, cpu, jit, nn, nnx, np, valueAndGrad, withDevice } from '../../src/index.ts';
import type { Device, Tensor } from '../../src/index.ts';
import { checkpoint } from '../../src/io/index.ts';
import * as optax from '../../src/optax/index.ts';
import { MemoryFiles } from '../support/memory-files.ts';
import { useWgsl } from '../support/wgsl.ts';

class Classifier extends Module {
  readonly hidden: nnx.Linear;
  readonly norm: nnx.BatchNorm;
  readonly dropout = new nnx.Dropout(0.2);
  readonly out: nnx.Linear;

  constructor(rngs: nnx.Rngs) {
    super();
    this.hidden = new nnx.Linear(3, 8, { rngs });
    this.norm = new nnx.BatchNorm(8, { rngs });
    this.out = new nnx.Linear(8, 2, { rngs });
  }

  forward(x: Tensor, rngs: nnx.Rngs): Tensor {
    const hidden = nn.relu(this.norm.forward(this.hidden.forward(x)));
    return this.out.forward(this.dropout.forward(hidden, { rngs }));
  }
}

/** What a run consists of; a checkpoint keeps all of it. */
interface Run {
  readonly model: Classifier;
  readonly optimizer: nnx.Optimizer;
  readonly ema: nnx.EMA;
  readonly rngs: nnx.Rngs;
}

const tx = optax.adamw(optax.warmupCosineDecaySchedule(0, 0.1, 3, 12));

const start = (seed: number): Run => {
  const rngs = new nnx.Rngs(seed);
  const model = new Classifier(rngs);
  return { model, optimizer: new nnx.Optimizer(model, tx, { wrt: Param }), ema: new nnx.EMA(model, 0.9), rngs };
};

const wgsl = useWgsl();
const devices: Readonly<Record<string, () => Device>> = { cpu: () => cpu, WGSL: () => wgsl.device };

/** The batch of each step. */
const batchOf = (step: number): readonly [x: Tensor, y: Tensor] => [
  np.array(Array.from({ length: 6 }, (_, i) => [0, 1, 2].map((j) => Math.sin(3 * i + j + step)))),
  np.array([0, 1, 0, 1, 1, step % 2], { dtype: 'int32' }),
];

describe.each(Object.keys(devices))('on %s', (name) => {
  const on = <T>(f: () => T): T => withDevice(devices[name]!(), f);
  const build = jit(start);
  const step = jit(({ model, optimizer, ema, rngs }: Run, x: Tensor, y: Tensor): Tensor => {
    const loss = (m: Classifier): Tensor => np.mean(optax.softmaxCrossEntropyWithIntegerLabels(m.forward(x, rngs), y));
    const [value, grads] = valueAndGrad(loss)(model);
    optimizer.update(model, grads);
    ema.update(model);
    return value;
  });

  /** The losses of the steps from `first` on. */
  async function train(run: Run, first: number, count: number): Promise<number[]> {
    const losses: number[] = [];
    for (let i = first; i < first + count; i++) losses.push(await on(() => step(run, ...batchOf(i))).item<number>());
    return losses;
  }

  test('five steps, a checkpoint, and five more are the same losses in fresh objects', async () => {
    const files = new MemoryFiles();
    const first = on(() => build(0));
    await train(first, 0, 5);
    await checkpoint.save('run', { ...first, step: 5 }, { files, shardBytes: 200 });
    const expected = await train(first, 5, 5);

    const fresh = on(() => build(1));
    const { step: reached, parts } = await checkpoint.restore('run', { ...fresh }, { files });
    expect(reached).toBe(5);
    expect(parts.model).toBe(fresh.model);
    expect(await fresh.optimizer.step.value.item()).toBe(5);
    expect(await train(fresh, reached, 5)).toEqual(expected);
    expect(new Set(expected).size).toBe(5);
    for (const part of ['model', 'optimizer', 'ema', 'rngs'] as const) {
      const [one, other] = [nnx.state(first[part]), nnx.state(fresh[part])];
      for (const [path, { value }] of one) expect(await other.get(path).value.array()).toEqual(await value.array());
    }
  });
});

test('the model alone, from a checkpoint of the whole run', async () => {
  const files = new MemoryFiles();
  const [saved, other] = withDevice(cpu, () => [start(0), start(1)]);
  await checkpoint.save('run', { ...saved, step: 1 }, { files });
  const filter = nnx.all(Param, nnx.not(nnx.pathContains('out')));
  await checkpoint.restore('run', { model: other.model }, { files, filter });
  expect(await other.model.hidden.kernel.value.array()).toEqual(await saved.model.hidden.kernel.value.array());
  expect(await other.model.out.kernel.value.array()).not.toEqual(await saved.model.out.kernel.value.array());
});

test('an optimizer of another kind is refused, with the paths', async () => {
  const files = new MemoryFiles();
  const model = withDevice(cpu, () => new nnx.Linear(1, 1, { rngs: new nnx.Rngs(0) }));
  const optimizerOf = (transformation: optax.GradientTransformation): nnx.Optimizer =>
    withDevice(cpu, () => new nnx.Optimizer(model, transformation, { wrt: Param }));
  await checkpoint.save('run', { optimizer: optimizerOf(optax.adam(0.1)), step: 0 }, { files });
  const restoring = checkpoint.restore('run', { optimizer: optimizerOf(optax.sgd(0.1, { momentum: 0.9 })) }, { files });
  await expect(restoring).rejects.toMatchObject({
    code: 'PYTREE',
    problem: [
      'run/000001-step-0 does not fit the target (checkpoint -> target):',
      '  optimizer/optState/0/trace/bias: missing, the checkpoint has none',
      '  optimizer/optState/0/trace/kernel: missing, the checkpoint has none',
      '  optimizer/optState/0/count: unexpected, the target has none',
      '  optimizer/optState/0/mu/bias: unexpected, the target has none',
      '  optimizer/optState/0/mu/kernel: unexpected, the target has none',
      '  optimizer/optState/0/nu/bias: unexpected, the target has none',
      '  optimizer/optState/0/nu/kernel: unexpected, the target has none',
    ].join('\n'),
  });
});

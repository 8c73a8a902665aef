/**
 * A classifier of handwritten digits: an MLP whose layers are one scan.
 *
 *   npm start                        trains it and keeps a checkpoint
 *   npm start -- --resume            goes on from the checkpoint
 *   npm start -- --steps 50 --seed 1
 */
import { Module, Param, jit, nn, nnx, np, valueAndGrad } from 'heddle';
import type { Tensor } from 'heddle';
import * as optax from 'heddle/optax';
import type { Example } from './support/example.ts';
import { drawBatch, holdOut } from './support/labelled-images.ts';
import { trainFrom } from './support/train.ts';

const HIDDEN = 64;
const DEPTH = 4;
const CLASSES = 10;
const BATCH = 64;

/** Linear, BatchNorm, gelu, Dropout, added to its input. */
class Block extends Module {
  readonly linear: nnx.Linear;
  readonly norm: nnx.BatchNorm;
  readonly dropout: nnx.Dropout;

  constructor(features: number, { rngs }: { readonly rngs: nnx.KeySource }) {
    super();
    this.linear = new nnx.Linear(features, features, { rngs });
    this.norm = new nnx.BatchNorm(features, { momentum: 0.9, rngs });
    this.dropout = new nnx.Dropout(0.1, { rngs });
  }

  forward(x: Tensor): Tensor {
    return x.add(this.dropout.forward(nn.gelu(this.norm.forward(this.linear.forward(x)))));
  }
}

class ScanMLP extends Module {
  readonly inward: nnx.Linear;
  /** One block in structure, each of whose Variables holds those of all layers. */
  readonly layers: Block;
  readonly outward: nnx.Linear;

  constructor(features: number, rngs: nnx.Rngs) {
    super();
    this.inward = new nnx.Linear(features, HIDDEN, { rngs });
    this.layers = nnx.repeat(DEPTH, (rngs) => new Block(HIDDEN, { rngs }), { rngs });
    this.outward = new nnx.Linear(HIDDEN, CLASSES, { rngs });
  }

  /** float32[n, height, width, 1] to the logits float32[n, 10]. */
  forward(images: Tensor): Tensor {
    const x = this.inward.forward(images.reshape([images.shape[0]!, -1]));
    return this.outward.forward(nnx.scanLayers(this.layers, (x, layer) => layer.forward(x), x));
  }
}

export const digits: Example = {
  title: 'A scanned MLP reads handwritten digits',
  steps: 600,

  async train(setting) {
    const { data, seed } = setting;
    const { seen, held } = await holdOut(await data.digits());
    const rngs = new nnx.Rngs({ params: seed, dropout: seed + 1, batch: seed + 2 });
    const model = new ScanMLP(seen.images.size / seen.labels.size, rngs);
    const optimizer = new nnx.Optimizer(model, optax.adam(3e-3), { wrt: Param });

    const step = jit((model: ScanMLP, optimizer: nnx.Optimizer, rngs: nnx.Rngs): Tensor => {
      const { images, labels } = drawBatch(seen, rngs.makeRng('batch'), BATCH);
      const [loss, gradient] = valueAndGrad((model: ScanMLP) => crossEntropy(model.forward(images), labels))(model);
      optimizer.update(model, gradient);
      return loss;
    });
    const evaluate = jit((model: ScanMLP): { loss: Tensor; accuracy: Tensor } => {
      const logits = nnx.view(model, { deterministic: true, useRunningAverage: true }).forward(held.images);
      return { loss: crossEntropy(logits, held.labels), accuracy: np.mean(np.equal(np.argmax(logits, 1), held.labels)) };
    });

    const parts = { model, optimizer, rngs };
    const first = await setting.keeper.restore(parts);
    if (first > 0) setting.report(first, { heldOutLoss: await evaluate(model).loss.item<number>() });
    await trainFrom(first, setting, parts, () => ({ loss: step(model, optimizer, rngs) }));
    const { loss, accuracy } = evaluate(model);
    return { figures: { accuracy: await accuracy.item<number>(), heldOutLoss: await loss.item<number>() } };
  },
};

function crossEntropy(logits: Tensor, labels: Tensor): Tensor {
  return np.mean(optax.softmaxCrossEntropyWithIntegerLabels(logits, labels));
}

/**
 * Two convolutions read images: the digits, or other images with ten classes given as IDX files, such as Fashion-MNIST.
 *
 *   npm run -s example -- cnn
 *   npm run -s example -- cnn --data fashion-mnist
 */
import { Module, Param, jit, nn, nnx, np, valueAndGrad } from 'heddle';
import type { Tensor } from 'heddle';
import * as optax from 'heddle/optax';
import type { Example } from './support/example.ts';
import { drawBatch, holdOut } from './support/labelled-images.ts';
import { trainFrom } from './support/train.ts';

const CLASSES = 10;
const BATCH = 32;
/** So many held-out images are looked at. */
const LOOKED_AT = 300;

class CNN extends Module {
  readonly first: nnx.Conv;
  readonly second: nnx.Conv;
  readonly out: nnx.Linear;

  constructor(height: number, width: number, { rngs }: { readonly rngs: nnx.Rngs }) {
    super();
    this.first = new nnx.Conv(1, 8, [3, 3], { rngs });
    this.second = new nnx.Conv(8, 16, [3, 3], { rngs });
    this.out = new nnx.Linear(Math.floor(height / 4) * Math.floor(width / 4) * 16, CLASSES, { rngs });
  }

  /** float32[n, height, width, 1] to the logits float32[n, 10]. */
  forward(images: Tensor): Tensor {
    const pool = (x: Tensor): Tensor => nnx.maxPool(x, [2, 2], { strides: [2, 2] });
    const x = pool(nn.relu(this.second.forward(pool(nn.relu(this.first.forward(images))))));
    return this.out.forward(x.reshape([x.shape[0]!, -1]));
  }
}

export const cnn: Example = {
  title: 'Two convolutions read images',
  steps: 300,

  async train(setting) {
    const { data, seed } = setting;
    const { seen, held } = await holdOut(await data.images());
    const rngs = new nnx.Rngs({ params: seed, batch: seed + 1 });
    const model = new CNN(seen.images.shape[1]!, seen.images.shape[2]!, { rngs });
    const optimizer = new nnx.Optimizer(model, optax.adam(3e-3), { wrt: Param });

    const step = jit((model: CNN, optimizer: nnx.Optimizer, rngs: nnx.Rngs): Tensor => {
      const { images, labels } = drawBatch(seen, rngs.makeRng('batch'), BATCH);
      const [loss, gradient] = valueAndGrad((model: CNN) =>
        np.mean(optax.softmaxCrossEntropyWithIntegerLabels(model.forward(images), labels)),
      )(model);
      optimizer.update(model, gradient);
      return loss;
    });
    const measure = jit((model: CNN) => {
      const logits = model.forward(held.images.slice([0, LOOKED_AT]));
      return np.mean(np.equal(np.argmax(logits, 1), held.labels.slice([0, LOOKED_AT])));
    });

    const parts = { model, optimizer, rngs };
    const first = await setting.keeper.restore(parts);
    const { loss } = await trainFrom(first, setting, parts, () => ({ loss: step(model, optimizer, rngs) }));
    return { figures: { loss, accuracy: await measure(model).item<number>() } };
  },
};

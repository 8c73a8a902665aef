/**
 * A variational autoencoder (Kingma and Welling, 2013) learns to draw digits from eight normal numbers.
 *
 *   npm run -s example -- vae
 */
import { Module, Param, jit, nn, nnx, np, random, valueAndGrad } from 'heddle';
import type { Tensor } from 'heddle';
import * as optax from 'heddle/optax';
import type { Example, Picture } from './support/example.ts';
import { drawBatch, holdOut } from './support/labelled-images.ts';
import { trainFrom } from './support/train.ts';

const CODE = 8;
const HIDDEN = 128;
const BATCH = 64;
const DRAWN = 8;

class VAE extends Module {
  readonly encoder: nnx.Linear;
  readonly mean: nnx.Linear;
  readonly logVariance: nnx.Linear;
  readonly widen: nnx.Linear;
  readonly decoder: nnx.Linear;

  constructor(pixels: number, { rngs }: { readonly rngs: nnx.Rngs }) {
    super();
    this.encoder = new nnx.Linear(pixels, HIDDEN, { rngs });
    this.mean = new nnx.Linear(HIDDEN, CODE, { rngs });
    this.logVariance = new nnx.Linear(HIDDEN, CODE, { rngs });
    this.widen = new nnx.Linear(CODE, HIDDEN, { rngs });
    this.decoder = new nnx.Linear(HIDDEN, pixels, { rngs });
  }

  /** Codes float32[n, 8] to the logits of pixels. */
  decode(code: Tensor): Tensor {
    return this.decoder.forward(nn.relu(this.widen.forward(code)));
  }

  /** The negative evidence lower bound of images float32[n, pixels]: how badly they are drawn again, and how far codes are from normal. */
  forward(images: Tensor, rngs: nnx.Rngs): Tensor {
    const features = nn.relu(this.encoder.forward(images));
    const [mean, logVariance] = [this.mean.forward(features), this.logVariance.forward(features)];
    const code = mean.add(random.normal(rngs.makeRng('code'), mean.shape).mul(np.exp(logVariance.mul(0.5))));
    const drawing = np.sum(optax.sigmoidBinaryCrossEntropy(this.decode(code), images), 1);
    const divergence = np.sum(np.exp(logVariance).add(np.square(mean)).sub(1).sub(logVariance), 1).mul(0.5);
    return np.mean(drawing.add(divergence));
  }
}

export const vae: Example = {
  title: 'An autoencoder draws digits',
  steps: 600,

  async train(setting) {
    const { data, seed } = setting;
    const { seen } = await holdOut(await data.digits());
    const [, height, width] = seen.images.shape as [number, number, number];
    const rngs = new nnx.Rngs({ params: seed, batch: seed + 1, code: seed + 2 });
    const model = new VAE(height * width, { rngs });
    const optimizer = new nnx.Optimizer(model, optax.adam(2e-3), { wrt: Param });

    const step = jit((model: VAE, optimizer: nnx.Optimizer, rngs: nnx.Rngs): Tensor => {
      const { images } = drawBatch(seen, rngs.makeRng('batch'), BATCH);
      const flat = images.reshape([BATCH, height * width]);
      const [loss, gradient] = valueAndGrad((model: VAE) => model.forward(flat, rngs))(model);
      optimizer.update(model, gradient);
      return loss;
    });
    const draw = jit((model: VAE, key: Tensor) => nn.sigmoid(model.decode(random.normal(key, [DRAWN, CODE]))));

    const parts = { model, optimizer, rngs };
    const first = await setting.keeper.restore(parts);
    const { loss } = await trainFrom(first, setting, parts, () => ({ loss: step(model, optimizer, rngs) }));

    const drawn = await draw(model, random.key(seed)).data();
    const pictures = Array.from({ length: DRAWN }, (_, i): Picture => {
      const pixels = drawn.slice(i * height * width, (i + 1) * height * width);
      return { width, height, pixels };
    });
    return { figures: { loss }, pictures };
  },
};

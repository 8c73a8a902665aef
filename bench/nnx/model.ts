/** The model of the benchmark: 50 times a dense layer and a batch norm, with six Variables together, and a dense layer with two. */
import { jit, nnx, np, random, valueAndGrad } from 'heddle';
import type { Jitted, Tensor } from 'heddle';

const LAYERS = 50;
const WIDTH = 32;
const BATCH = 16;
const RATE = 0.01;

class Layer extends nnx.Module {
  readonly dense: nnx.Linear;
  readonly norm: nnx.BatchNorm;

  constructor(rngs: nnx.Rngs) {
    super();
    this.dense = new nnx.Linear(WIDTH, WIDTH, { rngs });
    this.norm = new nnx.BatchNorm(WIDTH, { rngs });
  }

  forward(x: Tensor): Tensor {
    return this.norm.forward(this.dense.forward(x)).relu();
  }
}

export class Mlp extends nnx.Module {
  readonly layers: readonly Layer[];
  readonly last: nnx.Linear;

  constructor(rngs: nnx.Rngs) {
    super();
    this.layers = Array.from({ length: LAYERS }, () => new Layer(rngs));
    this.last = new nnx.Linear(WIDTH, 1, { rngs });
  }

  forward(x: Tensor): Tensor {
    return this.last.forward(this.layers.reduce((h, layer) => layer.forward(h), x));
  }
}

/** Moves the model's Variables against their gradients. */
export function descend(model: nnx.Module, gradients: nnx.State, rate: number): void {
  const variables = new Map<string, nnx.Variable>(nnx.split(model)[1]);
  for (const [path, { value }] of gradients) variables.get(path)!.update((w) => w.sub(value.mul(rate)));
}

const loss = (model: Mlp, x: Tensor, y: Tensor): Tensor => np.mean(np.square(model.forward(x).sub(y)));

export interface Training {
  readonly model: Mlp;
  readonly x: Tensor;
  readonly y: Tensor;
  readonly step: Jitted<[model: Mlp, x: Tensor, y: Tensor], Tensor>;
}

/** A new model with data, and its training step: gradient descent. */
export function training(): Training {
  const rngs = new nnx.Rngs(0);
  const [x, y] = [random.normal(rngs.makeRng(), [BATCH, WIDTH]), random.normal(rngs.makeRng(), [BATCH, 1])];
  const step = jit((model: Mlp, x: Tensor, y: Tensor): Tensor => {
    const [value, gradients] = valueAndGrad(loss)(model, x, y);
    descend(model, gradients, RATE);
    return value;
  });
  return { model: new Mlp(rngs), x, y, step };
}

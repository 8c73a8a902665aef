/** The layers of the tiny-NNX document: Linear, BatchNorm, Dropout. Those of the library, `nnx.Linear` and so on, are Flax's. */
import { BatchStat, Module, Param, np, random } from 'heddle';
import type { Tensor, nnx } from 'heddle';

/** `x @ w + b`: float32[..., din] to float32[..., dout]. `w` is uniform on [0, 1), `b` zero. */
export class Linear extends Module {
  readonly din: number;
  readonly dout: number;
  readonly w: Param;
  readonly b: Param;

  constructor(din: number, dout: number, { rngs }: { readonly rngs: nnx.KeySource }) {
    super();
    this.din = din;
    this.dout = dout;
    this.w = new Param(random.uniform(rngs.makeRng('params'), [din, dout]));
    this.b = new Param(np.zeros([dout]));
  }

  forward(x: Tensor): Tensor {
    return x.matmul(this.w).add(this.b);
  }
}

/**
 * Batch normalisation over every axis but the last: float32[..., din] to the same. In training it uses the batch's mean
 * and biased variance and moves the running ones by `mu * old + (1 - mu) * batch`; otherwise it uses the running ones.
 */
export class BatchNorm extends Module {
  readonly mu: number;
  readonly scale: Param;
  readonly bias: Param;
  readonly mean: BatchStat;
  readonly var: BatchStat;

  constructor(din: number, { mu = 0.95 }: { readonly mu?: number } = {}) {
    super();
    this.mu = mu;
    this.scale = new Param(np.ones([din]));
    this.bias = new Param(np.zeros([din]));
    this.mean = new BatchStat(np.zeros([din]));
    this.var = new BatchStat(np.ones([din]));
  }

  forward(x: Tensor, { train }: { readonly train: boolean }): Tensor {
    let [mean, variance] = [this.mean.value, this.var.value];
    if (train) {
      const axis = x.shape.slice(0, -1).map((_, i) => i);
      [mean, variance] = [x.mean(axis), x.var(axis)];
      this.mean.value = this.mean.value.mul(this.mu).add(mean.mul(1 - this.mu));
      this.var.value = this.var.value.mul(this.mu).add(variance.mul(1 - this.mu));
    }
    return x.sub(mean).div(variance.add(1e-5).sqrt()).mul(this.scale).add(this.bias);
  }
}

/** Zeroes elements with probability `rate` in training and scales the rest by 1 / (1 - rate); otherwise the identity. */
export class Dropout extends Module {
  readonly rate: number;

  constructor(rate: number) {
    super();
    this.rate = rate;
  }

  forward(x: Tensor, { train, rngs }: { readonly train: boolean; readonly rngs: nnx.KeySource }): Tensor {
    if (!train) return x;
    const keep = 1 - this.rate;
    return x.mul(random.bernoulli(rngs.makeRng('dropout'), keep, x.shape)).div(keep);
  }
}

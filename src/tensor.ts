/**
 * Tensor with its methods: each is a function whose first parameter is the tensor. They are installed here, when the module is
 * loaded, because np is built on Tensor and cannot be imported by it; their types stand in tensor-methods.ts, written from this
 * table.
 */
import * as nn from './nn/index.ts';
import { np } from './numpy/index.ts';
import { fail } from './numpy/operands.ts';
import { Tensor } from './trace/tensor.ts';

/** The methods of Tensor by name. `node dist/tools/tensor-methods.js` writes their types after a change. */
const METHODS = {
  add: np.add,
  sub: np.subtract,
  mul: np.multiply,
  div: np.divide,
  floorDivide: np.floorDivide,
  mod: np.remainder,
  pow: np.power,
  neg: np.negative,
  abs: np.abs,
  sign: np.sign,
  square: np.square,
  reciprocal: np.reciprocal,
  maximum: np.maximum,
  minimum: np.minimum,
  clip: np.clip,
  floor: np.floor,
  ceil: np.ceil,
  round: np.round,
  exp: np.exp,
  expm1: np.expm1,
  log: np.log,
  log1p: np.log1p,
  sqrt: np.sqrt,
  sin: np.sin,
  cos: np.cos,
  tan: np.tan,
  tanh: np.tanh,
  sigmoid: nn.sigmoid,
  relu: nn.relu,
  softmax: nn.softmax,
  logSoftmax: nn.logSoftmax,

  equal: np.equal,
  notEqual: np.notEqual,
  less: np.less,
  lessEqual: np.lessEqual,
  greater: np.greater,
  greaterEqual: np.greaterEqual,
  logicalAnd: np.logicalAnd,
  logicalOr: np.logicalOr,
  logicalNot: np.logicalNot,

  sum: np.sum,
  prod: np.prod,
  mean: np.mean,
  var: np.var,
  std: np.std,
  max: np.max,
  min: np.min,
  ptp: np.ptp,
  all: np.all,
  any: np.any,
  argmax: np.argmax,
  argmin: np.argmin,

  cumsum: np.cumsum,
  cumprod: np.cumprod,
  sort: np.sort,
  argsort: np.argsort,

  matmul: np.matmul,
  dot: np.dot,
  diagonal: np.diagonal,

  astype: np.astype,
  reshape: np.reshape,
  ravel: np.ravel,
  transpose: np.transpose,
  swapaxes: np.swapaxes,
  squeeze: np.squeeze,
  expandDims: np.expandDims,
  broadcastTo: np.broadcastTo,
  repeat: np.repeat,
  take: np.take,
  slice: np.slice,
} as const;

for (const [name, f] of Object.entries(METHODS)) {
  const method = function (this: Tensor, ...args: readonly unknown[]): unknown {
    return (f as (...all: readonly unknown[]) => unknown)(this, ...args);
  };
  Object.defineProperty(method, 'name', { value: name });
  Object.defineProperty(Tensor.prototype, name, { value: method, writable: true, configurable: true });
}

Object.defineProperty(Tensor.prototype, Symbol.iterator, {
  *value(this: Tensor): Generator<Tensor> {
    const [length] = this.shape;
    if (length === undefined) fail('AXIS', 'a scalar Tensor has no axis to iterate over', 'x.reshape([1])');
    for (let i = 0; i < length; i++) yield np.slice(this, i);
  },
  writable: true,
  configurable: true,
});

// The types of destructuring look for positions (see Keys in random/key.ts), so a few are really there.
for (let i = 0; i < 8; i++) {
  Object.defineProperty(Tensor.prototype, i, {
    get(this: Tensor): Tensor {
      return np.slice(this, i);
    },
    configurable: true,
  });
}

export { Tensor };

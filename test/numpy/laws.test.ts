/** Every function of np and nn traces, compiles and batches: jit and vmap give what eager calls give. */
import { describe, expect, test } from 'vitest';
import { cpu, jit, nn, np, vmap, withDevice } from '../../src/index.ts';
import type { Tensor } from '../../src/index.ts';
import { assertAllClose } from '../../src/testing/index.ts';

type F = (...xs: Tensor[]) => unknown;

interface Call {
  readonly f: F;
  readonly args: readonly Tensor[];
}

const counted = (shape: readonly number[]): Tensor => {
  const size = shape.reduce((product, extent) => product * extent, 1);
  return np.arange(7, 7 + size).reshape(shape);
};
const floats = (...shape: number[]): Tensor => np.sin(counted(shape));
const ints = (...shape: number[]): Tensor => np.remainder(counted(shape), 5);
const bools = (...shape: number[]): Tensor => np.less(ints(...shape), 2);

const m = floats(3, 4);
const positive = np.add(np.abs(m), 0.5);

/** Functions that are called with the same tensors alone. */
const GROUPS: readonly { readonly names: string; readonly args: readonly Tensor[] }[] = [
  {
    names: `exp exp2 expm1 cbrt sin cos tan arctan sinh cosh tanh arcsinh sinc deg2rad rad2deg reciprocal
      square abs sign negative floor ceil trunc round rint isnan isinf isfinite signbit
      sum prod max min mean var std ptp argmax argmin nansum nanprod nanmean nanmax nanmin
      ravel transpose matrixTranspose squeeze flip flipud fliplr rot90 tril triu diagonal trace diag atleast1d atleast2d
      zerosLike onesLike array asarray
      relu relu6 sigmoid logSigmoid softplus silu swish gelu elu selu celu leakyRelu softSign hardTanh hardSigmoid
      hardSilu hardSwish mish squareplus glu softmax logSoftmax logsumexp standardize`,
    args: [m],
  },
  { names: 'log log2 log1p log10 sqrt', args: [positive] },
  { names: 'arccosh', args: [np.add(positive, 1)] },
  { names: 'arcsin arccos arctanh', args: [np.multiply(m, 0.9)] },
  {
    names: `add subtract multiply divide trueDivide floorDivide remainder mod fmod divmod power floatPower
      maximum minimum fmax fmin arctan2 hypot logaddexp copysign
      equal notEqual less lessEqual greater greaterEqual isclose allclose arrayEqual broadcastArrays`,
    args: [positive, np.add(floats(4), 2)],
  },
  { names: 'bitwiseAnd bitwiseOr bitwiseXor leftShift rightShift', args: [ints(3, 4), ints(4)] },
  { names: 'invert bitwiseCount', args: [ints(3, 4)] },
  { names: 'logicalAnd logicalOr logicalXor', args: [bools(3, 4), bools(4)] },
  { names: 'logicalNot any all countNonzero', args: [bools(3, 4)] },
  { names: 'matmul dot', args: [m, floats(4, 2)] },
  { names: 'vdot vecdot', args: [m, floats(3, 4)] },
  { names: 'inner outer', args: [m, floats(2, 4)] },
  { names: 'cumsum cumprod nancumsum nancumprod sort argsort median', args: [m] },
];

const MORE: Readonly<Record<string, readonly [f: F, ...args: Tensor[]]>> = {
  'floorDivide of integers': [np.floorDivide, ints(3, 4), ints(4)],
  'remainder of integers': [np.remainder, ints(3, 4), ints(4)],
  'power of integers': [np.power, ints(3, 4), ints(4)],
  tensordot: [(x, y) => np.tensordot(x!, y!, { axes: 1 }), m, floats(4, 2)],
  einsum: [(x, y) => np.einsum('ij,kj,ii->ik', x!, y!, np.eye(3)), m, floats(2, 4)],
  norm: [(x) => np.linalg.norm(x!), m],
  quantile: [(x) => np.quantile(x!, 0.3, { axis: 1 }), m],
  percentile: [(x) => np.percentile(x!, 30), m],
  where: [(c, x, y) => np.where(c!, x!, y!), bools(4), m, floats(3, 1)],
  clip: [(x, low) => np.clip(x!, low, 0.5), m, np.subtract(floats(4), 1)],
  reshape: [(x) => np.reshape(x!, [2, -1]), m],
  swapaxes: [(x) => np.swapaxes(x!, 0, 1), m],
  moveaxis: [(x) => np.moveaxis(x!, 0, -1), floats(2, 3, 4)],
  expandDims: [(x) => np.expandDims(x!, 1), m],
  broadcastTo: [(x) => np.broadcastTo(x!, [2, 3, 4]), m],
  astype: [(x) => np.astype(x!, 'int32'), m],
  concatenate: [(x, y) => np.concatenate([x!, y!], { axis: 1 }), m, floats(3, 2)],
  stack: [(x) => np.stack([x!, x!], { axis: 1 }), m],
  vstack: [(x) => np.vstack([x!, x!]), m],
  hstack: [(x) => np.hstack([x!, x!]), m],
  split: [(x) => np.split(x!, 2, { axis: 1 }), m],
  tile: [(x) => np.tile(x!, [2, 2]), m],
  repeat: [(x) => np.repeat(x!, 2, { axis: 1 }), m],
  roll: [(x) => np.roll(x!, 1, { axis: 1 }), m],
  pad: [(x, value) => np.pad(x!, [[1, 0], [0, 2]], { constantValues: value! }), m, floats()],
  take: [(x, i) => np.take(x!, i!, { axis: 1 }), m, ints(2)],
  takeAlongAxis: [(x, i) => np.takeAlongAxis(x!, i!, { axis: 1 }), m, ints(3, 2)],
  slice: [(x, i) => x!.slice([null, null, -2], null, i!), m, ints(2)],
  full: [(x) => np.full([2], x!), floats()],
  fullLike: [(x, value) => np.fullLike(x!, value!), m, floats()],
  meshgrid: [(x, y) => np.meshgrid([x!, y!]), floats(3), floats(2)],
  oneHot: [(x) => nn.oneHot(x!, 5, { axis: 0 }), ints(3)],
  dotProductAttention: [(q, k, v) => nn.dotProductAttention(q!, k!, v!), floats(3, 2, 4), floats(5, 2, 4), floats(5, 2, 4)],
  iteration: [(x) => [...x!], m],
};

const FUNCTIONS = { ...np, ...nn } as unknown as Readonly<Record<string, F>>;
const CALLS = new Map<string, Call>();
for (const { names, args } of GROUPS) {
  for (const name of names.split(/\s+/)) CALLS.set(name, { f: FUNCTIONS[name]!, args });
}
for (const [name, [f, ...args]] of Object.entries(MORE)) CALLS.set(name, { f, args });

/** Another tensor of the same type. */
function other(x: Tensor): Tensor {
  if (x.dtype === 'bool') return np.logicalNot(x);
  return x.dtype === 'int32' ? np.add(x, 1) : np.multiply(x, 0.75);
}

function leaves(tree: unknown): Tensor[] {
  return Array.isArray(tree) ? (tree as Tensor[]) : [tree as Tensor];
}

for (const [name, { f, args }] of CALLS) {
  describe(name, () => {
    test('jit', async () => {
      const result = withDevice(cpu, () => jit(f, { device: cpu })(...args));
      await assertAllClose(result, f(...args));
    });

    test('vmap', async () => {
      const batches = args.map((x) => np.stack([x, other(x)]));
      const mapped = withDevice(cpu, () => vmap(f)(...batches));
      const [first, second] = [leaves(f(...args)), leaves(f(...args.map(other)))];
      await assertAllClose(leaves(mapped), first.map((x, i) => np.stack([x, second[i]!])));
    });
  });
}

test('every function of np and nn that takes tensors is here', () => {
  const apart = 'shape broadcastShapes finfo iinfo promoteTypes resultType scalar zeros ones eye identity arange linspace';
  const functions = Object.keys(FUNCTIONS).filter((name) => typeof FUNCTIONS[name] === 'function');
  expect(functions.filter((name) => !CALLS.has(name) && !apart.split(' ').includes(name))).toEqual([]);
});

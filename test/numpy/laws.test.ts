/** Every function of np and nn traces, compiles and batches: jit and vmap give what eager calls give. */
import { describe, expect, test } from 'vitest';
import { cpu, jit, nn, np, vmap, withDevice } from '../../src/index.ts';
import type { Tensor } from '../../src/index.ts';
import { assertAllClose } from '../../src/testing/index.ts';

const floats = (...shape: number[]): Tensor => np.reshape(np.sin(np.arange(1, 1 + shape.reduce((size, n) => size * n, 1))), shape);
const ints = (...shape: number[]): Tensor => np.remainder(np.arange(7, 7 + shape.reduce((size, n) => size * n, 1)), 5).reshape(shape);
const bools = (...shape: number[]): Tensor => np.equal(np.remainder(ints(...shape), 2), 0);

type Call = readonly [f: (...xs: never[]) => unknown, ...args: Tensor[]];

function calls(names: string, f: (np: never) => Readonly<Record<string, unknown>>, args: Tensor[]): [string, Call][] {
  const functions = f(np as never);
  return names.split(' ').map((name) => [name, [functions[name] as Call[0], ...args]]);
}

const m = floats(3, 4);

const CALLS: Readonly<Record<string, Call>> = Object.fromEntries([
  ...calls('exp exp2 expm1 sin cos tan arctan sinh cosh tanh arcsinh square abs sign negative floor ceil trunc round rint cbrt sinc isnan isinf isfinite signbit deg2rad rad2deg reciprocal', () => np, [m]),
  ...calls('log log2 log1p log10 sqrt arccosh', () => np, [np.add(np.abs(m), 1)]),
  ...calls('arcsin arccos arctanh', () => np, [np.multiply(m, 0.9)]),
  ...calls('add subtract multiply divide trueDivide floorDivide remainder mod fmod maximum minimum fmax fmin arctan2 hypot logaddexp copysign equal notEqual less lessEqual greater greaterEqual isclose allclose arrayEqual power', () => np, [np.abs(m), np.add(np.abs(floats(4)), 0.5)]),
  ...calls('bitwiseAnd bitwiseOr bitwiseXor leftShift rightShift floorDivide remainder power', () => np, [ints(3, 4), ints(4)]).map(([name, call]): [string, Call] => [`${name} of integers`, call]),
  ...calls('logicalAnd logicalOr logicalXor', () => np, [bools(3, 4), bools(4)]),
  ...calls('logicalNot any all countNonzero', () => np, [bools(3, 4)]),
  ...calls('invert bitwiseCount', () => np, [ints(3, 4)]),
  ...calls('sum prod max min mean var std ptp argmax argmin nansum nanprod nanmean nanmax nanmin', () => np, [m]),
  ...calls('ravel transpose squeeze matrixTranspose flip flipud fliplr rot90 tril triu diagonal trace diag atleast1d atleast2d zerosLike onesLike asarray array', () => np, [m]),
  ...calls('matmul dot', () => np, [m, floats(4, 2)]),
  ...calls('inner vdot vecdot', () => np, [m, floats(3, 4)]).filter(([name]) => name !== 'inner'),
  ...calls('outer', () => np, [floats(3), floats(2)]),
  ...calls('relu relu6 sigmoid logSigmoid softplus silu gelu elu selu celu leakyRelu softSign hardTanh hardSigmoid hardSilu mish squareplus glu softmax logSoftmax logsumexp standardize', () => nn, [m]),
]);

const MORE: Readonly<Record<string, Call>> = {
  inner: [np.inner, m, floats(2, 4)],
  tensordot: [(x: Tensor, y: Tensor) => np.tensordot(x, y, { axes: 1 }), m, floats(4, 2)],
  einsum: [(x: Tensor, y: Tensor) => np.einsum('ij,kj,ii->ik', x, y, np.eye(3)), m, floats(2, 4)],
  norm: [np.linalg.norm, m],
  where: [np.where, bools(4), m, floats(3, 1)],
  clip: [(x: Tensor, low: Tensor) => np.clip(x, low, 0.5), m, np.subtract(floats(4), 1)],
  reshape: [(x: Tensor) => np.reshape(x, [2, -1]), m],
  swapaxes: [(x: Tensor) => np.swapaxes(x, 0, 1), m],
  moveaxis: [(x: Tensor) => np.moveaxis(x, 0, -1), floats(2, 3, 4)],
  expandDims: [(x: Tensor) => np.expandDims(x, 1), m],
  broadcastTo: [(x: Tensor) => np.broadcastTo(x, [2, 3, 4]), m],
  concatenate: [(x: Tensor, y: Tensor) => np.concatenate([x, y], { axis: 1 }), m, floats(3, 2)],
  stack: [(x: Tensor) => np.stack([x, x], { axis: 1 }), m],
  split: [(x: Tensor) => np.split(x, 2, { axis: 1 }), m],
  tile: [(x: Tensor) => np.tile(x, [2, 2]), m],
  repeat: [(x: Tensor) => np.repeat(x, 2, { axis: 1 }), m],
  roll: [(x: Tensor) => np.roll(x, 1, { axis: 1 }), m],
  pad: [(x: Tensor, value: Tensor) => np.pad(x, [[1, 0], [0, 2]], { constantValues: value }), m, floats()],
  take: [(x: Tensor, i: Tensor) => np.take(x, i, { axis: 1 }), m, ints(2)],
  takeAlongAxis: [(x: Tensor, i: Tensor) => np.takeAlongAxis(x, i, { axis: 1 }), m, ints(3, 2)],
  slice: [(x: Tensor, i: Tensor) => x.slice([null, null, -2], null, i), m, ints(2)],
  full: [(x: Tensor) => np.full([2], x), floats()],
  meshgrid: [(x: Tensor, y: Tensor) => np.meshgrid([x, y]), floats(3), floats(2)],
  oneHot: [(x: Tensor) => nn.oneHot(x, 5, { axis: 0 }), ints(3)],
  iterator: [(x: Tensor) => [...x], m],
};

/** Another batch element of the same type. */
function other(x: Tensor): Tensor {
  return x.dtype === 'bool' ? np.logicalNot(x) : x.dtype === 'int32' ? np.add(x, 1) : np.multiply(x, 0.75);
}

for (const [name, [f, ...args]] of Object.entries({ ...CALLS, ...MORE })) {
  const call = f as (...xs: Tensor[]) => unknown;
  describe(name, () => {
    test('jit', async () => {
      const result = withDevice(cpu, () => jit(call, { device: cpu })(...args));
      await assertAllClose(result, call(...args));
    });

    test('vmap', async () => {
      const batches = args.map((x) => np.stack([x, other(x)]));
      const mapped = withDevice(cpu, () => vmap(call)(...batches));
      const leaves = (tree: unknown): Tensor[] => (Array.isArray(tree) ? (tree as Tensor[]) : [tree as Tensor]);
      const [first, second] = [leaves(call(...args)), leaves(call(...args.map(other)))];
      await assertAllClose(leaves(mapped), first.map((x, i) => np.stack([x, second[i]!])));
    });
  });
}

test('every function of np that takes tensors has its law', () => {
  const without = 'shape broadcastArrays broadcastShapes finfo iinfo promoteTypes resultType scalar zeros ones fullLike eye identity arange linspace float_power';
  const apart = [...without.split(' '), 'floatPower', 'divmod', 'vstack', 'hstack', 'astype'];
  const names = Object.entries(np).flatMap(([name, value]) => (typeof value === 'function' ? [name] : []));
  expect(names.filter((name) => !(name in CALLS) && !(name in MORE) && !apart.includes(name))).toEqual([]);
});

/** The derivatives in numerics.json, which JAX computed, at every special point: by the interpreter, and as WGSL. */
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { cpu, jit, lax, nn, np, vjp, withDevice } from '../../src/index.ts';
import type { Device, Tensor } from '../../src/index.ts';
import { NUMERICS, decode, differences, pairs } from '../support/golden-numerics.ts';
import type { Closeness } from '../support/golden-numerics.ts';
import { useWgsl } from '../support/wgsl.ts';

type Rows = Readonly<Record<string, readonly string[]>>;
type Unary = (x: Tensor) => Tensor;
type Binary = (x: Tensor, y: Tensor) => Tensor;

const { rows, gradRowOps } = JSON.parse(readFileSync(new URL('numerics.json', import.meta.url), 'utf8')) as {
  readonly rows: Rows;
  readonly gradRowOps: Readonly<Record<string, Rows>>;
};

const UNARY: Readonly<Record<string, Unary>> = {
  exp: np.exp, expm1: np.expm1, log: np.log, log1p: np.log1p, sqrt: np.sqrt, rsqrt: lax.rsqrt, cbrt: np.cbrt, square: np.square,
  reciprocal: np.reciprocal, sin: np.sin, cos: np.cos, tan: np.tan, asin: np.arcsin, acos: np.arccos, atan: np.arctan,
  sinh: np.sinh, cosh: np.cosh, tanh: np.tanh, asinh: np.arcsinh, acosh: np.arccosh, atanh: np.arctanh,
  erf: lax.erf, erfc: lax.erfc, erfinv: lax.erfInv, lgamma: lax.lgamma, abs: np.abs, sign: np.sign, floor: np.floor,
  sigmoid: nn.sigmoid, softplus: nn.softplus, relu: nn.relu, relu6: nn.relu6, silu: nn.silu,
  geluTanh: (x) => nn.gelu(x), geluExact: (x) => nn.gelu(x, { approximate: false }),
  elu: (x) => nn.elu(x), selu: nn.selu, celu: (x) => nn.celu(x), leakyRelu: (x) => nn.leakyRelu(x),
  logSigmoid: nn.logSigmoid, softSign: nn.softSign, hardTanh: nn.hardTanh, hardSigmoid: nn.hardSigmoid, hardSilu: nn.hardSilu,
  mish: nn.mish, squareplus: (x) => nn.squareplus(x),
};

const BINARY: Readonly<Record<string, Binary>> = {
  add: np.add, sub: np.subtract, mul: np.multiply, div: np.divide, pow: np.power, atan2: np.arctan2,
  maximum: np.maximum, minimum: np.minimum, hypot: np.hypot, logaddexp: np.logaddexp,
};

const ROW_OPS: Readonly<Record<string, Unary>> = {
  sum: (x) => np.sum(x, 1), prod: (x) => np.prod(x, 1), max: (x) => np.max(x, 1), min: (x) => np.min(x, 1),
  mean: (x) => np.mean(x, 1), var: (x) => np.var(x, 1), std: (x) => np.std(x, 1),
  logsumexp: (x) => nn.logsumexp(x, { axis: 1 }), softmax: (x) => nn.softmax(x), logSoftmax: (x) => nn.logSoftmax(x),
  norm: (x) => np.linalg.norm(x, { axis: 1 }),
  cumsum: (x) => np.cumsum(x, { axis: 1 }), cumprod: (x) => np.cumprod(x, { axis: 1 }), cummax: (x) => lax.cummax(x, 1),
  sort: (x) => np.sort(x, { axis: 1 }), median: (x) => np.median(x, 1),
};

const FLOAT: Closeness = { relative: 1e-5 };
/**
 * Where the derivative is a difference of numbers near 1, of which JAX's has lost digits too; JAX's logistic(-88), a denormal,
 * is 0.
 */
const CLOSENESS: Readonly<Record<string, Closeness>> = {
  tanh: { relative: 1e-5, absolute: 2e-7 },
  sigmoid: { relative: 1e-5, absolute: 1e-7 },
  geluTanh: { relative: 1e-5, absolute: 1e-6 },
  squareplus: { relative: 1e-5, absolute: 6e-8 },
  silu: { relative: 1e-5, absolute: 1e-36 },
  mish: { relative: 1e-5, absolute: 1e-36 },
};

const wgsl = useWgsl();
const devices: Readonly<Record<string, () => Device>> = { cpu: () => cpu, WGSL: () => wgsl.device };

/** Programs of several functions: WGSL pipelines take long to compile. */
const GROUP = 6;

function groupsOf(table: object): (readonly [title: string, names: string[]])[] {
  const names = Object.keys(table);
  const groups = Array.from({ length: Math.ceil(names.length / GROUP) }, (_, i) => names.slice(i * GROUP, (i + 1) * GROUP));
  return groups.map((group) => [group.join(', '), group]);
}

interface Derivative {
  readonly f: (...xs: Tensor[]) => Tensor;
  /** Per operand. */
  readonly expected: readonly ArrayLike<number>[];
}

/** The cotangent of every row is 1, or 1, 2, 3, 4. */
function cotangentOf(y: Tensor, isRows: boolean): Tensor {
  return isRows && y.ndim === 2 ? np.broadcastTo(np.arange(1, 5).astype('float32'), y.shape) : np.onesLike(y);
}

async function compare(device: Device, xs: readonly Tensor[], table: Readonly<Record<string, Derivative>>): Promise<void> {
  const isRows = xs[0]!.ndim === 2;
  const pull = (...operands: Tensor[]): Tensor[][] =>
    Object.values(table).map(({ f }) => {
      const [y, pullback] = vjp(f, ...operands);
      return pullback(cotangentOf(y, isRows));
    });
  const results = withDevice(device, () => jit(pull, { device })(...xs));
  const columns = await Promise.all(xs.map((x) => x.data()));
  const lines = Object.entries(table).map(async ([name, { expected }], i) => {
    const closeness = CLOSENESS[name] ?? FLOAT;
    const found = results[i]!.map(async (given, k) => differences(await given.data(), expected[k]!, columns, closeness));
    return (await Promise.all(found)).flatMap((list, k) => list.map((line) => `${name}, operand ${k}: ${line}`));
  });
  expect((await Promise.all(lines)).flat()).toEqual([]);
}

const floats = (values: readonly string[]): ArrayLike<number> => decode('float32', values);

for (const [deviceName, device] of Object.entries(devices)) {
  describe(deviceName, () => {
    test.each(groupsOf(UNARY))('%s', async (_, names) => {
      const table = names.map((name) => [name, { f: UNARY[name]!, expected: [floats(NUMERICS.gradUnary[name]!)] }] as const);
      await compare(device(), [np.array(decode('float32', NUMERICS.x))], Object.fromEntries(table));
    });

    test.each(groupsOf(BINARY))('%s', async (_, names) => {
      const table = names.map((name) => [name, { f: BINARY[name]!, expected: NUMERICS.gradBinary[name]!.map(floats) }] as const);
      await compare(device(), pairs('float32', NUMERICS.binaryX).map((x) => np.array(x)), Object.fromEntries(table));
    });

    test.each(groupsOf(ROW_OPS))('%s of rows', async (_, names) => {
      const x = np.array(decode('float32', Object.values(rows).flat()), { shape: [Object.keys(rows).length, 4] });
      const table = names.map((name) => {
        const expected = floats(Object.keys(rows).flatMap((row) => gradRowOps[name]![row]!));
        return [name, { f: ROW_OPS[name]!, expected: [expected] }] as const;
      });
      await compare(device(), [x], Object.fromEntries(table));
    });
  });
}

test('every derivative is compared', () => {
  expect(Object.keys(UNARY).sort()).toEqual(Object.keys(NUMERICS.gradUnary).sort());
  expect(Object.keys(BINARY).sort()).toEqual(Object.keys(NUMERICS.gradBinary).sort());
  expect(Object.keys(gradRowOps).filter((name) => !(name in ROW_OPS))).toEqual([]);
});

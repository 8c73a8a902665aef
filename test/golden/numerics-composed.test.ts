/**
 * The functions of np and nn that are composed of several primitives, against the tables of numerics.json, which JAX computed.
 */
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { cpu, jit, lax, nn, np, withDevice } from '../../src/index.ts';
import type { DType, Device, Tensor } from '../../src/index.ts';
import { NUMERICS, decode, differences } from '../support/golden-numerics.ts';
import type { Column } from '../support/golden-numerics.ts';
import { useWgsl } from '../support/wgsl.ts';

interface Rows {
  readonly rows: Readonly<Record<string, readonly string[]>>;
  readonly rowOps: Readonly<Record<string, Readonly<Record<string, Column>>>>;
}

const { rows, rowOps } = JSON.parse(readFileSync(new URL('numerics.json', import.meta.url), 'utf8')) as Rows;

const wgsl = useWgsl();
const devices: Readonly<Record<string, () => Device>> = { cpu: () => cpu, WGSL: () => wgsl.device };

type Unary = (x: Tensor) => Tensor;
type Binary = (x: Tensor, y: Tensor) => Tensor;

const UNARY: Readonly<Record<string, Unary>> = {
  log10: np.log10,
  reciprocal: np.reciprocal,
  sigmoid: nn.sigmoid,
  softplus: nn.softplus,
  relu: nn.relu,
  relu6: nn.relu6,
  silu: nn.silu,
  geluTanh: nn.gelu,
  geluExact: (x) => nn.gelu(x, { approximate: false }),
  elu: nn.elu,
  selu: nn.selu,
  celu: nn.celu,
  leakyRelu: nn.leakyRelu,
  logSigmoid: nn.logSigmoid,
  softSign: nn.softSign,
  hardTanh: nn.hardTanh,
  hardSigmoid: nn.hardSigmoid,
  hardSilu: nn.hardSilu,
  mish: nn.mish,
  squareplus: nn.squareplus,
  sinc: np.sinc,
  isInf: np.isinf,
  signbit: np.signbit,
  deg2rad: np.deg2rad,
  rad2deg: np.rad2deg,
};

const BINARY: Readonly<Record<string, Binary>> = {
  div: np.divide,
  pow: np.power,
  atan2: np.arctan2,
  maximum: np.maximum,
  minimum: np.minimum,
  fmax: np.fmax,
  fmin: np.fmin,
  remainder: np.remainder,
  fmod: np.fmod,
  floorDivide: np.floorDivide,
  hypot: np.hypot,
  logaddexp: np.logaddexp,
  copysign: np.copysign,
};

const INTEGER_BINARY: Readonly<Record<string, Binary>> = {
  trueDivide: np.trueDivide,
  floorDivide: np.floorDivide,
  remainder: np.remainder,
  bitwiseAnd: np.bitwiseAnd,
  bitwiseOr: np.bitwiseOr,
  bitwiseXor: np.bitwiseXor,
  shiftLeft: np.leftShift,
};

const ROW_OPS: Readonly<Record<string, Unary>> = {
  sum: (x) => np.sum(x, 1),
  prod: (x) => np.prod(x, 1),
  max: (x) => np.max(x, 1),
  min: (x) => np.min(x, 1),
  argmax: (x) => np.argmax(x, 1),
  argmin: (x) => np.argmin(x, 1),
  mean: (x) => np.mean(x, 1),
  var: (x) => np.var(x, 1),
  std: (x) => np.std(x, 1),
  logsumexp: (x) => nn.logsumexp(x, { axis: 1 }),
  softmax: nn.softmax,
  logSoftmax: nn.logSoftmax,
  any: (x) => np.any(x, 1),
  all: (x) => np.all(x, 1),
  norm: (x) => np.linalg.norm(x, { axis: 1 }),
  nansum: (x) => np.nansum(x, 1),
  nanmean: (x) => np.nanmean(x, 1),
  nanmax: (x) => np.nanmax(x, 1),
  countNonzero: (x) => np.countNonzero(x, 1),
  ptp: (x) => np.ptp(x, 1),
  cumsum: (x) => np.cumsum(x, 1),
  cumprod: (x) => np.cumprod(x, 1),
  cummax: (x) => lax.cummax(x, 1),
  cummin: (x) => lax.cummin(x, 1),
  cumlogsumexp: (x) => lax.cumlogsumexp(x, 1),
  sort: (x) => np.sort(x, 1),
  argsort: (x) => np.argsort(x, 1),
  median: (x) => np.median(x, 1),
};

/** Of reductions also absolutely, by the cancellation of terms of this size. */
const closeness = { relative: 1e-5, absolute: 1e-7 };

type F = (...xs: Tensor[]) => Tensor;

async function compare(device: Device, f: F, xs: readonly Tensor[], { dtype, y }: Column): Promise<void> {
  const result = withDevice(device, () => jit(f, { device })(...xs));
  expect(result.dtype).toBe(dtype);
  const columns = await Promise.all(xs.map((x) => x.data()));
  expect(differences(await result.data(), decode(dtype, y), columns, closeness)).toEqual([]);
}

const floats = (values: readonly (string | number)[]): Tensor => np.array(decode('float32', values));

/** All pairs of the values, the second one changing first, as the tables have them. */
function pairs(values: readonly number[], dtype: DType): [Tensor, Tensor] {
  const all = values.flatMap((x) => values.map((y) => [x, y] as const));
  return [np.array(all.map(([x]) => x), { dtype }), np.array(all.map(([, y]) => y), { dtype })];
}

for (const [deviceName, device] of Object.entries(devices)) {
  describe(deviceName, () => {
    for (const [name, f] of Object.entries(UNARY)) {
      test(name, () => compare(device(), f, [floats(NUMERICS.x)], NUMERICS.unary[name]!));
    }

    for (const [name, f] of Object.entries(BINARY)) {
      test(name, () => compare(device(), f, pairs([...decode('float32', NUMERICS.binaryX)], 'float32'), NUMERICS.binary[name]!));
    }

    for (const [name, f] of Object.entries(INTEGER_BINARY)) {
      test(`${name} of int32`, () => compare(device(), f, pairs(NUMERICS.int32X, 'int32'), NUMERICS.int32Binary[name]!));
      const column = NUMERICS.uint32Binary[name];
      if (column !== undefined) test(`${name} of uint32`, () => compare(device(), f, pairs(NUMERICS.uint32X, 'uint32'), column));
    }

    for (const [name, f] of Object.entries(ROW_OPS)) {
      test(`${name} of rows`, () => {
        const columns = Object.keys(rows).map((row) => rowOps[name]![row]!);
        const x = np.array(decode('float32', Object.values(rows).flat()), { shape: [Object.keys(rows).length, 4] });
        return compare(device(), f, [x], { dtype: columns[0]!.dtype, y: columns.flatMap(({ y }) => y) });
      });
    }
  });
}

test('every operation on rows is run', () => {
  expect(Object.keys(rowOps).filter((name) => !(name in ROW_OPS))).toEqual([]);
});

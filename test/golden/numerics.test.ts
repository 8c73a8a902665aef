/** The pointwise tables of numerics.json, computed by JAX, through the functions that users call: on cpu and as WGSL. */
import { beforeAll, describe, expect, test } from 'vitest';
import { cpu, jit, lax, nn, np, withDevice } from '../../src/index.ts';
import type { DType, Device, Tensor, TypedArray } from '../../src/index.ts';
import { NUMERICS, decode, differences, pairs } from '../support/golden-numerics.ts';
import type { Closeness, Column } from '../support/golden-numerics.ts';
import { describeOnGpu } from '../support/gpu.ts';
import { computeTogether } from '../support/sharing.ts';
import type { HostResult } from '../support/sharing.ts';
import { useWgsl } from '../support/wgsl.ts';

type Unary = (x: Tensor) => Tensor;
type Binary = (x: Tensor, y: Tensor) => Tensor;

const cast = (dtype: DType): Unary => (x) => np.astype(x, dtype);

const UNARY: Readonly<Record<string, Unary>> = {
  neg: np.negative, abs: np.abs, sign: np.sign, floor: np.floor, ceil: np.ceil, round: np.round, trunc: np.trunc,
  exp: np.exp, exp2: np.exp2, expm1: np.expm1, log: np.log, log2: np.log2, log10: np.log10, log1p: np.log1p,
  sqrt: np.sqrt, rsqrt: lax.rsqrt, cbrt: np.cbrt, square: np.square, reciprocal: np.reciprocal,
  sin: np.sin, cos: np.cos, tan: np.tan, asin: np.arcsin, acos: np.arccos, atan: np.arctan,
  sinh: np.sinh, cosh: np.cosh, tanh: np.tanh, asinh: np.arcsinh, acosh: np.arccosh, atanh: np.arctanh,
  erf: lax.erf, erfc: lax.erfc, erfinv: lax.erfInv, lgamma: lax.lgamma, digamma: lax.digamma,
  sigmoid: nn.sigmoid, softplus: nn.softplus, relu: nn.relu, relu6: nn.relu6, silu: nn.silu,
  geluTanh: (x) => nn.gelu(x), geluExact: (x) => nn.gelu(x, { approximate: false }),
  elu: (x) => nn.elu(x), selu: nn.selu, celu: (x) => nn.celu(x), leakyRelu: (x) => nn.leakyRelu(x),
  logSigmoid: nn.logSigmoid, softSign: nn.softSign, mish: nn.mish,
  hardTanh: nn.hardTanh, hardSigmoid: nn.hardSigmoid, hardSilu: nn.hardSilu, squareplus: (x) => nn.squareplus(x), sinc: np.sinc,
  isNaN: np.isnan, isInf: np.isinf, isFinite: np.isfinite, signbit: np.signbit,
  toInt32: cast('int32'), toUint32: cast('uint32'), toBool: cast('bool'),
  toFloat16: cast('float16'), toFloat32: cast('float32'),
  deg2rad: np.deg2rad, rad2deg: np.rad2deg,
  invert: np.invert, popcount: lax.populationCount, clz: lax.clz,
};

const BINARY: Readonly<Record<string, Binary>> = {
  add: np.add, sub: np.subtract, mul: np.multiply, div: np.divide, pow: np.power, atan2: np.arctan2,
  maximum: np.maximum, minimum: np.minimum, fmax: np.fmax, fmin: np.fmin,
  floorDivide: np.floorDivide, trueDivide: np.trueDivide, laxDiv: lax.div,
  remainder: np.remainder, fmod: np.fmod, laxRem: lax.rem,
  hypot: np.hypot, logaddexp: np.logaddexp, copysign: np.copysign,
  eq: np.equal, ne: np.notEqual, lt: np.less, le: np.lessEqual, gt: np.greater, ge: np.greaterEqual,
  bitwiseAnd: np.bitwiseAnd, bitwiseOr: np.bitwiseOr, bitwiseXor: np.bitwiseXor,
  shiftLeft: lax.shiftLeft, shiftRightArithmetic: lax.shiftRightArithmetic, shiftRightLogical: lax.shiftRightLogical,
};

/** Of numerics.json, what has no function yet. */
const MISSING: ReadonlySet<string> = new Set(['logit', 'xlogy', 'xlog1py']);

const EXACT: Closeness = { relative: 0 };
const EXACT_OF_FLOATS = ['neg', 'abs', 'sign', 'floor', 'ceil', 'round', 'trunc', 'toFloat16', 'toFloat32'];
const FLOAT: Closeness = { relative: 1e-5 };
const CLOSENESS: Readonly<Record<string, Closeness>> = {
  ...Object.fromEntries(EXACT_OF_FLOATS.map((name) => [name, EXACT])),
  // JAX's own lgamma is off by 1.4e-6 near its zeros, and its logistic(-88), a denormal, is 0.
  lgamma: { relative: 1e-5, absolute: 1.5e-6 },
  silu: { relative: 1e-5, absolute: 1e-36 },
  mish: { relative: 1e-5, absolute: 1e-36 },
  // 1 + tanh(x) near 0 is as coarse as numbers near 1.
  geluTanh: { relative: 1e-5, absolute: 2e-7 },
};

const wgsl = useWgsl();

type Table = Readonly<Record<string, Column>>;

function check(table: Table, dtype: DType, operands: readonly TypedArray[], device: () => Device): void {
  const functions = (operands.length === 1 ? UNARY : BINARY) as Readonly<Record<string, (...tensors: Tensor[]) => Tensor>>;
  const names = Object.keys(table).filter((name) => !MISSING.has(name));
  const cannot = (name: string): boolean => table[name]!.dtype === 'float16' && device() !== cpu && !device().profile.float16;

  let results: ReadonlyMap<string, HostResult> = new Map();
  beforeAll(async () => {
    const known = names.filter((name) => name in functions && !cannot(name));
    const tensors = operands.map((data) => np.array(data, { dtype }));
    results = await computeTogether(Object.fromEntries(known.map((name) => [name, functions[name]!])), (all) =>
      withDevice(device(), () => jit(all, { device: device() })(...tensors)),
    );
  });

  test.for(names)('%s', async (name, { skip }) => {
    if (!(name in functions)) throw new Error(`the table of functions has no ${name}`);
    const column = table[name]!;
    if (cannot(name)) skip('the adapter has no shader-f16');
    const result = results.get(name)!;
    expect(result.dtype).toBe(column.dtype);
    const expected = decode(column.dtype, column.y);
    const closeness = column.dtype === 'float32' || column.dtype === 'float16' ? (CLOSENESS[name] ?? FLOAT) : EXACT;
    expect(differences(result.data, expected, operands, closeness)).toEqual([]);
  });
}

function everyTable(device: () => Device): void {
  describe('of a float', () => check(NUMERICS.unary, 'float32', [decode('float32', NUMERICS.x)], device));
  describe('of two floats', () => check(NUMERICS.binary, 'float32', pairs('float32', NUMERICS.binaryX), device));
  describe('of an int32', () => check(NUMERICS.int32Unary, 'int32', [decode('int32', NUMERICS.int32X)], device));
  describe('of two int32', () => check(NUMERICS.int32Binary, 'int32', pairs('int32', NUMERICS.int32X), device));
  describe('of two uint32', () => check(NUMERICS.uint32Binary, 'uint32', pairs('uint32', NUMERICS.uint32X), device));
}

describe('cpu', () => everyTable(() => cpu));
describeOnGpu('WGSL', () => everyTable(() => wgsl.device));

/**
 * The Builder's methods, one per primitive, typed. The implementations are installed from the table of primitives; a test holds the
 * two lists equal. A scalar operand of an elementwise operation broadcasts.
 */
import type { DType } from '../dtype.ts';
import type { Atom, Jaxpr } from '../ir/jaxpr.ts';
import type { Operand } from '../ir/builder.ts';

export type UnaryName =
  | 'neg' | 'abs' | 'sign' | 'floor' | 'ceil' | 'round' | 'trunc'
  | 'exp' | 'exp2' | 'expm1' | 'log' | 'log2' | 'log1p' | 'sqrt' | 'rsqrt' | 'cbrt' | 'square' | 'logistic'
  | 'sin' | 'cos' | 'tan' | 'asin' | 'acos' | 'atan' | 'sinh' | 'cosh' | 'tanh' | 'asinh' | 'acosh' | 'atanh'
  | 'erf' | 'erfc' | 'erfInv' | 'lgamma' | 'digamma'
  | 'isFinite' | 'isNan' | 'not' | 'populationCount' | 'clz';

export type BinaryName =
  | 'add' | 'sub' | 'mul' | 'div' | 'rem' | 'pow' | 'max' | 'min' | 'atan2' | 'nextafter'
  | 'and' | 'or' | 'xor' | 'shiftLeft' | 'shiftRightLogical' | 'shiftRightArithmetic'
  | 'eq' | 'ne' | 'lt' | 'le' | 'gt' | 'ge';

export type ReductionName = 'reduceSum' | 'reduceProd' | 'reduceMax' | 'reduceMin' | 'reduceAnd' | 'reduceOr';

export type CumulativeName = 'cumsum' | 'cumprod' | 'cummax' | 'cummin' | 'cumlogsumexp';

type Unary = { readonly [Name in UnaryName]: (x: Operand) => Atom };
type Binary = { readonly [Name in BinaryName]: (x: Operand, y: Operand) => Atom };
type Reductions = { readonly [Name in ReductionName]: (x: Operand, params: { axes: readonly number[] }) => Atom };
type Cumulatives = { readonly [Name in CumulativeName]: (x: Operand, params: { axis: number; reverse: boolean }) => Atom };

/** `[[lhs contracting, rhs contracting], [lhs batch, rhs batch]]`, as in JAX. */
export type DimensionNumbers = readonly [
  readonly [readonly number[], readonly number[]],
  readonly [readonly number[], readonly number[]],
];

/** Axes of `[lhs, rhs, out]`: [batch, features, ...spatial], of rhs [out features, in features, ...spatial]; as in JAX. */
export type ConvDimensions = readonly [readonly number[], readonly number[], readonly number[]];

/** One entry per spatial axis, as in JAX: strides of the windows, [low, high] padding of the dilated input, dilations. */
export type ConvParams = {
  readonly windowStrides: readonly number[];
  readonly padding: readonly (readonly [number, number])[];
  readonly lhsDilation: readonly number[];
  readonly rhsDilation: readonly number[];
  readonly dimensionNumbers: ConvDimensions;
  /** Groups of input features, each of which makes its part of the output features. */
  readonly featureGroupCount: number;
  /** Groups of the batch, each of which makes its part of the output features. */
  readonly batchGroupCount: number;
};

/** One entry per axis of the operand, as in JAX. */
export type WindowParams = {
  readonly windowDimensions: readonly number[];
  readonly windowStrides: readonly number[];
  readonly padding: readonly (readonly [number, number])[];
  readonly baseDilation: readonly number[];
  readonly windowDilation: readonly number[];
};

/** See primitives/windows/shear.ts. */
export type Shear = {
  readonly axis: number;
  readonly windowAxis: number;
  /** The extent of `axis` in the result. */
  readonly size: number;
  readonly stride: number;
  /** May be negative. */
  readonly windowDilation: number;
  readonly low: number;
  readonly baseDilation: number;
  /** What is where the operand has no such element. */
  readonly fill: number;
};

export interface Operations extends Unary, Binary, Reductions, Cumulatives {
  integerPow(x: Operand, params: { y: number }): Atom;
  /** `cases[which]`, elementwise; `which` is bool (two cases: false, true) and may be a scalar. */
  selectN(which: Operand, onFalse: Operand, onTrue: Operand): Atom;
  clamp(low: Operand, x: Operand, high: Operand): Atom;
  convertElementType(x: Operand, params: { newDtype: DType; weakType: boolean }): Atom;
  bitcastConvertType(x: Operand, params: { newDtype: DType }): Atom;
  /** int32 position along the one axis of the first maximum; a NaN counts as the maximum. */
  argmax(x: Operand, params: { axes: readonly [number] }): Atom;
  argmin(x: Operand, params: { axes: readonly [number] }): Atom;
  /** Sorts by the first `numKeys` operands along one axis; the others are carried along. */
  sort(
    ...args: [...operands: Operand[], params: { dimension: number; isStable: boolean; numKeys: number }]
  ): Atom | readonly Atom[];
  dotGeneral(x: Operand, y: Operand, params: { dimensionNumbers: DimensionNumbers }): Atom;
  convGeneralDilated(x: Operand, kernel: Operand, params: ConvParams): Atom;
  reduceWindowSum(x: Operand, params: WindowParams): Atom;
  reduceWindowMax(x: Operand, params: WindowParams): Atom;
  reduceWindowMin(x: Operand, params: WindowParams): Atom;
  /** Of `x`, of the operand's shape, what is where each window of the operand has its first maximum (`ge`) or minimum (`le`). */
  selectAndGatherAdd(x: Operand, operand: Operand, params: WindowParams & { selectPrim: 'ge' | 'le' }): Atom;
  /** The transpose: each element of `x`, one a window, is added where its window has its first maximum or minimum. */
  selectAndScatterAdd(x: Operand, operand: Operand, params: WindowParams & { selectPrim: 'ge' | 'le' }): Atom;
  /** Element (i, k) along two axes is that of x at (i * stride + k * windowDilation - low) / baseDilation, k; else `fill`. */
  shear(x: Operand, params: Shear): Atom;
  reshape(x: Operand, params: { newSizes: readonly number[] }): Atom;
  transpose(x: Operand, params: { permutation: readonly number[] }): Atom;
  broadcastInDim(x: Operand, params: { shape: readonly number[]; broadcastDimensions: readonly number[] }): Atom;
  slice(
    x: Operand,
    params: { startIndices: readonly number[]; limitIndices: readonly number[]; strides: readonly number[] },
  ): Atom;
  /** `[low, high, interior]` per axis; low and high may be negative (cropping), as in JAX. */
  pad(x: Operand, value: Operand, params: { paddingConfig: readonly (readonly [number, number, number])[] }): Atom;
  concatenate(...args: [...operands: Operand[], params: { dimension: number }]): Atom;
  rev(x: Operand, params: { dimensions: readonly number[] }): Atom;
  iota(params: { dtype: DType; shape: readonly number[]; dimension: number }): Atom;
  /** Start indices are int32 scalars, one per axis, clamped so that the slice fits. */
  dynamicSlice(...args: [x: Operand, ...starts: Operand[], params: { sliceSizes: readonly number[] }]): Atom;
  dynamicUpdateSlice(...args: [x: Operand, update: Operand, ...starts: Operand[]]): Atom;
  /**
   * Elements of `x` along one axis: shape `x.shape[:axis] + indices.shape + x.shape[axis+1:]`. Negative indices count from the
   * end; out of range gives NaN (the lowest int32, the highest uint32, true for bool) under `fill`, the nearest element under `clip`.
   */
  gather(x: Operand, indices: Operand, params: { axis: number; mode: 'fill' | 'clip' }): Atom;
  /** The Threefry-2x32 hash of counters (x0, x1) under key (k0, k1), all uint32 of one shape or scalar: two outputs. */
  threefry2x32(k0: Operand, k1: Operand, x0: Operand, x1: Operand): readonly [Atom, Atom];
  jit(...args: [...operands: Operand[], params: { name: string; jaxpr: Jaxpr }]): Atom | readonly Atom[];
  /** Operands: consts, carries, xs. Body: consts, carries, slices of xs to carries, slices of ys. */
  scan(
    ...args: [
      ...operands: Operand[],
      params: { jaxpr: Jaxpr; length: number; reverse: boolean; numConsts: number; numCarry: number },
    ]
  ): Atom | readonly Atom[];
  /** Operands: consts of the condition, consts of the body, carries. */
  while(
    ...args: [
      ...operands: Operand[],
      params: { condJaxpr: Jaxpr; bodyJaxpr: Jaxpr; condConsts: number; bodyConsts: number; maxIterations: number | null },
    ]
  ): Atom | readonly Atom[];
  /** The first operand is an int32 scalar that picks a branch (clamped); the others go to it. */
  cond(...args: [index: Operand, ...operands: Operand[], params: { branches: readonly Jaxpr[] }]): Atom | readonly Atom[];
  remat(
    ...args: [...operands: Operand[], params: { jaxpr: Jaxpr; policy: string; differentiated: boolean }]
  ): Atom | readonly Atom[];
  customJvpCall(
    ...args: [...operands: Operand[], params: { name: string; jaxpr: Jaxpr; jvp: Jaxpr; numConsts: number }]
  ): Atom | readonly Atom[];
  customVjpCall(
    ...args: [...operands: Operand[], params: { name: string; jaxpr: Jaxpr; fwd: Jaxpr; bwd: Jaxpr; numConsts: number }]
  ): Atom | readonly Atom[];
  customVjpLinear(
    ...args: [...operands: Operand[], params: { name: string; bwd: Jaxpr; numResiduals: number }]
  ): Atom | readonly Atom[];
  /** The operand, under a name that a policy of remat can name. */
  name(x: Operand, params: { name: string }): Atom;
  optimizationBarrier(x: Operand): Atom;
  stopGradient(x: Operand): Atom;
  /** Across the mapped axis of a name, which has `axisSize` places. */
  psum(x: Operand, params: { axisName: string; axisSize: number }): Atom;
  pmax(x: Operand, params: { axisName: string; axisSize: number }): Atom;
  pmin(x: Operand, params: { axisName: string; axisSize: number }): Atom;
  /** As a new dimension, or if `tiled` one after another along an existing one. */
  allGather(
    x: Operand,
    params: { axisName: string; axisSize: number; allGatherDimension: number; tiled: boolean },
  ): Atom;
  /** The int32 position along the axis. */
  axisIndex(params: { axisName: string; axisSize: number }): Atom;
  /** Effects: there are no outputs, and the first operand says whether anything is to be done. */
  debugPrint(
    ...args: [when: Operand, ...values: Operand[], params: { format: string; mapped: readonly (readonly boolean[])[] }]
  ): readonly Atom[];
  check(failed: Operand, params: { message: string }): readonly Atom[];
}

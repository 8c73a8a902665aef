/** Tensors from what JavaScript has: numbers, nested arrays, typed arrays. */
import { allocate, roundTo } from '../../compiler/dtype.ts';
import type { DType } from '../../compiler/dtype.ts';
import { showShape } from '../../compiler/shape.ts';
import { describeValue, located, tensorOf } from '../trace/bind.ts';
import type { Operand } from '../trace/bind.ts';
import { knownDType, readOptions } from '../options.ts';
import { checkRange, dtypeOfArray, hostTensor } from '../trace/literal.ts';
import { Tensor } from '../trace/tensor.ts';
import { Variable } from '../trace/variable.ts';
import { asDType, fail } from './operands.ts';
import { reshape } from './shape.ts';
import { stack } from './join.ts';

/** What `np.array` takes: arrays nest, and the tensors in them are stacked. */
export type ArrayValues = Tensor | Variable | number | boolean | bigint | ArrayBufferView | readonly ArrayValues[];

export interface ArrayOptions {
  /** Numbers are float32 unless given, booleans bool, typed arrays their own dtype. 64-bit input needs it. */
  readonly dtype?: DType;
  /** The shape of the elements of a typed array or a flat list; by default that of the nesting. */
  readonly shape?: readonly number[];
}

interface ArrayChoices {
  readonly dtype: DType | undefined;
  readonly shape: readonly number[] | undefined;
}

type Leaf = number | boolean | bigint;
type Leaves = { readonly length: number; readonly [index: number]: Leaf };

/**
 * A tensor with a copy of the values. jax.numpy.array.
 *
 * @throws NARROWING for 64-bit typed arrays and bigints without `dtype`; VALUE for a number that an integer dtype does not hold;
 * SHAPE for lists of different lengths; DTYPE for an unknown dtype.
 */
export function array(values: ArrayValues, options: ArrayOptions = {}): Tensor {
  const { dtype, shape } = readOptions<ArrayChoices>('np.array', options, { dtype: undefined, shape: undefined });
  if (values instanceof Tensor || values instanceof Variable || holdsTensors(values)) {
    const tensor = ofTensors(values, dtype);
    return shape === undefined ? tensor : reshape(tensor, shape);
  }
  return ArrayBuffer.isView(values) ? ofView(values, dtype, shape) : ofNumbers(values, dtype, shape);
}

/** A tensor of the values; of a tensor of this dtype itself. jax.numpy.asarray. @throws as `array` */
export function asarray(values: ArrayValues, options: ArrayOptions = {}): Tensor {
  const isReady = values instanceof Tensor && options.shape === undefined && (options.dtype ?? values.dtype) === values.dtype;
  return isReady ? values : array(values, options);
}

/** A scalar tensor: a number that may change from call to call of a jitted function without a retrace. @throws VALUE */
export function scalar(value: number | boolean, dtype?: DType): Tensor {
  return array(value, dtype === undefined ? {} : { dtype });
}

/** x in another dtype: floats truncate towards zero to integers, and all but 0 is true. jax.numpy.astype. */
export function astype(x: Operand, dtype: DType): Tensor {
  return asDType(x, knownDType('np.astype', dtype, (known) => `x.astype('${known}')`));
}

function ofTensors(values: Tensor | Variable | readonly ArrayValues[], dtype: DType | undefined): Tensor {
  if (!(values instanceof Tensor || values instanceof Variable)) {
    const stacked = stack(values.map((value) => array(value)));
    return dtype === undefined ? stacked : asDType(stacked, dtype);
  }
  const tensor = tensorOf(values);
  return dtype === undefined || dtype === tensor.dtype ? tensor.alias() : asDType(tensor, dtype);
}

function ofView(values: ArrayBufferView, dtype: DType | undefined, shape: readonly number[] | undefined): Tensor {
  const own = dtype ?? located(() => dtypeOfArray(values));
  if (values instanceof DataView) fail('DTYPE', 'np.array: a DataView has no elements', 'np.array(new Int32Array(x.buffer))');
  const leaves = values as unknown as Leaves;
  return fromLeaves(leaves, own, shape ?? [leaves.length]);
}

function ofNumbers(values: ArrayValues, dtype: DType | undefined, shape: readonly number[] | undefined): Tensor {
  const leaves: Leaf[] = [];
  const nesting = collect(values, leaves);
  const wide = leaves.find((leaf) => typeof leaf === 'bigint');
  if (wide !== undefined && dtype === undefined) {
    fail('NARROWING', `np.array: ${wide}n is a bigint, and tensors have at most 32 bits`, "np.array(values, { dtype: 'int32' })");
  }
  const isBool = leaves.length > 0 && leaves.every((leaf) => typeof leaf === 'boolean');
  return fromLeaves(leaves, dtype ?? (isBool ? 'bool' : 'float32'), shape ?? nesting);
}

/** @throws VALUE for a number that an integer dtype does not hold, SHAPE when the leaves do not fill the shape. */
function fromLeaves(leaves: Leaves, dtype: DType, shape: readonly number[]): Tensor {
  return located(() => {
    const data = allocate(dtype, leaves.length);
    for (let i = 0; i < data.length; i++) {
      const value = Number(leaves[i]);
      checkRange(value, dtype, "np.array(values, { dtype: 'float32' })");
      data[i] = roundTo(dtype, value);
    }
    return hostTensor(data, shape, dtype);
  });
}

function holdsTensors(values: ArrayValues): values is readonly ArrayValues[] {
  const isHeld = (value: ArrayValues): boolean => value instanceof Tensor || value instanceof Variable || holdsTensors(value);
  return Array.isArray(values) && values.some(isHeld);
}

/** Appends the leaves of nested lists, row-major, and gives their shape. */
function collect(values: unknown, leaves: Leaf[]): number[] {
  if (Array.isArray(values)) {
    const shapes = values.map((value) => collect(value, leaves));
    const inner = shapes[0] ?? [];
    const odd = shapes.find((shape) => showShape(shape) !== showShape(inner));
    if (odd !== undefined) {
      const problem = `np.array: lists of shapes ${showShape(inner)} and ${showShape(odd)} beside each other`;
      fail('SHAPE', problem, 'np.array([[1, 2], [3, 4]])');
    }
    return [values.length, ...inner];
  }
  if (typeof values !== 'number' && typeof values !== 'boolean' && typeof values !== 'bigint') {
    return fail('PYTREE', `np.array: ${describeValue(values)} is neither a number nor a list of them`, 'np.array([1, 2, 3])');
  }
  leaves.push(values);
  return [];
}

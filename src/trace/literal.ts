/** Turns what users write as values (numbers, booleans, typed arrays, Variables) into tensors and literals. */
import { isInteger, roundTo } from '../../compiler/dtype.ts';
import type { DType, TypedArray } from '../../compiler/dtype.ts';
import { userError } from './user-error.ts';
import { Literal, aval } from '../../compiler/ir/jaxpr.ts';
import { showShape, sizeOf } from '../../compiler/shape.ts';
import { Storage } from '../../runtime/index.ts';
import { CallStack } from './location.ts';
import { Tensor } from './tensor.ts';

/**
 * A JavaScript number as an operand: weak int32 when it is an integer within int32, else weak float32. A larger integer keeps all its
 * digits, because it may yet meet a uint32 tensor.
 */
export function scalarLiteral(value: number | boolean): Literal {
  if (typeof value === 'boolean') return new Literal(value ? 1 : 0, aval('bool', []));
  if (Number.isInteger(value) && !Object.is(value, -0) && value >= -(2 ** 31) && value < 2 ** 31) {
    return new Literal(value, aval('int32', [], true));
  }
  return new Literal(Number.isInteger(value) ? value : Math.fround(value), aval('float32', [], true));
}

/** A literal of exactly this dtype. @throws VALUE for a number that an integer dtype does not hold. */
export function literalOf(value: number, dtype: DType, weak: boolean): Literal {
  checkRange(value, dtype);
  return new Literal(roundTo(dtype, value), aval(dtype, [], weak));
}

export function checkRange(value: number, dtype: DType, fix = "x.astype('float32')"): void {
  if (!isInteger(dtype)) return;
  const [low, high] = dtype === 'int32' ? [-(2 ** 31), 2 ** 31 - 1] : [0, 2 ** 32 - 1];
  if (Number.isInteger(value) && value >= low && value <= high) return;
  throw userError('VALUE', `${value} is not a value of ${dtype}, which holds integers from ${low} to ${high}`, { fix });
}

/** A host tensor with a copy of `data`. */
export function hostTensor(data: TypedArray, shape: readonly number[], dtype: DType, weak = false): Tensor {
  if (data.length !== sizeOf(shape)) {
    throw userError('SHAPE', `${data.length} elements do not fill shape ${showShape(shape)}, which has ${sizeOf(shape)}`, {
      fix: `np.array(data, { shape: [${data.length}] })`,
    });
  }
  return Tensor.adopt(Storage.host({ dtype, shape, data }, new CallStack().where), aval(dtype, shape, weak));
}

/** A literal as a tensor of its own on the host. */
export function literalTensor(literal: Literal): Tensor {
  const { dtype, weak } = literal.aval;
  return hostTensor(fill(dtype, literal.value), [], dtype, weak);
}

function fill(dtype: DType, value: number): TypedArray {
  switch (dtype) {
    case 'float32':
    case 'float16':
      return Float32Array.of(value);
    case 'int32':
      return Int32Array.of(value);
    case 'uint32':
      return Uint32Array.of(value);
    case 'bool':
      return Uint8Array.of(value);
  }
}

/** The dtype of a typed array. @throws NARROWING for 64-bit arrays, DTYPE for those without a counterpart. */
export function dtypeOfArray(data: ArrayBufferView): DType {
  if (data instanceof Float32Array) return 'float32';
  if (data instanceof Int32Array) return 'int32';
  if (data instanceof Uint32Array) return 'uint32';
  const name = Object.prototype.toString.call(data).slice(8, -1);
  if (data instanceof Float64Array || data instanceof BigInt64Array || data instanceof BigUint64Array) {
    const to = data instanceof Float64Array ? 'float32' : data instanceof BigInt64Array ? 'int32' : 'uint32';
    throw userError('NARROWING', `${name} has 64-bit elements, and tensors have at most 32 bits`, {
      fix: `np.array(data, { dtype: '${to}' })`,
    });
  }
  throw userError('DTYPE', `${name} has no dtype of its own`, { fix: "np.array(data, { dtype: 'int32' })" });
}

/** A tensor, number, boolean or typed array as a tensor; numbers get `numberDtype`. @throws PYTREE for anything else. */
export function toTensor(value: unknown, numberDtype: DType): Tensor {
  if (value instanceof Tensor) return value;
  if (typeof value === 'boolean') return hostTensor(Uint8Array.of(value ? 1 : 0), [], 'bool');
  if (typeof value === 'number') return literalTensor(literalOf(value, numberDtype, false));
  if (ArrayBuffer.isView(value)) {
    const dtype = dtypeOfArray(value);
    const data = (value as TypedArray).slice();
    return hostTensor(data, [data.length], dtype);
  }
  throw userError('PYTREE', `${describeValue(value)} is not a tensor`, asTensor(value));
}

function asTensor(value: unknown): { readonly fix?: string } {
  if (value === null || value === undefined) return { fix: 'value ?? 0' };
  if (typeof value === 'string' || typeof value === 'bigint') return { fix: 'Number(value)' };
  return Array.isArray(value) ? { fix: 'np.array(value)' } : {};
}

export function describeValue(value: unknown): string {
  if (value === null || value === undefined) return String(value);
  if (typeof value === 'function') return `the function ${value.name || '(anonymous)'}`;
  if (typeof value !== 'object') return `the ${typeof value} ${String(value)}`;
  return `an object of class ${value.constructor?.name ?? 'Object'}`;
}

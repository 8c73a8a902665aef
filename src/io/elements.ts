/** The element types of safetensors files: what they are called, and how elements become bytes and arrays. */
import type { DType, HostArray, TypedArray } from '../../compiler/dtype.ts';
import { checkRange } from '../trace/literal.ts';
import { userError } from '../trace/user-error.ts';
import { floatBits, halfBits } from './half.ts';

/** Bytes of one element, for each type that can be read. Bytes are little-endian, as they are on every machine with WebGPU. */
export const ELEMENT_BYTES: Readonly<Record<string, number>> = {
  F64: 8,
  I64: 8,
  F32: 4,
  I32: 4,
  U32: 4,
  F16: 2,
  BF16: 2,
  BOOL: 1,
};

const FILE_TYPES: Readonly<Record<DType, string>> = { float32: 'F32', float16: 'F16', int32: 'I32', uint32: 'U32', bool: 'BOOL' };

const ARRAYS: Readonly<Record<DType, new (size: number) => TypedArray>> = {
  float32: Float32Array,
  float16: Float32Array,
  int32: Int32Array,
  uint32: Uint32Array,
  bool: Uint8Array,
};

export function fileType(dtype: DType): string {
  return FILE_TYPES[dtype];
}

/** Whether the array is of the class that holds elements of this dtype. */
export function holds(dtype: DType, data: unknown): data is TypedArray {
  return data instanceof ARRAYS[dtype];
}

/** The elements as a file has them. @throws VALUE for a float16 that is no half, and for a bool other than 0 and 1. */
export function encodeElements(name: string, { dtype, data }: HostArray): Uint8Array {
  const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  if (dtype === 'bool') checkBools(name, bytes);
  if (dtype !== 'float16') return bytes;
  const bits = new Uint32Array(data.buffer, data.byteOffset, data.length);
  const halves = Uint16Array.from(bits, (word, i) => halfBits(word) ?? notHalf(name, data[i]!));
  return new Uint8Array(halves.buffer);
}

function notHalf(name: string, value: number): never {
  throw userError('VALUE', `'${name}' is float16 and holds ${value}, which is no half`, {
    fix: "np.array(data, { dtype: 'float16' })",
  });
}

/** @throws VALUE */
function checkBools(name: string, bytes: Uint8Array): void {
  const at = bytes.findIndex((byte) => byte > 1);
  if (at < 0) return;
  throw userError('VALUE', `'${name}' is bool and holds ${bytes[at]} at element ${at}, neither 0 nor 1`, {
    fix: 'x > 0 ? 1 : 0',
  });
}

/** The array of a file's bytes, copied. BF16, F64 and I64 are narrowed. @throws VALUE for elements outside the dtype. */
export function decodeElements(name: string, type: string, shape: readonly number[], bytes: Uint8Array): HostArray {
  const { buffer } = new Uint8Array(bytes);
  switch (type) {
    case 'F32':
      return { dtype: 'float32', shape, data: new Float32Array(buffer) };
    case 'I32':
      return { dtype: 'int32', shape, data: new Int32Array(buffer) };
    case 'U32':
      return { dtype: 'uint32', shape, data: new Uint32Array(buffer) };
    case 'F16':
      return { dtype: 'float16', shape, data: fromBits(new Uint16Array(buffer), floatBits) };
    case 'BF16':
      return { dtype: 'float32', shape, data: fromBits(new Uint16Array(buffer), (half) => half << 16) };
    case 'F64':
      return { dtype: 'float32', shape, data: Float32Array.from(new Float64Array(buffer)) };
    case 'I64':
      return { dtype: 'int32', shape, data: Int32Array.from(new BigInt64Array(buffer), toInt32) };
    default:
      checkBools(name, bytes);
      return { dtype: 'bool', shape, data: new Uint8Array(buffer) };
  }
}

function fromBits(halves: Uint16Array, widen: (half: number) => number): Float32Array {
  return new Float32Array(Uint32Array.from(halves, widen).buffer);
}

function toInt32(value: bigint): number {
  checkRange(Number(value), 'int32');
  return Number(value);
}

/** How arrays lie in device buffers: bool as u32, float16 as half-precision bits, the rest as on the host. */
import { deviceBytes } from '../compiler/dtype.ts';
import type { DType, HostArray, TypedArray } from '../compiler/dtype.ts';

/** Bytes of the device memory of an array: never 0, because WebGPU has no empty bindings, and a multiple of 4. */
export function storageBytes(dtype: DType, shape: readonly number[]): number {
  return Math.max(4, Math.ceil((elementCount(shape) * deviceBytes(dtype)) / 4) * 4);
}

export function elementCount(shape: readonly number[]): number {
  return shape.reduce((product, length) => product * length, 1);
}

/** `float32[2,3]` */
export function describeArray(dtype: DType, shape: readonly number[]): string {
  return `${dtype}[${shape.join(',')}]`;
}

/** What to write into the device buffer; the array's own data where the layouts agree. */
export function pack({ dtype, shape, data }: HostArray): TypedArray | Uint16Array {
  switch (dtype) {
    case 'bool':
      return new Uint32Array(data);
    case 'float16': {
      const bits = new Uint16Array(storageBytes(dtype, shape) / 2);
      halfBits(data, bits);
      return bits;
    }
    default:
      return data;
  }
}

/** The host array of bytes read back; `bytes` is not kept. */
export function unpack(dtype: DType, shape: readonly number[], bytes: ArrayBuffer): TypedArray {
  const size = elementCount(shape);
  switch (dtype) {
    case 'float32':
      return new Float32Array(bytes, 0, size).slice();
    case 'float16':
      return convert(new Uint16Array(bytes, 0, size), new Float32Array(size), halfToNumber);
    case 'int32':
      return new Int32Array(bytes, 0, size).slice();
    case 'uint32':
      return new Uint32Array(bytes, 0, size).slice();
    case 'bool':
      return convert(new Uint32Array(bytes, 0, size), new Uint8Array(size), (value) => (value === 0 ? 0 : 1));
  }
}

/** Several times as fast as `TypedArray.from`. */
function convert<T extends TypedArray>(source: Uint16Array | Uint32Array, target: T, element: (value: number) => number): T {
  for (let i = 0; i < source.length; i++) target[i] = element(source[i] ?? 0);
  return target;
}

/** Rounds to the nearest half, ties to even. */
function halfBits(values: ArrayLike<number>, bits: Uint16Array): void {
  const float = new Float32Array(1);
  const word = new Uint32Array(float.buffer);
  for (let i = 0; i < values.length; i++) {
    float[0] = values[i] ?? 0;
    bits[i] = halfFromFloatBits(word[0] ?? 0);
  }
}

function halfFromFloatBits(word: number): number {
  const sign = (word >>> 16) & 0x8000;
  const exponent = (word >>> 23) & 0xff;
  const mantissa = word & 0x7fffff;
  if (exponent === 0xff) return sign | 0x7c00 | (mantissa === 0 ? 0 : 0x200);
  // A half's exponent is biased by 15 where a float's is biased by 127; below 1 the result is subnormal.
  const biased = exponent - 112;
  if (biased >= 31) return sign | 0x7c00;
  if (biased < -10) return sign;
  const significand = mantissa | 0x800000;
  const shift = biased >= 1 ? 13 : 14 - biased;
  const kept = significand >>> shift;
  const rest = significand & ((1 << shift) - 1);
  const tie = 1 << (shift - 1);
  const rounded = kept + (rest > tie || (rest === tie && (kept & 1) === 1) ? 1 : 0);
  // The implicit bit of a normal number adds 1 to the exponent field, and so does a carry out of the mantissa.
  return sign | (biased >= 1 ? ((biased - 1) << 10) + rounded : rounded);
}

function halfToNumber(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >>> 10) & 0x1f;
  const mantissa = bits & 0x3ff;
  if (exponent === 0) return sign * mantissa * 2 ** -24;
  if (exponent === 31) return mantissa === 0 ? sign * Infinity : NaN;
  return sign * (1 + mantissa / 1024) * 2 ** (exponent - 15);
}

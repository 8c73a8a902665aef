/** IDX files: the format of MNIST and Fashion-MNIST. http://yann.lecun.com/exdb/mnist */
import type { DType, HostArray } from '../../compiler/dtype.ts';
import type { HeddleError } from '../../compiler/errors.ts';
import { allocate } from '../../compiler/dtype.ts';
import { showShape, sizeOf } from '../../compiler/shape.ts';
import { readOptions } from '../options.ts';
import { userError } from '../trace/user-error.ts';

interface IdxType {
  readonly bytes: number;
  readonly dtype: DType;
  read(view: DataView, at: number): number;
}

const TYPES: Readonly<Record<number, IdxType>> = {
  0x08: { bytes: 1, dtype: 'int32', read: (view, at) => view.getUint8(at) },
  0x09: { bytes: 1, dtype: 'int32', read: (view, at) => view.getInt8(at) },
  0x0b: { bytes: 2, dtype: 'int32', read: (view, at) => view.getInt16(at) },
  0x0c: { bytes: 4, dtype: 'int32', read: (view, at) => view.getInt32(at) },
  0x0d: { bytes: 4, dtype: 'float32', read: (view, at) => view.getFloat32(at) },
  0x0e: { bytes: 8, dtype: 'float32', read: (view, at) => view.getFloat64(at) },
};
const FLOAT64 = 0x0e;

export interface ReadIdxOptions {
  /** Read float64 as float32, which is an error otherwise. */
  readonly narrow?: boolean;
}

/**
 * The array of an IDX file, with the shape it says: integers as int32, floats as float32.
 *
 * @throws CORRUPT for what is no IDX file, a compressed or a truncated one; NARROWING for float64 without `narrow`.
 */
export function readIdx(bytes: Uint8Array, options: ReadIdxOptions = {}): HostArray {
  const { narrow } = readOptions('readIdx', options, { narrow: false });
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes[0] === 0x1f && bytes[1] === 0x8b) throw malformed('it is compressed by gzip', 'readIdx(await gunzip(bytes))');
  if (bytes.length < 4 || bytes[0] !== 0 || bytes[1] !== 0) {
    throw malformed('it does not begin with two zeros, a type and a rank');
  }
  const [, , code, rank] = bytes as unknown as readonly [number, number, number, number];
  const type = TYPES[code];
  if (type === undefined) throw malformed(`byte 2 is ${code}, which is no element type`);
  const start = 4 + 4 * rank;
  if (bytes.length < start) throw malformed(`it has ${bytes.length} bytes, and ${rank} sizes of axes end at ${start}`);
  const shape = Array.from({ length: rank }, (_, axis) => view.getUint32(4 + 4 * axis));
  if (bytes.length - start !== sizeOf(shape) * type.bytes) {
    throw malformed(`shape ${showShape(shape)} takes ${sizeOf(shape) * type.bytes} bytes, and ${bytes.length - start} follow`);
  }
  if (code === FLOAT64 && !narrow) {
    throw userError('NARROWING', 'this IDX file has float64 elements, which would become float32', {
      fix: 'readIdx(bytes, { narrow: true })',
    });
  }
  const data = allocate(type.dtype, sizeOf(shape));
  for (let i = 0; i < data.length; i++) data[i] = type.read(view, start + i * type.bytes);
  return { dtype: type.dtype, shape, data };
}

const WHOLE_FILE = 'readIdx(new Uint8Array(await file.arrayBuffer())) // of the whole, unchanged file';

function malformed(problem: string, fix = WHOLE_FILE): HeddleError {
  return userError('CORRUPT', `this is no valid IDX file: ${problem}`, { fix });
}

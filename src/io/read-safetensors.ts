/** Reading safetensors files: whatever the format does not allow is refused. */
import type { HostArray } from '../../compiler/dtype.ts';
import type { HeddleError } from '../../compiler/errors.ts';
import { showShape, sizeOf } from '../../compiler/shape.ts';
import { readOptions } from '../options.ts';
import { userError } from '../trace/user-error.ts';
import { ELEMENT_BYTES, decodeElements } from './elements.ts';
import { isRecord, parseObject } from './json.ts';
import { METADATA, isShape } from './write-safetensors.ts';

/** The most bytes of a header that readers of the format take. */
const MAX_HEADER_BYTES = 100_000_000;

export interface Safetensors {
  readonly tensors: Readonly<Record<string, HostArray>>;
  readonly metadata: Readonly<Record<string, string>>;
}

export interface ReadSafetensorsOptions {
  /** Read BF16 and F64 as float32 and I64 as int32, which is an error otherwise. */
  readonly narrow?: boolean;
}

/**
 * The arrays of a file, copied out, and its metadata.
 *
 * @throws CORRUPT for a file that the format does not allow, with what is wrong and where; NARROWING for 64-bit and BF16 elements
 * without `narrow`, VALUE for those outside the narrower dtype; DTYPE for other elements that tensors do not have.
 */
export function readSafetensors(bytes: Uint8Array, options: ReadSafetensorsOptions = {}): Safetensors {
  const { narrow } = readOptions('readSafetensors', options, { narrow: false });
  const length = headerLength(bytes);
  const header = headerOf(bytes.subarray(8, 8 + length));
  const data = bytes.subarray(8 + length);
  const { [METADATA]: metadata = {}, ...specs } = header;
  if (!isRecord(metadata) || !Object.values(metadata).every((value) => typeof value === 'string')) {
    throw malformed(`${METADATA} is not an object of strings`);
  }
  const entries = Object.entries(specs).map(([name, spec]) => readSpec(name, spec, data.length));
  checkCovered(entries, data.length);
  const tensors = entries.map(({ name, type, shape, begin, end }) => {
    checkType(name, type, narrow);
    return [name, decodeElements(name, type, shape, data.subarray(begin, end))] as const;
  });
  return { tensors: Object.fromEntries(tensors), metadata: metadata as Record<string, string> };
}

function headerLength(bytes: Uint8Array): number {
  if (bytes.length < 8) throw malformed(`it has ${bytes.length} bytes, less than the 8 that tell the header's length`);
  const length = new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true);
  if (length > BigInt(MAX_HEADER_BYTES)) throw malformed(`its header would have ${length} bytes, more than ${MAX_HEADER_BYTES}`);
  if (Number(length) > bytes.length - 8) {
    throw malformed(`its header has ${length} bytes, but only ${bytes.length - 8} follow: it was truncated`);
  }
  return Number(length);
}

function headerOf(bytes: Uint8Array): Record<string, unknown> {
  if (bytes[0] !== 0x7b) throw malformed("its header does not begin with '{' at byte 8");
  try {
    return parseObject(bytes);
  } catch (error) {
    throw malformed(`its header is not JSON as it should be: ${(error as Error).message}`, error);
  }
}

interface FileSpec {
  readonly name: string;
  readonly type: string;
  readonly shape: readonly number[];
  readonly begin: number;
  readonly end: number;
}

function readSpec(name: string, spec: unknown, available: number): FileSpec {
  if (!isRecord(spec)) throw malformed(`the entry '${name}' of its header is no object`);
  const { dtype: type, shape, data_offsets: offsets, ...others } = spec;
  const other = Object.keys(others)[0];
  if (other !== undefined) throw malformed(`the entry '${name}' of its header has an unknown field '${other}'`);
  if (typeof type !== 'string') throw malformed(`the entry '${name}' of its header has no dtype`);
  if (!isShape(shape)) throw malformed(`the shape of '${name}' is ${JSON.stringify(shape)}`);
  if (!isShape(offsets) || offsets.length !== 2) throw malformed(`the data_offsets of '${name}' are ${JSON.stringify(offsets)}`);
  const [begin, end] = offsets as [number, number];
  if (begin > end || end > available) {
    throw malformed(`'${name}' would be at bytes ${begin} to ${end} of ${available} after the header`);
  }
  const size = ELEMENT_BYTES[type];
  if (size !== undefined && sizeOf(shape) * size !== end - begin) {
    throw malformed(`'${name}' is ${type}${showShape(shape)}, ${sizeOf(shape) * size} bytes, but has ${end - begin}`);
  }
  return { name, type, shape, begin, end };
}

/** Every byte belongs to one tensor. */
function checkCovered(entries: readonly FileSpec[], available: number): void {
  let next = 0;
  for (const { name, begin, end } of [...entries].sort((a, b) => a.begin - b.begin || a.end - b.end)) {
    if (begin < next) {
      throw malformed(`'${name}' begins at byte ${begin} after the header, inside another tensor, which ends at ${next}`);
    }
    if (begin > next) throw malformed(`bytes ${next} to ${begin} after the header belong to no tensor`);
    next = end;
  }
  if (next < available) throw malformed(`bytes ${next} to ${available} after the header belong to no tensor`);
}

function checkType(name: string, type: string, narrow: boolean): void {
  if (!Object.hasOwn(ELEMENT_BYTES, type)) {
    throw userError('DTYPE', `'${name}' has elements of type ${type}, which tensors do not have`, { fix: "x.astype('float32')" });
  }
  if (narrow || !['F64', 'I64', 'BF16'].includes(type)) return;
  const dtype = type === 'I64' ? 'int32' : 'float32';
  throw userError('NARROWING', `'${name}' has elements of type ${type}, which would become ${dtype}`, {
    fix: 'readSafetensors(bytes, { narrow: true })',
  });
}

function malformed(problem: string, cause?: unknown): HeddleError {
  return userError('CORRUPT', `this is no valid safetensors file: ${problem}`, {
    fix: 'readSafetensors(new Uint8Array(await file.arrayBuffer())) // of the whole, unchanged file',
    cause,
  });
}

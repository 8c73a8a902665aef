/**
 * Writing safetensors files: a header of JSON that says where each tensor is, then the elements. Pure, for browsers too. The
 * format: https://github.com/huggingface/safetensors
 */
import { isDType } from '../../compiler/dtype.ts';
import type { DType, HostArray } from '../../compiler/dtype.ts';
import { showShape, sizeOf } from '../../compiler/shape.ts';
import { Tensor } from '../trace/tensor.ts';
import { userError } from '../trace/user-error.ts';
import { Variable } from '../trace/variable.ts';
import { compareCodePoints } from '../tree.ts';
import { ELEMENT_BYTES, encodeElements, fileType, holds } from './elements.ts';
import { isRecord } from './json.ts';

/** The entry of the header that is no tensor. */
export const METADATA = '__metadata__';

export interface TensorSpec {
  readonly dtype: DType;
  readonly shape: readonly number[];
}

/** Where a tensor's bytes are in the part after the header. */
interface Placed extends TensorSpec {
  readonly begin: number;
  readonly end: number;
}

/**
 * The bytes of a file with these arrays: names sorted by code point; elements in order of their size, then of their names, so
 * that all are aligned. Arrays on a device are fetched by `toHost` first.
 *
 * @throws CONCRETIZATION for tensors; VALUE for a name or elements that a file cannot hold, SHAPE, DTYPE for inconsistent
 * arrays.
 */
export function writeSafetensors(
  tensors: Readonly<Record<string, HostArray>>,
  metadata: Readonly<Record<string, string>> = {},
): Uint8Array {
  for (const [name, array] of Object.entries(tensors)) checkArray(name, array);
  checkMetadata(metadata);
  const header = safetensorsHeader(tensors, metadata);
  const places = placesOf(tensors);
  const total = Math.max(0, ...[...places.values()].map(({ end }) => end));
  const file = new Uint8Array(header.length + total);
  file.set(header);
  for (const [name, { begin }] of places) file.set(encodeElements(name, tensors[name]!), header.length + begin);
  return file;
}

/** What a file with these tensors starts with: the length of the header and the header, padded to a multiple of 8 bytes. */
export function safetensorsHeader(
  tensors: Readonly<Record<string, TensorSpec>>,
  metadata: Readonly<Record<string, string>> = {},
): Uint8Array {
  const sorted = [...placesOf(tensors)].sort(([a], [b]) => compareCodePoints(a, b));
  const entries = sorted.map(([name, { dtype, shape, begin, end }]): [string, unknown] => [
    name,
    { dtype: fileType(dtype), shape, data_offsets: [begin, end] },
  ]);
  if (Object.keys(metadata).length > 0) entries.unshift([METADATA, metadata]);
  // Not JSON.stringify of one object, which would move names such as '10' to the front.
  const texts = entries.map(([name, value]) => `${JSON.stringify(name)}:${JSON.stringify(value)}`);
  const json = new TextEncoder().encode(`{${texts.join(',')}}`);
  const header = new Uint8Array(8 + Math.ceil(json.length / 8) * 8).fill(0x20);
  new DataView(header.buffer).setBigUint64(0, BigInt(header.length - 8), true);
  header.set(json, 8);
  return header;
}

function placesOf(tensors: Readonly<Record<string, TensorSpec>>): Map<string, Placed> {
  const bytesOf = ({ dtype }: TensorSpec): number => ELEMENT_BYTES[fileType(dtype)]!;
  const ordered = Object.entries(tensors).sort(([a, x], [b, y]) => bytesOf(y) - bytesOf(x) || compareCodePoints(a, b));
  let begin = 0;
  return new Map(
    ordered.map(([name, { dtype, shape }]) => {
      const end = begin + sizeOf(shape) * ELEMENT_BYTES[fileType(dtype)]!;
      const placed: Placed = { dtype, shape, begin, end };
      begin = end;
      return [name, placed];
    }),
  );
}

function checkArray(name: string, array: unknown): asserts array is HostArray {
  if (name === METADATA) {
    throw userError('VALUE', `a tensor cannot be named ${METADATA}`, { fix: 'writeSafetensors(tensors, metadata)' });
  }
  if (array instanceof Tensor || array instanceof Variable) {
    const kind = array instanceof Tensor ? 'Tensor' : 'Variable';
    throw userError('CONCRETIZATION', `'${name}' is a ${kind}, whose elements must be fetched first`, {
      fix: 'writeSafetensors(await toHost(tensors))',
    });
  }
  const { dtype, shape, data } = (isRecord(array) ? array : {}) as Partial<Record<keyof HostArray, unknown>>;
  if (!isDType(dtype) || !holds(dtype, data)) {
    throw userError('DTYPE', `'${name}' is no array of the host: its dtype is ${String(dtype)} and its data of another class`, {
      fix: "{ dtype: 'float32', shape: [2], data: new Float32Array(2) }",
    });
  }
  if (!isShape(shape) || sizeOf(shape) !== data.length) {
    const text = Array.isArray(shape) ? showShape(shape as number[]) : String(shape);
    throw userError('SHAPE', `'${name}' has ${data.length} elements, and shape ${text}`, { fix: `shape: [${data.length}]` });
  }
}

function checkMetadata(metadata: Readonly<Record<string, unknown>>): void {
  const wrong = Object.entries(metadata).find(([, value]) => typeof value !== 'string');
  if (wrong === undefined) return;
  throw userError('VALUE', `metadata '${wrong[0]}' is a ${typeof wrong[1]}, and metadata are strings`, {
    fix: 'JSON.stringify(value)',
  });
}

/** Whether the value is a list of sizes. */
export function isShape(value: unknown): value is readonly number[] {
  return Array.isArray(value) && value.every((extent) => Number.isSafeInteger(extent) && extent >= 0);
}

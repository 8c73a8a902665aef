/** safetensors files: round trips, the layout that the format asks for, and every malformed file refused. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { HeddleError, Param, np } from '../../src/index.ts';
import { readSafetensors, toHost, toTensors, writeSafetensors } from '../../src/io/index.ts';
import { roundToHalf } from '../../compiler/dtype.ts';
import type { HostArray } from '../../compiler/dtype.ts';
import { sizeOf } from '../../compiler/shape.ts';
import { floatBits, halfBits } from '../../src/io/half.ts';
import { property } from '../support/property.ts';

const encoder = new TextEncoder();

/** A file from its parts, put together by hand. */
function fileOf(header: string, data: readonly number[] = [], length: number = encoder.encode(header).length): Uint8Array {
  const text = encoder.encode(header);
  const file = new Uint8Array(8 + text.length + data.length);
  new DataView(file.buffer).setBigUint64(0, BigInt(length), true);
  file.set(text, 8);
  file.set(data, 8 + text.length);
  return file;
}

const shapes = fc.array(fc.nat(3), { maxLength: 3 });

const arrays: fc.Arbitrary<HostArray> = shapes.chain((shape) => {
  const length = sizeOf(shape);
  const exactly = { minLength: length, maxLength: length };
  const words = fc.uint32Array(exactly);
  return fc.oneof(
    words.map((bits): HostArray => ({ dtype: 'float32', shape, data: new Float32Array(bits.buffer) })),
    fc.uint16Array(exactly).map((halves): HostArray => {
      const bits = Uint32Array.from(halves, floatBits);
      return { dtype: 'float16', shape, data: new Float32Array(bits.buffer) };
    }),
    words.map((data): HostArray => ({ dtype: 'uint32', shape, data })),
    words.map((bits): HostArray => ({ dtype: 'int32', shape, data: new Int32Array(bits.buffer) })),
    fc.uint8Array({ ...exactly, max: 1 }).map((data): HostArray => ({ dtype: 'bool', shape, data })),
  );
});

const names = fc.oneof(fc.string({ unit: 'binary', maxLength: 6 }), fc.constantFrom('10', '9', 'toString', 'a/b'));
const records = fc
  .uniqueArray(fc.tuple(names, arrays), { selector: ([name]) => name, maxLength: 5 })
  .map((entries) => Object.fromEntries(entries.filter(([name]) => name !== '__metadata__' && name !== '__proto__')));
const metadata = fc.dictionary(fc.string(), fc.string(), { maxKeys: 3, noNullPrototype: true });

const bitsOf = ({ data }: HostArray): number[] => [...new Uint8Array(data.buffer, data.byteOffset, data.byteLength)];
const comparable = (tensors: Readonly<Record<string, HostArray>>): unknown => {
  const entries = Object.entries(tensors);
  return Object.fromEntries(entries.map(([name, array]) => [name, [array.dtype, array.shape, bitsOf(array)]]));
};

interface Entry {
  readonly dtype: string;
  readonly shape: number[];
  readonly data_offsets: [number, number];
}

describe('round trips', () => {
  property('what is written is read back bit for bit, NaN payloads included', [records, metadata], (tensors, facts) => {
    const read = readSafetensors(writeSafetensors(tensors, facts));
    expect(comparable(read.tensors)).toEqual(comparable(tensors));
    expect(read.metadata).toEqual(facts);
  });

  property('the layout is that of the format', [records], (tensors) => {
    const file = writeSafetensors(tensors);
    const length = Number(new DataView(file.buffer).getBigUint64(0, true));
    expect(length % 8).toBe(0);
    const text = new TextDecoder().decode(file.subarray(8, 8 + length));
    expect(text).toMatch(/^\{.*\} {0,7}$/s);
    const header = JSON.parse(text) as Record<string, Entry>;
    const sizes: Readonly<Record<string, number>> = { F32: 4, I32: 4, U32: 4, F16: 2, BOOL: 1 };
    let next = 0;
    const byPlace = Object.values(header).sort((a, b) => a.data_offsets[1] - b.data_offsets[1]);
    for (const { dtype, data_offsets: [begin, end] } of byPlace) {
      if (begin === end) continue;
      expect(begin).toBe(next);
      expect(begin % sizes[dtype]!).toBe(0);
      next = end;
    }
    expect(8 + length + next).toBe(file.length);
  });

  test('names stand in order of code points, also those that look like integers', () => {
    const one: HostArray = { dtype: 'bool', shape: [], data: Uint8Array.of(1) };
    const file = writeSafetensors({ 9: one, 10: one, b: { dtype: 'float32', shape: [], data: Float32Array.of(1) }, a: one });
    const found = [...new TextDecoder().decode(file).matchAll(/"(\w+)":\{/g)].map(([, name]) => name);
    expect(found).toEqual(['10', '9', 'a', 'b']);
  });

  test('a file made by hand from the description of the format', () => {
    const entries = [
      '"__metadata__":{"made":"by hand"}',
      '"w":{"dtype":"F32","shape":[1,2],"data_offsets":[0,8]}',
      '"n":{"dtype":"I32","shape":[],"data_offsets":[8,12]}',
    ];
    const header = `{${entries.join(',')}}  `;
    const file = fileOf(header, [0, 0, 128, 63, 0, 0, 0, 192, 254, 255, 255, 255]);
    expect(readSafetensors(file)).toEqual({
      tensors: {
        w: { dtype: 'float32', shape: [1, 2], data: Float32Array.of(1, -2) },
        n: { dtype: 'int32', shape: [], data: Int32Array.of(-2) },
      },
      metadata: { made: 'by hand' },
    });
  });

  test('reads a view that begins anywhere in a larger buffer, as Buffers do', () => {
    const file = writeSafetensors({ x: { dtype: 'float32', shape: [1], data: Float32Array.of(3) } });
    const larger = new Uint8Array(file.length + 3);
    larger.set(file, 3);
    expect(readSafetensors(Buffer.from(larger.buffer, 3)).tensors['x']!.data).toEqual(Float32Array.of(3));
  });

  test('tensors and Variables by way of the host', async () => {
    const host = await toHost({ w: new Param(np.array([1, 2])), flag: np.array([true, false]) });
    const tensors = toTensors(readSafetensors(writeSafetensors(host)).tensors);
    expect(await tensors['w']!.array()).toEqual([1, 2]);
    expect(await tensors['flag']!.array()).toEqual([true, false]);
  });
});

describe('halves', () => {
  test('all 65,536 halves go to floats and back', () => {
    for (let half = 0; half < 65_536; half++) {
      const isSignalling = (half & 0x7c00) === 0x7c00 && (half & 0x3ff) !== 0 && (half & 0x200) === 0;
      expect(halfBits(floatBits(half))).toBe(isSignalling ? half | 0x200 : half);
    }
  });

  property('a float is a half exactly when rounding keeps it', [fc.float({ noNaN: true })], (value) => {
    const bits = halfBits(new Uint32Array(Float32Array.of(value).buffer)[0]!);
    expect(bits !== null).toBe(Object.is(roundToHalf(value), value));
  });
});

describe('narrowing', () => {
  const wide = (dtype: string, bytes: Uint8Array): Uint8Array =>
    fileOf(`{"x":{"dtype":"${dtype}","shape":[1],"data_offsets":[0,${bytes.length}]}}`, [...bytes]);
  const f64 = wide('F64', new Uint8Array(Float64Array.of(0.1).buffer));
  const i64 = wide('I64', new Uint8Array(BigInt64Array.of(-5n).buffer));
  const bf16 = wide('BF16', Uint8Array.of(0x80, 0xbf));

  test.each([['F64', f64], ['I64', i64], ['BF16', bf16]] as const)('%s needs to be asked for', (type, file) => {
    expect(() => readSafetensors(file)).toThrow(new RegExp(`\\[NARROWING\\] 'x' has elements of type ${type}`));
  });

  test('gives the nearest value', () => {
    const read = (file: Uint8Array): HostArray => readSafetensors(file, { narrow: true }).tensors['x']!;
    expect(read(f64)).toEqual({ dtype: 'float32', shape: [1], data: Float32Array.of(0.1) });
    expect(read(i64)).toEqual({ dtype: 'int32', shape: [1], data: Int32Array.of(-5) });
    expect(read(bf16)).toEqual({ dtype: 'float32', shape: [1], data: Float32Array.of(-1) });
  });

  test('an I64 outside int32 is refused', () => {
    const file = wide('I64', new Uint8Array(BigInt64Array.of(2n ** 31n).buffer));
    expect(() => readSafetensors(file, { narrow: true })).toThrow(/\[VALUE\] 2147483648 is not a value of int32/);
  });
});

describe('malformed files are refused', () => {
  const spec = (shape: string, begin: number, end: number, dtype = 'F32'): string =>
    `{"dtype":"${dtype}","shape":${shape},"data_offsets":[${begin},${end}]}`;
  const four = [0, 0, 0, 0];
  const six = [...four, 0, 0];

  test.each<[string, Uint8Array, RegExp]>([
    ['empty', new Uint8Array(0), /0 bytes, less than the 8/],
    ['header too large', fileOf('{}', [], 100_000_001), /would have 100000001 bytes, more than 100000000/],
    ['header truncated', fileOf('{}', [], 3), /its header has 3 bytes, but only 2 follow/],
    ['no object', fileOf('[]'), /does not begin with '\{'/],
    ['no JSON', fileOf('{"a"'), /not JSON as it should be/],
    ['no UTF-8', fileOf('{', [0xff, 0x7d], 3), /not JSON as it should be/],
    ['a name twice', fileOf(`{"a":${spec('[0]', 0, 0)},"\\u0061":${spec('[0]', 0, 0)}}`), /the key "\\u0061" is there twice/],
    ['a field twice', fileOf(`{"a":{"dtype":"I32",${spec('[1]', 0, 4).slice(1)}}`, four), /the key "dtype" is there twice/],
    ['entry no object', fileOf('{"a":3}'), /the entry 'a' of its header is no object/],
    ['entry without dtype', fileOf('{"a":{"shape":[],"data_offsets":[0,4]}}', four), /'a' of its header has no dtype/],
    ['unknown field', fileOf('{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4],"x":1}}', four), /unknown field 'x'/],
    ['bad shape', fileOf(`{"a":${spec('[-1]', 0, 4)}}`, four), /the shape of 'a' is \[-1\]/],
    ['bad offsets', fileOf(`{"a":${spec('[1]', 0.5, 4)}}`, four), /the data_offsets of 'a' are \[0.5,4\]/],
    ['truncated data', fileOf(`{"a":${spec('[1]', 0, 4)}}`, [0, 0]), /'a' would be at bytes 0 to 4 of 2/],
    ['offsets reversed', fileOf(`{"a":${spec('[1]', 4, 0)}}`, four), /'a' would be at bytes 4 to 0/],
    ['wrong size', fileOf(`{"a":${spec('[2]', 0, 4)}}`, four), /'a' is F32\[2\], 8 bytes, but has 4/],
    ['overlap', fileOf(`{"a":${spec('[1]', 0, 4)},"b":${spec('[1]', 2, 6)}}`, six), /'b' begins at byte 2 .* ends at 4/],
    ['hole', fileOf(`{"a":${spec('[1]', 0, 2, 'F16')},"b":${spec('[1]', 4, 6, 'F16')}}`, six), /bytes 2 to 4 .* to no tensor/],
    ['hole at the end', fileOf(`{"a":${spec('[1]', 0, 4)}}`, [...four, 0]), /bytes 4 to 5 .* belong to no tensor/],
    ['metadata', fileOf('{"__metadata__":{"a":1}}'), /__metadata__ is not an object of strings/],
    ['bool of 2', fileOf(`{"a":${spec('[1]', 0, 1, 'BOOL')}}`, [2]), /'a' is bool and holds 2 at element 0/],
  ])('%s', (_, file, problem) => {
    expect(() => readSafetensors(file)).toThrow(HeddleError);
    expect(() => readSafetensors(file)).toThrow(problem);
  });

  test('element types that tensors do not have', () => {
    const file = fileOf(`{"a":${spec('[1]', 0, 1, 'F8_E4M3')}}`, [0]);
    expect(() => readSafetensors(file)).toThrow(/\[DTYPE\] 'a' has elements of type F8_E4M3/);
  });

  property('a file cut anywhere', [records, fc.nat()], (tensors, at) => {
    const file = writeSafetensors(tensors);
    expect(() => readSafetensors(file.subarray(0, at % file.length))).toThrow(HeddleError);
  });

  const flips = fc.integer({ min: 1, max: 255 });
  property('any change gives an error, or arrays of the shape they say', [records, fc.nat(), flips], (tensors, at, flip) => {
    const file = writeSafetensors(tensors);
    file[at % file.length]! ^= flip;
    try {
      for (const { shape, data } of Object.values(readSafetensors(file).tensors)) expect(data.length).toBe(sizeOf(shape));
    } catch (error) {
      expect(error).toBeInstanceOf(HeddleError);
    }
  });
});

describe('what cannot be written is refused', () => {
  const data = Float32Array.of(1);
  test.each<[string, unknown, RegExp]>([
    ['a Tensor', np.array([1]), /\[CONCRETIZATION\] 'x' is a Tensor/],
    ['a Variable', new Param(1), /\[CONCRETIZATION\] 'x' is a Variable/],
    ['no array', 3, /\[DTYPE\] 'x' is no array of the host/],
    ['another class', { dtype: 'int32', shape: [1], data }, /\[DTYPE\]/],
    ['another size', { dtype: 'float32', shape: [2], data }, /\[SHAPE\] 'x' has 1 elements, and shape \[2\]/],
    ['no half', { dtype: 'float16', shape: [1], data: Float32Array.of(0.1) }, /\[VALUE\] 'x' is float16 and holds 0.1/],
    ['no bool', { dtype: 'bool', shape: [1], data: Uint8Array.of(3) }, /\[VALUE\] 'x' is bool and holds 3/],
  ])('%s', (_, array, problem) => {
    expect(() => writeSafetensors({ x: array as HostArray })).toThrow(problem);
  });

  test('a tensor named as the metadata, and metadata that are no strings', () => {
    const array: HostArray = { dtype: 'float32', shape: [1], data };
    expect(() => writeSafetensors({ __metadata__: array })).toThrow(/\[VALUE\] a tensor cannot be named/);
    expect(() => writeSafetensors({}, { epoch: 3 as unknown as string })).toThrow(/\[VALUE\] metadata 'epoch' is a number/);
  });
});

import { describe, expect, test } from 'vitest';
import type { DType, TypedArray } from '../../compiler/dtype.ts';
import { Storage, cpu } from '../../runtime/index.ts';
import { pack, storageBytes, unpack } from '../../runtime/layout.ts';

describe('a storage', () => {
  test('has a copy of the array and counts its holders', () => {
    const data = Float32Array.of(1, 2);
    const storage = Storage.host({ dtype: 'float32', shape: [2], data }, 'a.ts:1:1');
    data[0] = 9;
    expect(storage.hostData?.data).toEqual(Float32Array.of(1, 2));
    expect(storage).toMatchObject({ dtype: 'float32', shape: [2], where: 'a.ts:1:1', bytes: 8 });
    expect(storage).toMatchObject({ device: null, count: 1, failure: null });
    expect(storage.retain().count).toBe(2);
    storage.release();
    storage.release();
    expect(storage.count).toBe(0);
    for (const use of [() => storage.retain(), () => storage.release(), () => storage.hostData]) {
      expect(use).toThrow('[DISPOSED] the float32[2] made at a.ts:1:1 was disposed or donated');
    }
  });

  test('calls back when it is freed, once', () => {
    const storage = Storage.host({ dtype: 'bool', shape: [], data: Uint8Array.of(1) }).retain();
    let freed = 0;
    storage.whenFreed(() => freed++);
    storage.release();
    expect(freed).toBe(0);
    storage.release();
    expect(freed).toBe(1);
  });
});

describe('the layout on the device', () => {
  test('takes 4 bytes an element, 2 for float16, and is never empty', () => {
    const vectors = (['float32', 'bool', 'float16'] as const).map((dtype) => storageBytes(dtype, [3]));
    expect(vectors).toEqual([12, 12, 8]);
    expect([storageBytes('float16', [4]), storageBytes('int32', []), storageBytes('float32', [0, 5])]).toEqual([8, 4, 4]);
  });

  const roundTrip = (dtype: DType, data: TypedArray): TypedArray => {
    const shape = [data.length];
    const packed = pack({ dtype, shape, data });
    const bytes = new ArrayBuffer(storageBytes(dtype, shape));
    new Uint8Array(bytes).set(new Uint8Array(packed.buffer, packed.byteOffset, packed.byteLength));
    return unpack(dtype, shape, bytes);
  };

  test('keeps every dtype', () => {
    expect(roundTrip('float32', Float32Array.of(1.5, -0, NaN))).toEqual(Float32Array.of(1.5, -0, NaN));
    expect(roundTrip('int32', Int32Array.of(-1, 2 ** 31 - 1))).toEqual(Int32Array.of(-1, 2 ** 31 - 1));
    expect(roundTrip('uint32', Uint32Array.of(2 ** 32 - 1))).toEqual(Uint32Array.of(2 ** 32 - 1));
    expect(roundTrip('bool', Uint8Array.of(0, 1, 1))).toEqual(Uint8Array.of(0, 1, 1));
    expect(roundTrip('float32', new Float32Array(0))).toEqual(new Float32Array(0));
  });

  test('keeps every finite half, its infinities and NaN', () => {
    const halves = new Float32Array(65_536);
    for (let bits = 0; bits < 65_536; bits++) halves[bits] = halfValue(bits);
    const back = roundTrip('float16', halves);
    expect([...halves.keys()].filter((bits) => !Object.is(back[bits], halves[bits]))).toEqual([]);
  });

  test('rounds to the nearest half, ties to even', () => {
    const ulp = 2 ** -10;
    const tiny = 2 ** -24;
    const cases: [given: number, expected: number][] = [
      [1 + ulp / 2, 1], [1 + 1.5 * ulp, 1 + 2 * ulp], [1 + 0.51 * ulp, 1 + ulp], [65_519, 65_504], [65_520, Infinity],
      [tiny / 2, 0], [tiny * 0.51, tiny], [tiny * 1.5, 2 * tiny], [-tiny / 64, -0],
    ];
    const [given, expected] = [0, 1].map((column) => Float32Array.from(cases, (row) => row[column]!));
    expect(roundTrip('float16', given!)).toEqual(expected);
  });
});

/** The value of a half by IEEE 754's definition. */
function halfValue(bits: number): number {
  const [sign, exponent, fraction] = [bits >> 15 ? -1 : 1, (bits >> 10) & 31, bits & 1023];
  if (exponent === 31) return fraction === 0 ? sign * Infinity : NaN;
  return exponent === 0 ? sign * fraction * 2 ** -24 : sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

describe('the device cpu', () => {
  const double = cpu.load({
    kind: 'host',
    label: 'double',
    evaluate: ([array]) => [{ ...array!, data: Float32Array.from(array!.data, (x) => 2 * x) }],
  });

  test('runs host code at once', async () => {
    const input = Storage.host({ dtype: 'float32', shape: [2], data: Float32Array.of(1, 2) });
    const before = cpu.memory().live;
    const [result] = cpu.run(double, [input], { label: 'double', where: 'a.ts:1:1', donate: [true] });
    expect(input.count).toBe(0);
    expect(result).toMatchObject({ device: cpu, where: 'a.ts:1:1', hostData: { data: Float32Array.of(2, 4) } });
    expect(await cpu.read(result!)).toEqual(Float32Array.of(2, 4));
    expect(cpu.memory()).toMatchObject({ live: before + 8, holders: [{ bytes: 8, count: 1, where: 'a.ts:1:1' }] });
    result!.release();
    expect(cpu.memory().live).toBe(before);
    await cpu.sync();
  });

  test('refuses a tensor that is donated twice', () => {
    const input = Storage.host({ dtype: 'float32', shape: [2], data: Float32Array.of(1, 2) });
    expect(() => cpu.run(double, [input, input], { label: 'f', where: 'a.ts:1:1', donate: [true, true] })).toThrow(
      '[DISPOSED] f: the same float32[2] is donated twice\n  at:  a.ts:1:1\n  fix: f(x, x.alias());',
    );
    expect(input.count).toBe(1);
  });
});

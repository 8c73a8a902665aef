/** Batches, prefetching, IDX and CSV files. */
import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import fc from 'fast-check';
import { HeddleError, cpu, np, random, withDevice } from '../../src/index.ts';
import { batches, gunzip, prefetch, readCsv, readIdx } from '../../src/io/index.ts';
import { property } from '../support/property.ts';

async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}

describe('batches', () => {
  const x = np.array([[0, 1], [2, 3], [4, 5], [6, 7], [8, 9]]);
  const y = Uint32Array.of(0, 1, 2, 3, 4);

  test('in order, the last one smaller', async () => {
    const all = await collect(batches({ x, y }, { size: 2 }));
    expect(all.map((batch) => [batch.x.shape, batch.y.shape])).toEqual([[[2, 2], [2]], [[2, 2], [2]], [[1, 2], [1]]]);
    expect(all.map(({ y: { dtype } }) => dtype)).toEqual(['uint32', 'uint32', 'uint32']);
    expect(await all[1]!.x.array()).toEqual([[4, 5], [6, 7]]);
    expect(await all[2]!.y.array()).toEqual([4]);
  });

  test('without the remainder', async () => {
    expect((await collect(batches([y], { size: 2, dropRemainder: true }))).length).toBe(2);
  });

  test('arrays of the host, bools and halves too', async () => {
    const flags = { dtype: 'bool', shape: [2, 1], data: Uint8Array.of(1, 0) } as const;
    const halves = { dtype: 'float16', shape: [2], data: Float32Array.of(0.5, 2) } as const;
    const [batch] = await collect(batches({ flags, halves }, { size: 2 }));
    expect([batch!.flags.describe(), batch!.halves.describe()]).toEqual(['bool[2,1]', 'float16[2]']);
    expect(await batch!.flags.array()).toEqual([[true], [false]]);
  });

  const sizes = fc.integer({ min: 1, max: 7 });
  property('shuffled by a key in the order of random.permutation', [fc.nat(1000), sizes], async (seed, size) => {
    const key = random.key(seed);
    const all = await collect(batches({ x, y }, { size, key }));
    const order = (await Promise.all(all.map((batch) => batch.y.array<number[]>()))).flat();
    expect(order).toEqual(await random.permutation(key, 5).array());
    const rows = (await Promise.all(all.map((batch) => batch.x.array<number[][]>()))).flat();
    expect(rows).toEqual(order.map((row) => [2 * row, 2 * row + 1]));
  }, 20);

  test.each<[string, () => unknown, RegExp]>([
    ['different lengths', () => batches({ x, y: y.slice(1) }, { size: 1 }), /\[SHAPE\] .* \[5,2\] and arrays.y shape \[4\]/],
    ['a scalar', () => batches([np.array(1)], { size: 1 }), /\[SHAPE\]/],
    ['nothing', () => batches({}, { size: 1 }), /\[SHAPE\] batches: there are no arrays/],
    ['size 0', () => batches(y, { size: 0 }), /\[VALUE\] batches: size is 0, for 5 examples/],
    ['no batch at all', () => batches(y, { size: 6, dropRemainder: true }), /\[VALUE\] batches: size is 6, for 5 examples/],
    ['a misspelt option', () => batches(y, { size: 1, shuffle: true } as { size: number }), /\[VALUE\] .* no option shuffle/],
    ['a list of numbers', () => batches({ x: [1, 2] }, { size: 1 }), /\[PYTREE\] arrays.x\[0\] is the number 1/],
  ])('%s', (_, call, problem) => {
    expect(call).toThrow(problem);
  });
});

describe('prefetch', () => {
  test('gives the items in order, fetched ahead one after the other', async () => {
    const log: string[] = [];
    async function* source(): AsyncGenerator<{ x: ReturnType<typeof np.array>; name: string }> {
      for (let i = 0; i < 4; i++) {
        log.push(`fetch ${i}`);
        yield { x: np.array([i]), name: String(i) };
      }
    }
    for await (const { x, name } of prefetch(source(), cpu, { size: 1 })) {
      log.push(`use ${name}`);
      expect(await x.array()).toEqual([Number(name)]);
    }
    expect(log.indexOf('fetch 1')).toBeLessThan(log.indexOf('use 0'));
    expect(log.filter((line) => line.startsWith('use'))).toEqual(['use 0', 'use 1', 'use 2', 'use 3']);
  });

  test('takes synchronous sources, and closes them when the loop is left', async () => {
    let closed = false;
    function* source(): Generator<number> {
      try {
        for (let i = 0; ; i++) yield i;
      } finally {
        closed = true;
      }
    }
    for await (const item of prefetch(source(), cpu)) if (item === 3) break;
    expect(closed).toBe(true);
  });

  test('an error of the source comes in its turn', async () => {
    function* source(): Generator<number> {
      yield 1;
      throw new Error('the disk is gone');
    }
    const seen: number[] = [];
    const run = async (): Promise<void> => {
      for await (const item of prefetch(source(), cpu)) seen.push(item);
    };
    await expect(run()).rejects.toThrow('the disk is gone');
    expect(seen).toEqual([1]);
  });

  test('a size that fetches nothing', () => {
    expect(() => prefetch([], cpu, { size: 0 })).toThrow(/\[VALUE\] prefetch: size is 0/);
  });

  test('batches of a jitted loop', async () => {
    const images = withDevice(cpu, () => np.reshape(np.arange(6), [3, 2]));
    const all = await collect(prefetch(batches({ images }, { size: 2 }), cpu));
    expect(all.map(({ images: { shape } }) => shape)).toEqual([[2, 2], [1, 2]]);
  });
});

describe('IDX', () => {
  test('bytes, with their shape', () => {
    expect(readIdx(Uint8Array.of(0, 0, 8, 2, 0, 0, 0, 2, 0, 0, 0, 3, 1, 2, 3, 4, 5, 255))).toEqual({
      dtype: 'int32',
      shape: [2, 3],
      data: Int32Array.of(1, 2, 3, 4, 5, 255),
    });
  });

  test.each([
    [9, [0xff], Int32Array.of(-1)],
    [11, [0xff, 0xfe], Int32Array.of(-2)],
    [12, [0, 1, 0, 0], Int32Array.of(65_536)],
    [13, [0x3f, 0xc0, 0, 0], Float32Array.of(1.5)],
  ])('element type %i is big-endian', (type, bytes, data) => {
    expect(readIdx(Uint8Array.of(0, 0, type, 1, 0, 0, 0, 1, ...bytes)).data).toEqual(data);
  });

  test('float64 needs to be asked for', () => {
    const file = Uint8Array.of(0, 0, 14, 1, 0, 0, 0, 1, 0x3f, 0xf8, 0, 0, 0, 0, 0, 0);
    expect(() => readIdx(file)).toThrow(/\[NARROWING\]/);
    expect(readIdx(file, { narrow: true }).data).toEqual(Float32Array.of(1.5));
  });

  test.each<[string, number[], RegExp]>([
    ['compressed', [0x1f, 0x8b, 8, 0], /compressed by gzip/],
    ['another format', [1, 2, 3, 4], /does not begin with two zeros/],
    ['an unknown type', [0, 0, 7, 0], /byte 2 is 7/],
    ['no sizes', [0, 0, 8, 2, 0, 0], /has 6 bytes, and 2 sizes of axes end at 12/],
    ['truncated', [0, 0, 8, 1, 0, 0, 0, 3, 1, 2], /shape \[3\] takes 3 bytes, and 2 follow/],
    ['too long', [0, 0, 8, 1, 0, 0, 0, 1, 1, 2], /shape \[1\] takes 1 bytes, and 2 follow/],
  ])('%s', (_, bytes, problem) => {
    expect(() => readIdx(Uint8Array.from(bytes))).toThrow(problem);
  });
});

describe('gzip', () => {
  const content = Uint8Array.of(0, 0, 8, 1, 0, 0, 0, 2, 7, 9);
  const packed = new Uint8Array(gzipSync(content));

  test('is unpacked, and what is not packed stays as it is', async () => {
    expect(readIdx(await gunzip(packed)).data).toEqual(Int32Array.of(7, 9));
    expect(await gunzip(content)).toBe(content);
    expect(await gunzip(new Uint8Array(0))).toEqual(new Uint8Array(0));
    expect(() => readIdx(packed)).toThrow('fix: readIdx(await gunzip(bytes))');
  });

  test('cut anywhere, or another checksum, is refused', async () => {
    for (let length = 2; length < packed.length; length++) {
      await expect(gunzip(packed.subarray(0, length))).rejects.toThrow(/\[CORRUPT\] this gzip file is damaged: /);
    }
    const other = packed.map((byte, i) => (i === packed.length - 8 ? byte ^ 1 : byte));
    await expect(gunzip(other)).rejects.toThrow(/\[CORRUPT\] this gzip file is damaged: incorrect data check/);
  });
});

describe('CSV', () => {
  test('a header, quotes, empty lines, spaces and both line ends', () => {
    expect(readCsv('\uFEFF"a ""x""",b\r\n1, 2.5\n\n"-3e1",.5\n')).toEqual({
      columns: ['a "x"', 'b'],
      data: { dtype: 'float32', shape: [2, 2], data: Float32Array.of(1, 2.5, -30, 0.5) },
    });
  });

  test('chosen columns, another separator and dtype, no header', () => {
    const { columns, data } = readCsv('name;n;m\nx;1;2\ny;3;4', { columns: ['m', 'n'], separator: ';', dtype: 'int32' });
    expect([columns, data]).toEqual([['m', 'n'], { dtype: 'int32', shape: [2, 2], data: Int32Array.of(2, 1, 4, 3) }]);
    expect(readCsv('1,2\n3,4', { header: false, columns: [1] }).data.data).toEqual(Float32Array.of(2, 4));
    expect(readCsv('a\nnan\n-inf').data.data).toEqual(Float32Array.of(NaN, -Infinity));
    expect(readCsv('').data.shape).toEqual([0, 0]);
  });

  test.each<[string, () => unknown, RegExp]>([
    ['a short row', () => readCsv('a,b\n1,2\n3'), /line 3 has 1 cells, not 2/],
    ['a word', () => readCsv('a,b\n1,two'), /line 2, column b is "two", not a number/],
    ['an empty cell', () => readCsv('a,b\n1,'), /line 2, column b is "", not a number/],
    ['hexadecimal', () => readCsv('a\n0x10'), /"0x10", not a number/],
    ['an open quote', () => readCsv('a\n1\n"2'), /the quote in line 3 is not closed/],
    ['letters after a quote', () => readCsv('a\n"1"2'), /line 2 goes on after a closing quote/],
    ['lines within quotes count', () => readCsv('"a\nb"\n1\nx'), /line 4, column a\nb is "x"/],
    ['a column that is not there', () => readCsv('a\n1', { columns: ['c'] }), /there is no column "c"; the columns are a/],
    ['a fraction as int32', () => readCsv('a\n1.5', { dtype: 'int32' }), /1.5 is not a value of int32/],
    ['a separator of two letters', () => readCsv('a', { separator: '::' }), /the separator "::" is not one letter/],
  ])('%s', (_, call, problem) => {
    expect(call).toThrow(HeddleError);
    expect(call).toThrow(problem);
  });

  const numbers = fc.double({ noNaN: true }).map((value) => Math.fround(value));
  const tables = fc.array(fc.tuple(numbers, numbers), { minLength: 1, maxLength: 20 });
  property('numbers as JavaScript prints them', [tables], (rows) => {
    const text = rows.map((row) => row.map(String).join(',')).join('\n');
    expect([...readCsv(text, { header: false }).data.data]).toEqual(rows.flat().map((value) => value + 0));
  });
});

import { expect, test } from 'vitest';
import { generate } from '../../compiler/codegen/generate.ts';
import { generateMap } from '../../compiler/codegen/map.ts';
import type { DType } from '../../compiler/dtype.ts';
import type { Store } from '../../compiler/fuse/kernel.ts';
import { constantExpr, indexExpr, loadExpr, selectExpr } from '../../compiler/scalar/expression.ts';
import { add, constant, divide, dynamic, flatten, modulo, scale, variable } from '../../compiler/scalar/indices.ts';
import { describeOnGpu } from '../support/gpu.ts';
import {
  HARDWARE, SOFTWARE, UNTOUCHED, array, blank, call, expectClose, infix, less, mapKernel, noise, plus, store, times,
} from '../support/kernels.ts';
import { runKernel } from '../support/run-kernel.ts';

const VECTORS = { workgroup: 64, vectors: true } as const;

describeOnGpu('map kernels', () => {
  test.each([1, 7, 64, 65, 1000])('add and scale %i elements', async (length) => {
    const i = variable('i', length);
    const [x, y] = [array(0, [length]), array(1, [length])];
    const kernel = mapKernel({ domain: [i], stores: [store(2, [length], [i], plus(times(x(i), x(i)), y(i)))] });
    const [a, b] = [noise(length), noise(length, 2)];
    const results = await runKernel(generate(kernel, SOFTWARE), { 0: a, 1: b, 2: blank(length) });
    const expected = blank(length);
    for (let at = 0; at < length; at++) expected[at] = Math.fround(Math.fround(a[at]! * a[at]!) + b[at]!);
    expectClose(results[2], expected, 1e-6);
  });

  test('a transposed, a broadcast, a reversed and a gathered operand over a domain of three variables', async () => {
    const [P, Q, R] = [3, 5, 7];
    const [p, q, r] = [variable('p', P), variable('q', Q), variable('r', R)];
    const transposed = array(0, [R, P, Q])(r, p, q);
    const broadcast = array(1, [Q])(q);
    const reversed = array(2, [R])(add(constant(R - 1), scale(r, -1)));
    const gathered = array(3, [9])(dynamic(array(4, [P], 'int32')(p), 0, 8));
    const value = plus(plus(transposed, broadcast), times(reversed, gathered));
    const kernel = mapKernel({ domain: [p, q, r], stores: [store(5, [P, Q, R], [p, q, r], value)] });
    const [a, b, c, d] = [noise(P * Q * R), noise(Q, 2), noise(R, 3), noise(9, 4)];
    const rows = Int32Array.of(8, 0, 3);
    const results = await runKernel(
      generate(kernel, SOFTWARE),
      { 0: a, 1: b, 2: c, 3: d, 4: rows, 5: blank(P * Q * R) },
    );
    const expected = blank(P * Q * R);
    for (let x = 0; x < P; x++) {
      for (let y = 0; y < Q; y++) {
        for (let z = 0; z < R; z++) {
          expected[(x * Q + y) * R + z] = a[(z * P + x) * Q + y]! + b[y]! + c[R - 1 - z]! * d[rows[x]!]!;
        }
      }
    }
    expectClose(results[5], expected, 1e-6);
  });

  test('constants of every dtype keep their bits', async () => {
    const tiny = [1e-45, -1.1754944e-38];
    const numbers = [NaN, Infinity, -Infinity, -0, 0, ...tiny, 3.4028234663852886e38, 0.1, 16777217, -123456.789, 1e-7];
    const at = (buffer: number, dtype: DType, length: number) => (value: number, position: number): Store =>
      store(buffer, [length], [constant(position)], constantExpr(dtype, value));
    const i = variable('i', 1);
    const floats = numbers.map(Math.fround).map(at(0, 'float32', numbers.length));
    const integers = [-2147483648, 2147483647, -1, 0].map(at(1, 'int32', 4));
    const naturals = [0, 4294967295].map(at(2, 'uint32', 4));
    const bools = [0, 1].map(at(3, 'bool', 4));
    const kernel = mapKernel({ domain: [i], stores: [...floats, ...integers, ...naturals, ...bools] });
    const results = await runKernel(generate(kernel, SOFTWARE), {
      0: new Float32Array(numbers.length),
      1: new Int32Array(4),
      2: new Uint32Array(4),
      3: new Uint32Array(4).fill(9),
    });
    const written = new Uint32Array(results[0].buffer);
    const wanted = new Uint32Array(Float32Array.from(numbers).buffer);
    expect([...written].map(hexadecimal)).toEqual([...wanted].map(hexadecimal));
    expect([...results[1]]).toEqual([-2147483648, 2147483647, -1, 0]);
    expect([...results[2]]).toEqual([0, 4294967295, 0, 0]);
    expect([...results[3]]).toEqual([0, 1, 9, 9]);
  });

  test('operations on constants alone are computed at run time, where they may overflow', async () => {
    const huge = constantExpr('float32', Math.fround(3e38));
    const most = constantExpr('int32', 2147483647);
    const kernel = mapKernel({
      domain: [],
      stores: [
        store(0, [2], [constant(0)], plus(huge, huge)),
        store(0, [2], [constant(1)], call('log')(constantExpr('float32', -1))),
        store(1, [1], [constant(0)], plus(most, most)),
      ],
    });
    const results = await runKernel(generate(kernel, SOFTWARE), { 0: new Float32Array(2), 1: new Int32Array(1) });
    expect([...results[0]]).toEqual([Infinity, NaN]);
    expect([...results[1]]).toEqual([-2]);
  });

  test('bools are stored as u32; selects take the branch of the condition', async () => {
    const length = 37;
    const i = variable('i', length);
    const flag = array(0, [length], 'bool')(i);
    const x = array(1, [length])(i);
    const small = less(x, constantExpr('float32', 0));
    const kernel = mapKernel({
      domain: [i],
      stores: [
        store(2, [length], [i], infix('&&')(flag, small)),
        store(3, [length], [i], selectExpr(flag, x, constantExpr('float32', Infinity))),
        store(4, [length], [i], indexExpr(add(scale(i, 2), constant(1)), 'int32')),
      ],
    });
    const flags = Uint32Array.from({ length }, (_, at) => at % 3);
    const a = noise(length);
    const results = await runKernel(generate(kernel, SOFTWARE), {
      0: flags,
      1: a,
      2: new Uint32Array(length),
      3: new Float32Array(length),
      4: new Int32Array(length),
    });
    expect([...results[2]]).toEqual([...a].map((value, at) => (flags[at] !== 0 && value < 0 ? 1 : 0)));
    expect([...results[3]]).toEqual([...a].map((value, at) => (flags[at] !== 0 ? value : Infinity)));
    expect([...results[4]]).toEqual([...a].map((_, at) => 2 * at + 1));
  });

  test('two buffers that are loaded and stored by one kernel change places', async () => {
    const length = 50;
    const i = variable('i', length);
    const swap = mapKernel({
      domain: [i],
      stores: [store(0, [length], [i], array(1, [length])(i)), store(1, [length], [i], array(0, [length])(i))],
    });
    const [a, b] = [noise(length), noise(length, 2)];
    const generated = generate(swap, SOFTWARE);
    expect(generated.code.bindings).toEqual(['read_write', 'read_write']);
    const results = await runKernel(generated, { 0: a, 1: b });
    expect(results[0]).toEqual(b);
    expect(results[1]).toEqual(a);
  });

  test('more workgroups than a dimension has are folded', async () => {
    const length = 64 * 11 + 5;
    const i = variable('i', length);
    const kernel = mapKernel({ domain: [i], stores: [store(0, [length], [i], indexExpr(i, 'uint32'))] });
    const generated = generate(kernel, { ...SOFTWARE, maxComputeWorkgroupsPerDimension: 5 });
    expect(generated.grid).toEqual([4, 3, 1]);
    const results = await runKernel(generated, { 0: new Uint32Array(length + 200).fill(UNTOUCHED) });
    expect([...results[0]]).toEqual(Array.from({ length: length + 200 }, (_, at) => (at < length ? at : UNTOUCHED)));
  });

  test('a guard lets the kernel run for one branch only, and loop counters are uniforms', async () => {
    const [outer, inner, i] = [variable('outer', 4), variable('inner', 10), variable('i', 6)];
    const value = plus(array(0, [4, 6])(outer, i), call('f32', 'float32')(indexExpr(inner, 'uint32')));
    const kernel = mapKernel({
      domain: [i],
      loops: [outer, inner],
      guard: { buffer: 7, branch: 2 },
      stores: [store(1, [10, 6], [inner, i], value)],
    });
    const generated = generate(kernel, SOFTWARE);
    expect(generated.code.loops).toBe(2);
    const a = noise(24);
    const run = async (branch: number): Promise<number[]> => {
      const contents = { 0: a, 1: new Float32Array(60), 7: Int32Array.of(branch) };
      return [...(await runKernel(generated, contents, [3, 8]))[1]];
    };
    const expected = new Array<number>(60).fill(0);
    for (let at = 0; at < 6; at++) expected[48 + at] = Math.fround(a[18 + at]! + 8);
    expect(await run(2)).toEqual(expected);
    expect(await run(1)).toEqual(new Array<number>(60).fill(0));
  });

  test('vectors: aligned operands four at a time, others one by one', async () => {
    const [P, Q] = [5, 24];
    const [p, q] = [variable('p', P), variable('q', Q)];
    const padded = loadExpr('float32', 0, flatten([p, add(q, constant(4))], [P, 28]));
    const strided = loadExpr('float32', 1, add(scale(q, 3), p));
    const row = array(2, [P])(p);
    const flag = array(3, [P, Q], 'bool')(p, q);
    const far = less(constantExpr('int32', 9), indexExpr(q, 'int32'));
    const value = plus(selectExpr(flag, padded, strided), row);
    const kernel = mapKernel({
      domain: [p, q],
      stores: [
        store(4, [P, Q], [p, q], value),
        store(5, [P, Q], [p, q], infix('&&')(flag, far)),
        store(6, [P, Q], [p, q], indexExpr(flatten([p, q], [P, Q]), 'int32')),
      ],
    });
    const generated = generateMap(kernel, SOFTWARE, VECTORS);
    const elements = [...generated.code.wgsl.matchAll(/> \w+: array<(.+)>;/g)].map((match) => match[1]);
    expect(generated.buffers.map((buffer, at) => `${buffer}: ${elements[at]}`)).toEqual([
      '3: vec4<u32>', '0: vec4<f32>', '1: f32', '2: f32', '4: vec4<f32>', '5: vec4<u32>', '6: vec4<i32>',
    ]);
    const [a, b, c] = [noise(P * 28), noise(3 * Q + P, 2), noise(P, 3)];
    const flags = Uint32Array.from({ length: P * Q }, (_, at) => at % 2);
    const results = await runKernel(generated, {
      0: a,
      1: b,
      2: c,
      3: flags,
      4: new Float32Array(P * Q),
      5: new Uint32Array(P * Q),
      6: new Int32Array(P * Q),
    });
    for (let x = 0; x < P; x++) {
      for (let y = 0; y < Q; y++) {
        const at = x * Q + y;
        const chosen = flags[at] !== 0 ? a[x * 28 + y + 4]! : b[3 * y + x]!;
        expect(results[4][at]).toBeCloseTo(chosen + c[x]!, 5);
        expect(results[5][at]).toBe(flags[at] !== 0 && y > 9 ? 1 : 0);
        expect(results[6][at]).toBe(at);
      }
    }
  });

  test('vectors in place, with a tail of workgroups', async () => {
    const length = 4 * 67;
    const i = variable('i', length);
    const x = array(0, [length])(i);
    const kernel = mapKernel({ domain: [i], stores: [store(0, [length], [i], times(x, x))] });
    const a = noise(length + 4);
    const results = await runKernel(generateMap(kernel, HARDWARE, VECTORS), { 0: a });
    expect([...results[0]]).toEqual([...a].map((value, at) => (at < length ? Math.fround(value * value) : value)));
  });

  test('divisions of indices are by literals', async () => {
    const i = variable('i', 60);
    const mixed = add(scale(modulo(i, 5), 12), divide(i, 5));
    const kernel = mapKernel({ domain: [i], stores: [{ buffer: 1, dtype: 'float32', index: mixed, value: array(0, [60])(i) }] });
    const a = noise(60);
    const results = await runKernel(generate(kernel, SOFTWARE), { 0: a, 1: blank(60) });
    const expected = blank(60);
    a.forEach((value, at) => (expected[(at % 5) * 12 + Math.floor(at / 5)] = value));
    expect(results[1]).toEqual(expected);
  });
});

function hexadecimal(bits: number): string {
  return bits.toString(16).padStart(8, '0');
}

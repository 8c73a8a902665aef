import { expect, test } from 'vitest';
import { generateContract } from '../../compiler/codegen/contract.ts';
import { generate } from '../../compiler/codegen/generate.ts';
import { chooseContractSchedule, type ContractSchedule } from '../../compiler/codegen/schedule.ts';
import type { ContractKernel } from '../../compiler/fuse/kernel.ts';
import { constantExpr, indexExpr, selectExpr } from '../../compiler/scalar/expression.ts';
import { add, constant, scale, variable } from '../../compiler/scalar/indices.ts';
import { describeOnGpu } from '../support/gpu.ts';
import {
  HARDWARE, SOFTWARE, array, blank, call, contractKernel, expectClose, infix, less, noise, plus, reduced, store, times,
} from '../support/kernels.ts';
import { runKernel } from '../support/run-kernel.ts';

interface Sizes {
  readonly batch: number;
  readonly m: number;
  readonly n: number;
  readonly k: number;
}

/** lhs[batch, m, k] times rhs[batch, k, n] or rhs[batch, n, k]: the product, and relu of the product plus a bias. */
function matmul({ batch, m, n, k }: Sizes, transposed = false): ContractKernel {
  const [b, i, j, l] = [variable('b0', batch), variable('m0', m), variable('n0', n), variable('k0', k)];
  const rhs = transposed ? array(1, [batch, n, k])(b, j, l) : array(1, [batch, k, n])(b, l, j);
  const shape = [batch, m, n];
  return contractKernel({
    batch: [b],
    m: [i],
    n: [j],
    k: [l],
    lhs: array(0, [batch, m, k])(b, i, l),
    rhs,
    stores: [
      store(3, shape, [b, i, j], reduced(0)),
      store(4, shape, [b, i, j], call('max')(plus(reduced(0), array(2, [n])(j)), constantExpr('float32', 0))),
    ],
  });
}

async function checkMatmul(sizes: Sizes, transposed: boolean, schedule?: ContractSchedule): Promise<void> {
  const { batch, m, n, k } = sizes;
  const kernel = matmul(sizes, transposed);
  const generated = schedule === undefined ? generate(kernel, SOFTWARE) : generateContract(kernel, HARDWARE, schedule);
  const [a, b, bias] = [noise(batch * m * k), noise(batch * k * n, 2), noise(n, 3)];
  const size = batch * m * n;
  const results = await runKernel(generated, { 0: a, 1: b, 2: bias, 3: blank(size), 4: blank(size) });
  const [products, activated] = [blank(size), blank(size)];
  for (let at = 0; at < size; at++) {
    const [s, i, j] = [Math.floor(at / (m * n)), Math.floor(at / n) % m, at % n];
    let total = 0;
    for (let l = 0; l < k; l++) total += a[(s * m + i) * k + l]! * b[transposed ? (s * n + j) * k + l : (s * k + l) * n + j]!;
    products[at] = total;
    activated[at] = Math.max(total + bias[j]!, 0);
  }
  expectClose(results[3], products, 1e-5);
  expectClose(results[4], activated, 1e-5);
}

const REGISTERS: readonly (Extract<ContractSchedule, { kind: 'registers' }>)[] = [
  { kind: 'registers', m: 8, n: 8, workgroup: 16 },
  { kind: 'registers', m: 4, n: 4, workgroup: 4 },
  { kind: 'registers', m: 1, n: 8, workgroup: 16 },
  { kind: 'registers', m: 3, n: 2, workgroup: 16 },
];

/** The shape of the schedules for hardware, at sizes that software runs fast. */
const TILES: ContractSchedule = { kind: 'tiles', tile: { m: 16, n: 8 }, depth: 4, own: { m: 4, n: 4 } };

describeOnGpu('contract kernels', () => {
  test.each([
    { batch: 1, m: 1, n: 1, k: 1 },
    { batch: 1, m: 3, n: 5, k: 7 },
    { batch: 2, m: 16, n: 16, k: 70 },
    { batch: 1, m: 37, n: 41, k: 43 },
    { batch: 1, m: 1, n: 300, k: 130 },
    { batch: 1, m: 300, n: 2, k: 130 },
    { batch: 1, m: 128, n: 96, k: 101 },
  ])('the schedule of the table for software: %o', async (sizes) => {
    await checkMatmul(sizes, false);
  });

  test.each(REGISTERS)('rectangles of $m by $n', async (schedule) => {
    await checkMatmul({ batch: 3, m: 17, n: 19, k: 23 }, false, schedule);
    await checkMatmul({ batch: 1, m: 24, n: 16, k: 1 }, true, schedule);
  });

  test('tiles in workgroup memory', async () => {
    await checkMatmul({ batch: 1, m: 37, n: 20, k: 22 }, false, TILES);
    await checkMatmul({ batch: 2, m: 32, n: 5, k: 8 }, true, TILES);
  });

  test('the tiles of the table for hardware', async () => {
    const kernel = matmul({ batch: 1, m: 65, n: 64, k: 17 }, false);
    const schedule = chooseContractSchedule(kernel, HARDWARE);
    expect(schedule.kind).toBe('tiles');
    await checkMatmul({ batch: 1, m: 65, n: 64, k: 17 }, false, schedule);
  }, 60_000);

  test('a convolution: several variables per role, with a mask', async () => {
    const [height, width, inputs, outputs] = [6, 7, 3, 5];
    const [y, x, o] = [variable('m0', height), variable('m1', width), variable('n0', outputs)];
    const [dy, dx, c] = [variable('k0', 3), variable('k1', 3), variable('k2', inputs)];
    const [row, column] = [add(add(y, dy), constant(-1)), add(add(x, dx), constant(-1))];
    const small = (index: typeof row, extent: number) => less(indexExpr(index, 'uint32'), constantExpr('uint32', extent));
    const inside = infix('&&')(small(row, height), small(column, width));
    const padded = array(0, [height + 2, width + 2, inputs])(add(y, dy), add(x, dx), c);
    const kernel = contractKernel({
      m: [y, x],
      n: [o],
      k: [dy, dx, c],
      lhs: selectExpr(inside, padded, constantExpr('float32', 0)),
      rhs: array(1, [3, 3, inputs, outputs])(dy, dx, c, o),
      stores: [store(2, [height, width, outputs], [y, x, o], reduced(0))],
    });
    const image = noise((height + 2) * (width + 2) * inputs);
    const filter = noise(9 * inputs * outputs, 2);
    const expected = blank(height * width * outputs);
    for (let at = 0; at < height * width * outputs; at++) {
      const [i, j, out] = [Math.floor(at / (width * outputs)), Math.floor(at / outputs) % width, at % outputs];
      let total = 0;
      for (let u = 0; u < 3; u++) {
        for (let v = 0; v < 3; v++) {
          const [p, q] = [i + u - 1, j + v - 1];
          if (p < 0 || p >= height || q < 0 || q >= width) continue;
          const [pixel, weight] = [((i + u) * (width + 2) + j + v) * inputs, (u * 3 + v) * inputs];
          for (let l = 0; l < inputs; l++) total += image[pixel + l]! * filter[(weight + l) * outputs + out]!;
        }
      }
      expected[at] = total;
    }
    for (const schedule of [{ kind: 'dot' }, REGISTERS[1]!, TILES] as const) {
      const generated = generateContract(kernel, HARDWARE, schedule);
      const results = await runKernel(generated, { 0: image, 1: filter, 2: blank(height * width * outputs) });
      expectClose(results[2], expected, 1e-5);
    }
  });

  test('integers wrap, and the result may be written over an operand of the epilogue', async () => {
    const [m, n, k] = [9, 10, 11];
    const [i, j, l] = [variable('m0', m), variable('n0', n), variable('k0', k)];
    const previous = array(2, [m, n], 'int32')(i, j);
    const kernel = contractKernel({
      m: [i],
      n: [j],
      k: [l],
      accumulator: 'int32',
      lhs: array(0, [m, k], 'int32')(i, l),
      rhs: array(1, [k, n], 'int32')(l, j),
      stores: [store(2, [m, n], [i, j], plus(previous, times(reduced(0, 'int32'), constantExpr('int32', -3))))],
    });
    const integers = (length: number, seed: number): Int32Array<ArrayBuffer> =>
      Int32Array.from(noise(length, seed), (value) => value * 2 ** 31);
    const [a, b, c] = [integers(m * k, 1), integers(k * n, 2), integers(m * n, 3)];
    const expected = Int32Array.from(c, (value, at) => {
      let total = 0;
      for (let s = 0; s < k; s++) total = (total + Math.imul(a[Math.floor(at / n) * k + s]!, b[s * n + (at % n)]!)) | 0;
      return (value + Math.imul(total, -3)) | 0;
    });
    for (const schedule of [{ kind: 'dot' }, REGISTERS[0]!] as const) {
      const results = await runKernel(generateContract(kernel, HARDWARE, schedule), { 0: a, 1: b, 2: c });
      expect(results[2]).toEqual(expected);
    }
  });

  test('an operand with a strided and reversed index', async () => {
    const [m, n, k] = [12, 8, 30];
    const [i, j, l] = [variable('m0', m), variable('n0', n), variable('k0', k)];
    const reversed = array(0, [m, 2 * k])(i, add(constant(2 * k - 1), scale(l, -2)));
    const kernel = contractKernel({
      m: [i],
      n: [j],
      k: [l],
      lhs: reversed,
      rhs: array(1, [n, k])(j, l),
      stores: [store(2, [n, m], [j, i], reduced(0))],
    });
    const [a, b] = [noise(m * 2 * k), noise(n * k, 2)];
    const expected = blank(m * n);
    for (let at = 0; at < m * n; at++) {
      let total = 0;
      for (let s = 0; s < k; s++) total += a[(at % m) * 2 * k + 2 * k - 1 - 2 * s]! * b[Math.floor(at / m) * k + s]!;
      expected[at] = total;
    }
    const results = await runKernel(generateContract(kernel, SOFTWARE, REGISTERS[0]), { 0: a, 1: b, 2: blank(m * n) });
    expectClose(results[2], expected, 1e-5);
  });
});

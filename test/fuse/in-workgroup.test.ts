/** Scans that one kernel runs for hardware, each of its workgroups a row; here on whatever adapter there is. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { compile, fuse } from '../../compiler/compile.ts';
import type { HostArray } from '../../compiler/dtype.ts';
import type { Builder } from '../../compiler/ir/builder.ts';
import type { Atom, Aval, Jaxpr, Var } from '../../compiler/ir/jaxpr.ts';
import { optimize } from '../../compiler/optimize/pipeline.ts';
import { DEFAULT_PROFILE, countDispatches } from '../../compiler/program.ts';
import { linearizeJaxpr } from '../../compiler/transforms/linearize.ts';
import { DERIVATIVE_PASSES } from '../../compiler/transforms/passes.ts';
import { arraysOf } from '../support/arrays.ts';
import { along, float32, int32, jaxprOf, matmul, moments } from '../support/jaxprs.ts';
import { SOFTWARE } from '../support/kernels.ts';
import { rowLocal } from '../support/lane-local.ts';
import { profileIsReference } from '../support/program-laws.ts';
import { property } from '../support/property.ts';
import { useWgsl } from '../support/wgsl.ts';

const wgsl = useWgsl();

type Step = (o: Builder, ...inputs: Var[]) => Atom | readonly Atom[];

/** A scan over `length` steps whose types are `consts`, carries and slices. */
function scanOf(consts: readonly Aval[], carries: readonly Aval[], xs: readonly Aval[], length: number, step: Step): Jaxpr {
  const body = jaxprOf([...consts, ...carries, ...xs], step);
  const stacked = xs.map(({ shape }) => float32(length, ...shape));
  return jaxprOf([...consts, ...carries, ...stacked], (o, ...inputs) => {
    const counts = { numConsts: consts.length, numCarry: carries.length };
    return o.scan(...inputs, { jaxpr: body, length, reverse: length % 2 === 0, ...counts });
  });
}

/** A simple recurrent cell. */
function rnn(rows: number, width: number, length: number): Jaxpr {
  return scanOf([float32(width, width)], [float32(rows, width)], [float32(rows, width)], length, (o, w, h, x) => {
    const next = o.tanh(o.add(matmul(o, h!, w!), x!));
    return [next, next];
  });
}

/** A gated recurrent unit whose gates are stacked, and read again in the same step. */
function gru(rows: number, width: number, length: number): Jaxpr {
  const weights = [float32(width, 2 * width), float32(width, width)];
  return scanOf(weights, [float32(rows, width)], [float32(rows, 3 * width)], length, (o, w, v, h, x) => {
    const part = (y: Atom, k: number): Atom => {
      const [startIndices, limitIndices] = [[0, k * width], [rows, (k + 1) * width]];
      return o.slice(y, { startIndices, limitIndices, strides: [1, 1] });
    };
    const input = (k: number): Atom => part(x!, k);
    const both = matmul(o, h!, w!);
    const [r, z] = [0, 1].map((k) => o.logistic(o.add(input(k), part(both, k))));
    const n = o.tanh(o.add(input(2), matmul(o, o.mul(r!, h!), v!)));
    return [o.add(o.mul(z!, h!), o.mul(o.sub(1, z!), n)), r!, z!, n];
  });
}

function lowered(jaxpr: Jaxpr): string[] {
  return fuse(jaxpr, DEFAULT_PROFILE).lowerings.map(({ chosen, reason }) => `${chosen}: ${reason}`);
}

async function computes(jaxpr: Jaxpr): Promise<void> {
  expect(lowered(jaxpr)[0]).toMatch(/^in-workgroup: /);
  expect(countDispatches(compile(jaxpr, DEFAULT_PROFILE, 'f').program.steps)).toBe(1);
  await profileIsReference({ jaxpr, inputs: drawn(jaxpr) }, wgsl.device, DEFAULT_PROFILE);
}

function drawn(jaxpr: Jaxpr): HostArray[] {
  return fc.sample(arraysOf(jaxpr.inputs.map(({ aval }) => aval), { low: -1, high: 1 }), { numRuns: 1, seed: 5 })[0]!;
}

test('a recurrent cell is one dispatch, and says why', async () => {
  const jaxpr = rnn(3, 8, 5);
  const reason = 'each of 3 rows depends on itself only, and its state fits into workgroup memory';
  expect(lowered(jaxpr)).toEqual([`in-workgroup: carry 0 goes through dot_general, but ${reason}`]);
  await computes(jaxpr);
});

test('a gated unit reads again what it has stacked', () => computes(gru(3, 8, 4)));

test('forwards and backwards, of a loss of all outputs', async () => {
  const cell = rnn(3, 8, 5);
  const loss = jaxprOf(cell.inputs.map(({ aval }) => aval), (o, ...inputs) => {
    const [, all] = o.jit(...inputs, { jaxpr: cell, name: 'cell' }) as readonly Atom[];
    return o.reduceSum(o.square(all!), { axes: [0, 1, 2] });
  });
  const everything = loss.inputs.map(() => true);
  const { primal, linear } = linearizeJaxpr(loss, everything, [true]);
  const tangents = linear.inputs.map((_, i) => i >= linear.inputs.length - everything.length);
  const backwards = optimize(DERIVATIVE_PASSES.transpose(linear, tangents, [true], everything).jaxpr);
  for (const half of [optimize(primal), backwards]) {
    expect(lowered(half)).toEqual([expect.stringMatching(/^in-workgroup: /)]);
    await profileIsReference({ jaxpr: half, inputs: drawn(half) }, wgsl.device, DEFAULT_PROFILE);
  }
});

test('more elements than invocations', () => computes(rnn(2, 300, 3)));

test('a carry without rows is one workgroup', async () => {
  await computes(scanOf([float32(8, 8)], [float32(8)], [float32(8)], 3, (o, w, h, x) => {
    return o.tanh(o.add(o.dotGeneral(h!, w!, { dimensionNumbers: [[[0], [0]], [[], []]] }), x!));
  }));
});

test('reductions of a row, and a counter beside the rows, which one workgroup stores', async () => {
  await computes(scanOf([float32(8, 8)], [float32(3, 8), int32()], [], 4, (o, w, h, i) => {
    const y = matmul(o, h!, w!);
    const [mean, variance] = moments(o, y, 1);
    const normal = o.mul(o.sub(y, along(o, 0, mean, y)), along(o, 0, o.rsqrt(o.add(variance, 1)), y));
    return [o.tanh(normal), o.add(i!, 1), i!, mean];
  }));
});

property('random scans within workgroups', [rowLocal], (scan) => profileIsReference(scan, wgsl.device, DEFAULT_PROFILE), 20);

describe('kernels are dispatched in every step', () => {
  test('on software, where barriers are dear', () => {
    expect(fuse(rnn(3, 8, 5), SOFTWARE).lowerings.map(({ reason }) => reason)).toEqual(['carry 0 goes through dot_general']);
  });

  test('when rows are not independent', () => {
    const jaxpr = scanOf([], [float32(3, 8)], [], 5, (o, h) => o.sub(h!, along(o, 1, moments(o, h!, 0)[0], h!)));
    expect(lowered(jaxpr)).toEqual([
      'encoded: carry 0 goes through reduce_sum, and in workgroups reduce_sum_div_sub computes rows from one another',
    ]);
  });

  test('when the weights are many, or the state is large', () => {
    const many = 'encoded: carry 0 goes through dot_general, and in workgroups every row would read the weights for itself';
    expect(lowered(rnn(256, 1024, 5))).toEqual([many]);
    expect(lowered(rnn(3, 4096, 5))[0]).toMatch(/the state of a row takes \d+ bytes of workgroup memory$/);
  });
});

test('the WGSL of a recurrent cell', () => {
  const [kernel] = compile(rnn(2, 4, 3), DEFAULT_PROFILE, 'f').program.kernels;
  expect(kernel!.wgsl.slice(kernel!.wgsl.indexOf('@compute'))).toMatchInlineSnapshot(`
    "@compute @workgroup_size(4)
    fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
      let id = group.x;
      if (lane < 4u) {
        shared0[lane] = x3[id * 4u + lane];
      }
      workgroupBarrier();
      for (var t = 0u; t < 3u; t += 1u) {
        let parity = t % 2u;
        let at0 = parity * 4u;
        let at1 = id * 4u;
        let at2 = t * 8u;
        if (lane < 4u) {
          var acc0 = 0f;
          for (var k0 = 0u; k0 < 4u; k0 += 1u) {
            acc0 = acc0 + shared0[k0 + at0] * x0[k0 * 4u + lane];
          }
          let at3 = at1 + lane + at2;
          let v0 = tanh_f32(acc0 + x1[at3]);
          shared0[lane - parity * 4u + 4u] = v0;
          y2[at3] = v0;
        }
        workgroupBarrier();
      }
      if (lane < 4u) {
        y4[id * 4u + lane] = shared0[4u + lane];
      }
    }
    "
  `);
});

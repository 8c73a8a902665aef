/** The WGSL of small maps and reductions, as it is read. */
import { describe, expect, test } from 'vitest';
import { generate } from '../../compiler/codegen/generate.ts';
import type { RowKernel } from '../../compiler/fuse/kernel.ts';
import { constantExpr, indexExpr, selectExpr } from '../../compiler/scalar/expression.ts';
import { add, constant, scale, variable } from '../../compiler/scalar/indices.ts';
import {
  HARDWARE, SOFTWARE, array, exp, less, mapKernel, minus, over, plus, reduced, rowKernel, stage, store, times,
} from '../support/kernels.ts';

describe('the WGSL of maps and reductions', () => {
  test('a map names what it uses twice', () => {
    const i = variable('i', 1000);
    const x = array(0, [1000])(i);
    const square = times(x, x);
    const value = plus(square, over(constantExpr('float32', 0.1), square));
    const kernel = mapKernel({ label: 'mul, add', domain: [i], stores: [store(1, [1000], [i], value)] });
    expect(generate(kernel, SOFTWARE).code.wgsl).toMatchInlineSnapshot(`
      "@group(0) @binding(0) var<storage, read> x0: array<f32>;
      @group(0) @binding(1) var<storage, read_write> y1: array<f32>;

      @compute @workgroup_size(64)
      fn main(@builtin(global_invocation_id) thread: vec3u) {
        let id = thread.x;
        if (id >= 1000u) { return; }
        let v0 = x0[id];
        let v1 = v0 * v0;
        y1[id] = v1 + (0.1f / v1);
      }
      "
    `);
  });

  test('a map over a long array handles four elements at once', () => {
    const i = variable('i', 2 ** 20);
    const [x, y] = [array(0, [2 ** 20]), array(1, [2 ** 20])];
    const kernel = mapKernel({ label: 'add', domain: [i], stores: [store(2, [2 ** 20], [i], plus(x(i), y(i)))] });
    expect(generate(kernel, SOFTWARE).code.wgsl).toMatchInlineSnapshot(`
      "@group(0) @binding(0) var<storage, read> x0: array<vec4<f32>>;
      @group(0) @binding(1) var<storage, read> x1: array<vec4<f32>>;
      @group(0) @binding(2) var<storage, read_write> y2: array<vec4<f32>>;

      @compute @workgroup_size(64)
      fn main(@builtin(global_invocation_id) thread: vec3u) {
        let id = thread.x;
        let v0 = x0[id];
        let v1 = x1[id];
        y2[id] = vec4<f32>(v0.x + v1.x, v0.y + v1.y, v0.z + v1.z, v0.w + v1.w);
      }
      "
    `);
  });

  test('a padded, reversed operand under a guard in a loop', () => {
    const [t, r, c] = [variable('t', 5), variable('r', 4), variable('c', 6)];
    const inside = less(indexExpr(add(c, constant(-1)), 'uint32'), constantExpr('uint32', 4));
    const reversed = array(0, [5, 6])(t, add(constant(5), scale(c, -1)));
    const kernel = mapKernel({
      label: 'pad',
      loops: [t],
      guard: { buffer: 3, branch: 1 },
      domain: [r, c],
      stores: [store(1, [4, 6], [r, c], selectExpr(inside, reversed, constantExpr('float32', -Infinity)))],
    });
    expect(generate(kernel, SOFTWARE).code.wgsl).toMatchInlineSnapshot(`
      "@group(0) @binding(0) var<storage, read> x0: array<i32>;
      @group(0) @binding(1) var<storage, read> x1: array<f32>;
      @group(0) @binding(2) var<storage, read_write> y2: array<f32>;
      @group(1) @binding(0) var<uniform> t0: u32;

      @compute @workgroup_size(24)
      fn main(@builtin(global_invocation_id) thread: vec3u) {
        if (x0[0] != 1i) { return; }
        let id = thread.x;
        let c = id % 6u;
        let c0 = 0xff800000u;
        let r = id / 6u;
        y2[c + r * 6u] = select(bitcast<f32>(c0), x1[t0 * 6u - c + 5u], (c - 1u) < 4u);
      }
      "
    `);
  });

  test('a softmax on software: one invocation per row', () => {
    expect(generate(softmax(), SOFTWARE).code.wgsl).toMatchInlineSnapshot(`
      "@group(0) @binding(0) var<storage, read> x0: array<f32>;
      @group(0) @binding(1) var<storage, read_write> y1: array<f32>;

      fn inf_f32() -> f32 {
        let bits = 0x7f800000u;
        return bitcast<f32>(bits);
      }

      fn is_nan_f32(x: f32) -> bool {
        return (bitcast<u32>(x) & 0x7fffffffu) > 0x7f800000u;
      }

      fn max_f32(x: f32, y: f32) -> f32 {
        return select(select(max(x, y), y, is_nan_f32(y)), x, is_nan_f32(x));
      }

      @compute @workgroup_size(16)
      fn main(@builtin(global_invocation_id) thread: vec3u) {
        let id = thread.x;
        if (id >= 33u) { return; }
        var acc0 = -inf_f32();
        let at0 = id * 100u;
        for (var c = 0u; c < 100u; c += 1u) {
          let at1 = c + at0;
          let v0 = x0[at1];
          acc0 = max_f32(acc0, v0);
        }
        var acc1 = 0f;
        for (var c = 0u; c < 100u; c += 1u) {
          let at1 = c + at0;
          let v0 = x0[at1];
          let v1 = exp(v0 - acc0);
          acc1 = acc1 + v1;
        }
        for (var c = 0u; c < 100u; c += 1u) {
          let at1 = c + at0;
          let v0 = x0[at1];
          let v1 = exp(v0 - acc0);
          y1[at1] = v1 / acc1;
        }
      }
      "
    `);
  });

  test('a softmax on hardware: a team per row', () => {
    expect(generate(softmax(), HARDWARE).code.wgsl).toMatchInlineSnapshot(`
      "@group(0) @binding(0) var<storage, read> x0: array<f32>;
      @group(0) @binding(1) var<storage, read_write> y1: array<f32>;
      var<workgroup> shared0: array<f32, 128>;
      var<workgroup> shared1: array<f32, 128>;

      fn inf_f32() -> f32 {
        let bits = 0x7f800000u;
        return bitcast<f32>(bits);
      }

      fn is_nan_f32(x: f32) -> bool {
        return (bitcast<u32>(x) & 0x7fffffffu) > 0x7f800000u;
      }

      fn max_f32(x: f32, y: f32) -> f32 {
        return select(select(max(x, y), y, is_nan_f32(y)), x, is_nan_f32(x));
      }

      @compute @workgroup_size(128)
      fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
        let id = group.x;
        let row = id * 4u + lane / 32u;
        let row_1 = min(row, 32u);
        let member = lane % 32u;
        var acc0 = -inf_f32();
        let at0 = row_1 * 100u;
        for (var turn = 0u; turn < 4u; turn += 1u) {
          let column = turn * 32u + member;
          if (column < 100u) {
            let at1 = column + at0;
            let v0 = x0[at1];
            acc0 = max_f32(acc0, v0);
          }
        }
        shared0[lane] = acc0;
        workgroupBarrier();
        for (var round = 0u; round < 5u; round += 1u) {
          let half = 16u >> round;
          if (member < half) {
            let other = lane + half;
            shared0[lane] = max_f32(shared0[lane], shared0[other]);
          }
          workgroupBarrier();
        }
        let first = lane - member;
        let total0 = shared0[first];
        var acc1 = 0f;
        for (var turn = 0u; turn < 4u; turn += 1u) {
          let column = turn * 32u + member;
          if (column < 100u) {
            let at1 = column + at0;
            let v0 = x0[at1];
            let v1 = exp(v0 - total0);
            acc1 = acc1 + v1;
          }
        }
        shared1[lane] = acc1;
        workgroupBarrier();
        for (var round = 0u; round < 5u; round += 1u) {
          let half = 16u >> round;
          if (member < half) {
            let other = lane + half;
            shared1[lane] = shared1[lane] + shared1[other];
          }
          workgroupBarrier();
        }
        let total1 = shared1[first];
        if (row < 33u) {
          for (var turn = 0u; turn < 4u; turn += 1u) {
            let column = turn * 32u + member;
            if (column < 100u) {
              let at1 = column + at0;
              let v0 = x0[at1];
              let v1 = exp(v0 - total0);
              y1[at1] = v1 / total1;
            }
          }
        }
      }
      "
    `);
  });

  test('half floats are accumulated in single precision', () => {
    const [r, c] = [variable('r', 4), variable('c', 8)];
    const kernel = rowKernel({
      label: 'reduce_sum',
      rows: [r],
      columns: [c],
      stages: [stage('sum', array(0, [4, 8], 'float16')(r, c))],
      rowStores: [store(1, [4], [r], plus(reduced(0, 'float16'), constantExpr('float16', 1)))],
    });
    expect(generate(kernel, { ...SOFTWARE, float16: true }).code.wgsl).toMatchInlineSnapshot(`
      "enable f16;

      @group(0) @binding(0) var<storage, read> x0: array<f16>;
      @group(0) @binding(1) var<storage, read_write> y1: array<f16>;

      @compute @workgroup_size(4)
      fn main(@builtin(global_invocation_id) thread: vec3u) {
        let id = thread.x;
        var acc0 = 0f;
        let at0 = id * 8u;
        for (var c = 0u; c < 8u; c += 1u) {
          acc0 = acc0 + f32(x0[c + at0]);
        }
        let v0 = f16(acc0);
        y1[id] = v0 + 1h;
      }
      "
    `);
  });

  test('equal kernels give equal texts', () => {
    expect(generate(softmax(), HARDWARE)).toEqual(generate(softmax(), HARDWARE));
  });
});

function softmax(): RowKernel {
  const [r, c] = [variable('r', 33), variable('c', 100)];
  const shape = [33, 100];
  const x = array(0, shape)(r, c);
  const e = exp(minus(x, reduced(0)));
  return rowKernel({
    label: 'softmax',
    rows: [r],
    columns: [c],
    stages: [stage('max', x), stage('sum', e)],
    elementStores: [store(1, shape, [r, c], over(e, reduced(1)))],
  });
}

/** The WGSL of small matrix products, as it is read. */
import { describe, expect, test } from 'vitest';
import { generate } from '../../compiler/codegen/generate.ts';
import type { ContractKernel } from '../../compiler/fuse/kernel.ts';
import { variable } from '../../compiler/scalar/indices.ts';
import { HARDWARE, SOFTWARE, array, contractKernel, plus, reduced, store } from '../support/kernels.ts';

describe('the WGSL of contractions', () => {
  test('a small matrix product: one dot product per invocation', () => {
    expect(generate(dense(6, 5, 7), SOFTWARE).code.wgsl).toMatchInlineSnapshot(`
      "@group(0) @binding(0) var<storage, read> x0: array<f32>;
      @group(0) @binding(1) var<storage, read> x1: array<f32>;
      @group(0) @binding(2) var<storage, read> x2: array<f32>;
      @group(0) @binding(3) var<storage, read_write> y3: array<f32>;

      @compute @workgroup_size(16)
      fn main(@builtin(global_invocation_id) thread: vec3u) {
        let id = thread.x;
        if (id >= 30u) { return; }
        var acc0 = 0f;
        let m = id / 5u;
        let at0 = m * 7u;
        let n = id % 5u;
        for (var k = 0u; k < 7u; k += 1u) {
          acc0 = acc0 + x0[k + at0] * x1[k * 5u + n];
        }
        y3[m * 5u + n] = acc0 + x2[n];
      }
      "
    `);
  });

  test('a matrix product on software: a rectangle per invocation', () => {
    expect(generate(dense(37, 64, 41), SOFTWARE).code.wgsl).toMatchInlineSnapshot(`
      "@group(0) @binding(0) var<storage, read> x0: array<f32>;
      @group(0) @binding(1) var<storage, read> x1: array<f32>;
      @group(0) @binding(2) var<storage, read> x2: array<f32>;
      @group(0) @binding(3) var<storage, read_write> y3: array<f32>;

      @compute @workgroup_size(16)
      fn main(@builtin(global_invocation_id) thread: vec3u) {
        let id = thread.x;
        let down = id / 16u;
        let first0 = down * 4u;
        let across = id % 16u;
        let first1 = across * 4u;
        let m = min(first0 + 1u, 36u);
        let m_1 = min(first0 + 2u, 36u);
        let m_2 = min(first0 + 3u, 36u);
        let n = first1 + 1u;
        let n_1 = first1 + 2u;
        let n_2 = first1 + 3u;
        var acc0 = vec4<f32>();
        var acc1 = vec4<f32>();
        var acc2 = vec4<f32>();
        var acc3 = vec4<f32>();
        let at0 = first0 * 41u;
        let at1 = m * 41u;
        let at2 = m_1 * 41u;
        let at3 = m_2 * 41u;
        for (var k = 0u; k < 41u; k += 1u) {
          let v0 = x0[k + at0];
          let v1 = x0[k + at1];
          let v2 = x0[k + at2];
          let v3 = x0[k + at3];
          let r0 = vec4<f32>(x1[k * 64u + first1], x1[k * 64u + n], x1[k * 64u + n_1], x1[k * 64u + n_2]);
          acc0 += v0 * r0;
          acc1 += v1 * r0;
          acc2 += v2 * r0;
          acc3 += v3 * r0;
        }
        var results = array<vec4<f32>, 4>(acc0, acc1, acc2, acc3);
        for (var i = 0u; i < 4u; i += 1u) {
          let at = first0 + i;
          if (at < 37u) {
            let at4 = at * 64u;
            for (var j = 0u; j < 4u; j += 1u) {
              let at_1 = first1 + j;
              let v0 = results[i][j];
              y3[at4 + at_1] = v0 + x2[at_1];
            }
          }
        }
      }
      "
    `);
  });

  test('a matrix product on hardware: tiles in workgroup memory', () => {
    expect(generate(dense(32, 48, 100), HARDWARE).code.wgsl).toMatchInlineSnapshot(`
      "@group(0) @binding(0) var<storage, read> x0: array<f32>;
      @group(0) @binding(1) var<storage, read> x1: array<f32>;
      @group(0) @binding(2) var<storage, read> x2: array<f32>;
      @group(0) @binding(3) var<storage, read_write> y3: array<f32>;
      var<workgroup> shared0: array<f32, 1024>;
      var<workgroup> shared1: array<f32, 1024>;

      @compute @workgroup_size(64)
      fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
        let id = group.x;
        let first0 = id * 32u;
        let down = lane / 8u * 4u;
        let right = lane % 8u * 4u;
        let first = first0 + right;
        var acc0 = vec4<f32>();
        var acc1 = vec4<f32>();
        var acc2 = vec4<f32>();
        var acc3 = vec4<f32>();
        for (var turn = 0u; turn < 4u; turn += 1u) {
          let first_k = turn * 32u;
          for (var part = 0u; part < 16u; part += 1u) {
            let element = part * 64u + lane;
            let position = element / 32u;
            let layer = element % 32u;
            let k = first_k + layer;
            let k_1 = min(k, 99u);
            shared0[layer * 32u + position] = select(0f, x0[k_1 + position * 100u], k < 100u);
          }
          for (var part = 0u; part < 16u; part += 1u) {
            let element = part * 64u + lane;
            let layer = element / 32u;
            let position = element % 32u;
            let at = min(first0 + position, 47u);
            let k = first_k + layer;
            let k_1 = min(k, 99u);
            shared1[layer * 32u + position] = select(0f, x1[k_1 * 48u + at], k < 100u);
          }
          workgroupBarrier();
          for (var layer = 0u; layer < 32u; layer += 1u) {
            let column = layer * 32u + down;
            let row = layer * 32u + right;
            let v0 = shared0[column];
            let v1 = shared0[column + 1u];
            let v2 = shared0[column + 2u];
            let v3 = shared0[column + 3u];
            let r0 = vec4<f32>(shared1[row], shared1[row + 1u], shared1[row + 2u], shared1[row + 3u]);
            acc0 += v0 * r0;
            acc1 += v1 * r0;
            acc2 += v2 * r0;
            acc3 += v3 * r0;
          }
          workgroupBarrier();
        }
        var results = array<vec4<f32>, 4>(acc0, acc1, acc2, acc3);
        for (var i = 0u; i < 4u; i += 1u) {
          let at = down + i;
          let at0 = at * 48u;
          for (var j = 0u; j < 4u; j += 1u) {
            let at_1 = first + j;
            if (at_1 < 48u) {
              let v0 = results[i][j];
              y3[at0 + at_1] = v0 + x2[at_1];
            }
          }
        }
      }
      "
    `);
  });
});

function dense(m: number, n: number, k: number): ContractKernel {
  const [i, j, l] = [variable('m', m), variable('n', n), variable('k', k)];
  return contractKernel({
    label: 'dot_general, add',
    m: [i],
    n: [j],
    k: [l],
    lhs: array(0, [m, k])(i, l),
    rhs: array(1, [k, n])(l, j),
    stores: [store(3, [m, n], [i, j], plus(reduced(0), array(2, [n])(j)))],
  });
}

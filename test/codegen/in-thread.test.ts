/** The WGSL of a loop within threads, as it is read. */
import { expect, test } from 'vitest';
import { compile } from '../../compiler/compile.ts';
import { aval } from '../../compiler/ir/jaxpr.ts';
import type { Atom, Jaxpr } from '../../compiler/ir/jaxpr.ts';
import { DEFAULT_PROFILE } from '../../compiler/program.ts';
import { float32, int32, jaxprOf } from '../support/jaxprs.ts';

function wgslOf(jaxpr: Jaxpr): string[] {
  return compile(jaxpr, DEFAULT_PROFILE, 'f').program.kernels.map(({ wgsl }) => wgsl);
}

test('a leaky integrator, from zeros and backwards, of which only the stack is wanted', () => {
  const body = jaxprOf([float32(), float32(100), float32(100)], (o, decay, h, x) => {
    const next = o.add(o.mul(h!, o.exp(decay!)), x!);
    return [next, o.square(next)];
  });
  const jaxpr = jaxprOf([float32(), float32(8, 100)], (o, decay, xs) => {
    const params = { jaxpr: body, length: 8, reverse: true, numConsts: 1, numCarry: 1 };
    const [, stacked] = o.scan(decay!, o.full(0, float32(100)), xs!, params) as readonly Atom[];
    return stacked!;
  });
  expect(wgslOf(jaxpr)).toMatchInlineSnapshot(`
    [
      "@group(0) @binding(0) var<storage, read> x0: array<f32>;
    @group(0) @binding(1) var<storage, read> x1: array<f32>;
    @group(0) @binding(2) var<storage, read_write> y2: array<f32>;

    fn scale_f32(x: f32, k: i32) -> f32 {
      let half = k >> 1u;
      return (x * bitcast<f32>(u32(half + 127) << 23u)) * bitcast<f32>(u32(k - half + 127) << 23u);
    }

    fn expm1_reduced(r: f32) -> f32 {
      return r + (r * r) * ((((0.0013946424 * r + 0.00836658) * r + 0.041666284) * r + 0.16666543) * r + 0.5);
    }

    fn exp_reduce(x: f32, k: f32) -> f32 {
      return (x - k * 0.693359375) - k * -0.00021219444;
    }

    fn inf_f32() -> f32 {
      let bits = 0x7f800000u;
      return bitcast<f32>(bits);
    }

    fn is_nan_f32(x: f32) -> bool {
      return (bitcast<u32>(x) & 0x7fffffffu) > 0x7f800000u;
    }

    fn exp_f32(x: f32) -> f32 {
      let c = clamp(x, -104.0, 89.0);
      let k = round(c * 1.442695);
      let y = scale_f32(1.0 + expm1_reduced(exp_reduce(c, k)), i32(k));
      return select(select(y, inf_f32(), x >= 88.72284), x, is_nan_f32(x));
    }

    @compute @workgroup_size(64)
    fn main(@builtin(global_invocation_id) thread: vec3u) {
      let id = thread.x;
      if (id >= 100u) { return; }
      var carry0 = 0f;
      let v0 = exp_f32(x0[0u]);
      for (var t = 0u; t < 8u; t += 1u) {
        let h0 = carry0;
        let at0 = id - t * 100u + 700u;
        let v1 = (h0 * v0) + x1[at0];
        y2[at0] = v1 * v1;
        carry0 = v1;
      }
    }
    ",
    ]
  `);
});

test('two carries that change places beside a counter, which one thread stores', () => {
  const carries = [float32(5), float32(5), int32(), aval('bool', [5])];
  const body = jaxprOf(carries, (o, a, b, i, on) => [b!, o.selectN(on!, a!, b!), o.add(i!, 1), o.lt(a!, b!), i!]);
  const jaxpr = jaxprOf(carries, (o, ...inputs) => {
    const params = { jaxpr: body, length: 3, reverse: false, numConsts: 0, numCarry: 4 };
    return (o.scan(...inputs, params) as readonly Atom[]).slice(1);
  });
  expect(wgslOf(jaxpr)).toMatchInlineSnapshot(`
    [
      "@group(0) @binding(0) var<storage, read> x0: array<f32>;
    @group(0) @binding(1) var<storage, read> x1: array<f32>;
    @group(0) @binding(2) var<storage, read> x2: array<i32>;
    @group(0) @binding(3) var<storage, read> x3: array<u32>;
    @group(0) @binding(4) var<storage, read_write> y4: array<i32>;
    @group(0) @binding(5) var<storage, read_write> y5: array<f32>;
    @group(0) @binding(6) var<storage, read_write> y6: array<i32>;
    @group(0) @binding(7) var<storage, read_write> y7: array<u32>;

    @compute @workgroup_size(5)
    fn main(@builtin(global_invocation_id) thread: vec3u) {
      let id = thread.x;
      var carry0 = x0[id];
      var carry1 = x1[id];
      var carry2 = x2[0u];
      var carry3 = x3[id] != 0u;
      for (var t = 0u; t < 3u; t += 1u) {
        let h0 = carry1;
        let h1 = carry3;
        let h2 = carry0;
        let v0 = select(h2, h0, h1);
        let h3 = carry2;
        let v1 = h3 + 1i;
        let v2 = h2 < h0;
        if (id == 0u) {
          y4[t] = h3;
        }
        carry0 = h0;
        carry1 = v0;
        carry2 = v1;
        carry3 = v2;
      }
      y5[id] = carry1;
      y7[id] = select(0u, 1u, carry3);
      if (id == 0u) {
        y6[0u] = carry2;
      }
    }
    ",
    ]
  `);
});

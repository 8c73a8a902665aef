/** inspect says what a call compiles to, and what it says is what the device then does. */
import { expect, test } from 'vitest';
import { inspect, jit, lax, nn, np } from '../../src/index.ts';
import type { Tensor } from '../../src/index.ts';
import { useWgsl } from '../support/wgsl.ts';

const wgsl = useWgsl();

function model(x: Tensor, w: Tensor): Tensor {
  const hidden = nn.softmax(x.matmul(w));
  const unused = hidden.tanh();
  expect(unused.shape).toEqual([4, 3]);
  return lax.scan((c: Tensor, row: Tensor) => [c.mul(0.5).add(row), c] as const, np.zeros([3]), hidden)[1];
}

test('passes, kernels, source lines, buffers, counts', async () => {
  const [x, w] = [np.ones([4, 5]), np.ones([5, 3])];
  const inspection = inspect(model)(x, w);
  expect(inspection.passes.map(({ name }) => name)).toContain('dce');
  expect(inspection.jaxpr.toString()).toContain('tanh');
  expect(inspection.optimized).not.toContain('tanh');
  for (const { wgsl: text, sources } of inspection.kernels) {
    expect(text).toMatch(/@compute @workgroup_size\(\d+/);
    expect(sources.length).toBeGreaterThan(0);
    for (const source of sources) expect(source).toMatch(/^test\/trace\/inspect\.test\.ts:\d+:\d+$/);
  }
  const f = jit(model);
  await f.compile(x, w);
  wgsl.reset();
  await f(x, w).data();
  expect(wgsl.counts.dispatches).toBe(inspection.dispatches);
  expect(f.stats().kernels).toBe(inspection.kernels.length);
});

test('its text is good reading', () => {
  const text = inspect(function smooth(x: Tensor) {
    return x.mul(x).add(1);
  })(np.ones([8])).toString();
  expect(text.replace(/inspect\.test\.ts:\d+:\d+/g, 'inspect.test.ts:LINE')).toMatchInlineSnapshot(`
    "smooth: 1 kernel, 1 dispatch, 1 submit a call; 1 input, 1 output, 0 temporaries in 0 bytes

    === jaxpr ===
    { lambda ; a:f32[8]. let
        b:f32[8] = mul a a
        c:f32[8] = add b 1.0:f32[]
      in (c,) }

    === passes ===
    no pass changed it

    === optimized ===
    { lambda ; a:f32[8]. let
        b:f32[8] = mul a a
        c:f32[8] = add b 1.0:f32[]
      in (c,) }

    === kernel 0: mul_add (map) ===
    // from test/trace/inspect.test.ts:LINE
    // from test/trace/inspect.test.ts:LINE
    @group(0) @binding(0) var<storage, read> x0: array<f32>;
    @group(0) @binding(1) var<storage, read_write> y1: array<f32>;

    @compute @workgroup_size(8)
    fn main(@builtin(global_invocation_id) thread: vec3u) {
      let id = thread.x;
      let v0 = x0[id];
      y1[id] = (v0 * v0) + 1f;
    }
    "
  `);
});

test('it works before init(), for the default limits of WebGPU', () => {
  expect(inspect((x: Tensor) => x.add(1))(np.ones([2])).kernels).toHaveLength(1);
});

import { test } from 'vitest';
import { fuse, compile } from '../../compiler/compile.ts';
import { kernelsOf } from '../../compiler/fuse/graph.ts';
import { DEFAULT_PROFILE } from '../../compiler/program.ts';
import { Builder } from '../../compiler/ir/builder.ts';
import { Var, aval } from '../../compiler/ir/jaxpr.ts';
import type { Atom } from '../../compiler/ir/jaxpr.ts';

const f = (s: number[]) => aval('float32', s);
const bc = (o: Builder, x: Atom, shape: readonly number[], dims: number[]) => o.broadcastInDim(x, { shape, broadcastDimensions: dims });

function block(o: Builder, x: Atom, key: Atom, w: Atom, b: Atom, scale: Atom, bias: Atom, mu: Atom, va: Atom) {
  const [B, F] = x.aval.shape as [number, number];
  const y0 = o.dotGeneral(x, w, { dimensionNumbers: [[[1], [0]], [[], []]] });
  const h = o.add(y0, bc(o, b, [B, F], [1]));
  const mean = o.div(o.reduceSum(h, { axes: [0] }), B);
  const mean2 = o.div(o.reduceSum(h, { axes: [0] }), B);
  const centred = o.sub(h, bc(o, mean2, [B, F], [1]));
  const v = o.div(o.reduceSum(o.square(centred), { axes: [0] }), B);
  const newMu = o.add(o.mul(mu, 0.95), o.mul(mean, 0.05));
  const newVa = o.add(o.mul(va, 0.95), o.mul(v, 0.05));
  const n = o.div(o.sub(h, bc(o, mean, [B, F], [1])), bc(o, o.sqrt(o.add(v, 1e-5)), [B, F], [1]));
  const z = o.add(o.mul(n, bc(o, scale, [B, F], [1])), bc(o, bias, [B, F], [1]));
  const inner = o.mul(0.7978845608, o.add(z, o.mul(0.044715, o.integerPow(z, { y: 3 }))));
  const g = o.mul(z, o.mul(0.5, o.add(1, o.tanh(inner))));
  const k0 = o.reshape(o.slice(key, { startIndices: [0], limitIndices: [1], strides: [1] }), { newSizes: [] });
  const k1 = o.reshape(o.slice(key, { startIndices: [1], limitIndices: [2], strides: [1] }), { newSizes: [] });
  const [a0, a1] = o.threefry2x32(k0, k1, o.literal(0, 'uint32'), o.literal(77, 'uint32'));
  const flat = o.reshape(o.iota({ dtype: 'uint32', shape: [B * F], dimension: 0 }), { newSizes: [B, F] });
  const [r0, r1] = o.threefry2x32(a0, a1, o.full(0, aval('uint32', [B, F])), flat);
  const bits = o.xor(r0, r1);
  const u = o.sub(o.bitcastConvertType(o.or(o.shiftRightLogical(bits, 9), 0x3f800000), { newDtype: 'float32' }), 1);
  const keep = o.lt(u, 0.9);
  const d = o.div(o.mul(g, o.convertElementType(keep, { newDtype: 'float32', weakType: false })), 0.9);
  return { d, newMu, newVa };
}

export function scanMlp(B: number, F: number, T: number) {
  const body = new Builder();
  const types = [f([B, F]), aval('uint32', [2]), f([F, F]), f([F]), f([F]), f([F]), f([F]), f([F])];
  const ins = types.map((t) => new Var(t));
  const { d, newMu, newVa } = block(body, ins[0]!, ins[1]!, ins[2]!, ins[3]!, ins[4]!, ins[5]!, ins[6]!, ins[7]!);
  const jaxpr = body.build([], ins, [d, ins[3]!, ins[4]!, newMu, ins[5]!, newVa, ins[2]!]);
  const o = new Builder();
  const outer = types.map((t, i) => new Var(i === 0 ? t : aval(t.dtype, [T, ...t.shape])));
  const rest = [new Var(f([F, F])), new Var(f([F]))];
  const out = o.scan(...outer, { jaxpr, length: T, reverse: false, numConsts: 0, numCarry: 1 }) as readonly Atom[];
  const y = o.add(o.dotGeneral(out[0]!, rest[0]!, { dimensionNumbers: [[[1], [0]], [[], []]] }), bc(o, rest[1]!, [B, F], [1]));
  return o.build([], [...outer, ...rest], [y, ...out.slice(1)]);
}

test('block', () => {
  for (const [B, F] of [[2, 10], [256, 512]] as const) {
    const start = performance.now();
    const j = scanMlp(B, F, 4);
    const { graph, program } = compile(j, { ...DEFAULT_PROFILE, maxStorageBuffersPerShaderStage: Number(process.env.LIM ?? 8) }, 'mlp');
    console.log(performance.now() - start, kernelsOf(graph.steps).map((k) => `${k.kind} ${k.label} loops=${k.loops.length} ${k.kind === 'row' ? `${k.stages.length} ${k.rowStores.length} ${k.elementStores.length}` : k.stores.length}`));
    if (B === 2) if (0) console.log(program.kernels.map((k) => k.wgsl).join('\n-----\n'), JSON.stringify(program.steps, null, 1), program.buffers);
  }
});
test('unrolled', () => {
  for (const L of [5, 20, 60]) {
    const o = new Builder();
    const ins: Var[] = [];
    const v = (t: ReturnType<typeof f>) => { const x = new Var(t); ins.push(x); return x; };
    const [B, F] = [32, 64];
    let x: Atom = v(f([B, F]));
    const outs: Atom[] = [];
    for (let i = 0; i < L; i++) {
      const r = block(o, x, v(aval('uint32', [2])), v(f([F, F])), v(f([F])), v(f([F])), v(f([F])), v(f([F])), v(f([F])));
      x = r.d;
      outs.push(r.newMu, r.newVa);
    }
    const j = o.build([], ins, [x, ...outs]);
    const start = performance.now();
    const { graph, program } = compile(j, DEFAULT_PROFILE, 'mlp');
    console.log(L, j.equations.length, performance.now() - start, kernelsOf(graph.steps).length, program.kernels.length);
  }
});

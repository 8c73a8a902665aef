import { compile, fuse } from '../../compiler/compile.ts';
import { flatten } from '../../compiler/fuse/flatten.ts';
import { materialize } from '../../compiler/fuse/materialize.ts';
import { buildGraph } from '../../compiler/fuse/kernels.ts';
import { assemble } from '../../compiler/fuse/assemble.ts';
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

for (const L of [5, 60, 60]) {
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
    const t = [performance.now()];
    const b = flatten(j); t.push(performance.now());
    const p = materialize(b, DEFAULT_PROFILE, new Set()); t.push(performance.now());
    const g = buildGraph(b.block, p, DEFAULT_PROFILE); t.push(performance.now());
    assemble(g, DEFAULT_PROFILE, 'x'); t.push(performance.now());
    console.log(t.slice(1).map((x, i) => Math.round(x - t[i]!)));
}

import { test } from 'vitest';
import { compile } from '../../compiler/compile.ts';
import { kernelsOf } from '../../compiler/fuse/graph.ts';
import { DEFAULT_PROFILE } from '../../compiler/program.ts';
import { Builder } from '../../compiler/ir/builder.ts';
import { Var, aval } from '../../compiler/ir/jaxpr.ts';
import type { Atom } from '../../compiler/ir/jaxpr.ts';
import { block, float32 as f } from '../support/jaxprs.ts';
test('unrolled', () => {
  for (const L of [5, 20, 60, 200]) {
    const o = new Builder();
    const ins: Var[] = [];
    const v = (t: ReturnType<typeof f>) => { const x = new Var(t); ins.push(x); return x; };
    const [B, F] = [32, 64];
    let x: Atom = v(f(B, F));
    const outs: Atom[] = [];
    for (let i = 0; i < L; i++) {
      const r = block(o, x, v(aval('uint32', [2])), [v(f(F, F)), v(f(F)), v(f(F)), v(f(F)), v(f(F)), v(f(F))]);
      x = r[0];
      outs.push(r[1], r[2]);
    }
    const j = o.build([], ins, [x, ...outs]);
    const start = performance.now();
    const { graph, program } = compile(j, DEFAULT_PROFILE, 'mlp');
    console.log(L, j.equations.length, performance.now() - start, kernelsOf(graph.steps).length, program.kernels.length);
  }
}, 100000);

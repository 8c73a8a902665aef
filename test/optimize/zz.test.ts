import { test } from 'vitest';
import fc from 'fast-check';
import { randomPrograms } from '../support/random-programs.ts';
import { printJaxpr } from '../../compiler/ir/print.ts';
import { optimize } from '../../compiler/optimize/pipeline.ts';
test('x', () => {
  const t0 = performance.now();
  const ps = fc.sample(randomPrograms(), { numRuns: 300, seed: 3 });
  console.log('ms per program', (performance.now() - t0) / 300);
  const count: Record<string, number> = {};
  const visit = (j: any) => { for (const e of j.equations) { count[e.primitive.name] = (count[e.primitive.name] ?? 0) + 1; for (const p of Object.values(e.params)) { if ((p as any)?.equations) visit(p); if (Array.isArray(p)) p.forEach((q: any) => q?.equations && visit(q)); } } };
  ps.forEach((p) => visit(p.jaxpr));
  console.log(Object.entries(count).sort((a, b) => b[1] - a[1]).map(([a, b]) => `${a}:${b}`).join(' '));
  console.log(ps.map(p => p.jaxpr.equations.length).join(' '));
  for (const p of ps.slice(0, 6)) { console.log(printJaxpr(p.jaxpr)); console.log('=>\n' + printJaxpr(optimize(p.jaxpr))); }
});

/** What a kernel is called and which of the user's lines it names. */
import { expect, test } from 'vitest';
import { compile } from '../../compiler/compile.ts';
import { Builder } from '../../compiler/ir/builder.ts';
import { Var } from '../../compiler/ir/jaxpr.ts';
import { DEFAULT_PROFILE } from '../../compiler/program.ts';
import { float32, jaxprOf } from '../support/jaxprs.ts';

function labelsOf(...args: Parameters<typeof jaxprOf>): string[] {
  return compile(jaxprOf(...args), DEFAULT_PROFILE, 'f').program.kernels.map(({ label }) => label);
}

test('a kernel names its operations in order, each once, without views', () => {
  const turned = labelsOf([float32(2, 3)], (o, x) => o.tanh(o.transpose(o.add(o.add(x!, 1), x!), { permutation: [1, 0] })));
  expect(turned).toEqual(['add_tanh']);
});

test('a long name is cut', () => {
  const long = labelsOf([float32(3)], (o, x) => o.exp(o.sin(o.digamma(o.lgamma(o.logistic(o.log1p(o.erfInv(o.rsqrt(x!)))))))));
  expect(long).toEqual(['rsqrt_erf_inv_log1p_logistic_lgamma_and_3_more']);
});

test('what only moves data is a copy, what only writes constants a fill', () => {
  expect(labelsOf([float32(3)], (o, x) => o.rev(x!, { dimensions: [0] }))).toEqual(['copy']);
  expect(labelsOf([], (o) => o.full(3, float32(4)))).toEqual(['fill']);
});

test('a kernel names each line once', () => {
  const o = new Builder();
  const x = new Var(float32(3));
  o.source = { file: 'user.ts', line: 2, column: 4 };
  const y = o.sin(o.neg(x));
  o.source = { file: 'user.ts', line: 9, column: 1 };
  const { kernels } = compile(o.build([], [x], [o.exp(y)]), DEFAULT_PROFILE, 'f').program;
  expect(kernels.map(({ sources }) => sources)).toEqual([['user.ts:2:4', 'user.ts:9:1']]);
});

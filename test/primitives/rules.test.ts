/** No rule is missing: every primitive against jvp, transpose and vmap, with the reason where a rule cannot exist. */
import { expect, test } from 'vitest';
import { PRIMITIVES } from '../../compiler/primitives/index.ts';
import type { Primitive } from '../../compiler/primitives/primitive.ts';

function jvpOf({ jvp }: Primitive): string {
  if (jvp.kind === 'zero') return `zero: ${jvp.reason}`;
  if (jvp.kind === 'partials') return `partials of ${jvp.partials.map((partial, i) => (partial === null ? '-' : i)).join(',')}`;
  return jvp.kind;
}

function transposeOf({ transpose }: Primitive): string {
  return transpose.kind === 'rule' ? 'rule' : `nonlinear: ${transpose.reason}`;
}

test('the table', async () => {
  const lines = PRIMITIVES.map((primitive) => {
    expect(primitive.batch, primitive.name).toBeTypeOf('function');
    return `${primitive.name.padEnd(24)} jvp ${jvpOf(primitive)} | transpose ${transposeOf(primitive)} | vmap rule`;
  });
  await expect(`${lines.join('\n')}\n`).toMatchFileSnapshot('rules.txt');
});

test('what has no rule says why in words', () => {
  for (const { name, jvp, transpose } of PRIMITIVES) {
    if (jvp.kind === 'zero') expect(jvp.reason.split(' ').length, name).toBeGreaterThan(2);
    if (transpose.kind === 'nonlinear') expect(transpose.reason.length, name).toBeGreaterThan(10);
  }
});

test('what is linear in all its operands can be transposed', () => {
  const missing = PRIMITIVES.filter(({ jvp, transpose }) => jvp.kind === 'linear' && transpose.kind !== 'rule');
  expect(missing.map(({ name }) => name)).toEqual([]);
});

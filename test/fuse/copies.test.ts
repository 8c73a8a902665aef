/** A kernel does not write out again and again what it reads in many places. */
import { expect, test } from 'vitest';
import { compile } from '../../compiler/compile.ts';
import { Builder } from '../../compiler/ir/builder.ts';
import { aval } from '../../compiler/ir/jaxpr.ts';
import type { Atom } from '../../compiler/ir/jaxpr.ts';
import { associativeScan } from '../../compiler/primitives/cumulative/associative.ts';
import { movesOf } from '../../compiler/primitives/cumulative/parts.ts';
import { DEFAULT_PROFILE } from '../../compiler/program.ts';

/** The prefixes of the compositions of affine maps, in log n rounds, each of which reads the one before in two places. */
function kernelsOf(length: number): string[] {
  const o = new Builder();
  const maps = [o.newVar(aval('float32', [length])), o.newVar(aval('float32', [length]))];
  const compose = ([f, t]: readonly Atom[], [g, u]: readonly Atom[]): Atom[] => [o.mul(f!, g!), o.add(o.mul(t!, g!), u!)];
  const prefixes = associativeScan(movesOf(o), compose, maps, 0);
  return compile(o.build([], maps, prefixes), DEFAULT_PROFILE, 'prefixes').program.kernels.map(({ wgsl }) => wgsl);
}

test('a short chain of rounds is one kernel', () => {
  expect(kernelsOf(8).length).toBe(1);
});

test('the kernels of a long chain stay small, and grow with the logarithm of its length', () => {
  const kernels = kernelsOf(1000);
  expect(Math.max(...kernels.map(({ length }) => length))).toBeLessThan(6000);
  expect(kernels.length).toBeLessThanOrEqual(50);
});

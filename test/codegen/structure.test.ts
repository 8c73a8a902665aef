/** Kernels of one structure are written once, and as each of them alone would be. */
import { expect, test } from 'vitest';
import { generate, generator } from '../../compiler/codegen/generate.ts';
import { structureOf } from '../../compiler/codegen/structure.ts';
import { fuse } from '../../compiler/compile.ts';
import { kernelsOf } from '../../compiler/fuse/graph.ts';
import type { Kernel } from '../../compiler/fuse/kernel.ts';
import type { Atom, Jaxpr } from '../../compiler/ir/jaxpr.ts';
import { DEFAULT_PROFILE } from '../../compiler/program.ts';
import { float32, jaxprOf, linear } from '../support/jaxprs.ts';
import { property } from '../support/property.ts';
import { randomPrograms } from '../support/random-programs.ts';

function kernelsIn(jaxpr: Jaxpr): Kernel[] {
  return kernelsOf(fuse(jaxpr, DEFAULT_PROFILE).steps);
}

const oneAfterTheOther = generator(DEFAULT_PROFILE);

const PROGRAMS = randomPrograms({ maxEquations: 12 });

property('kernels of many programs, one after the other, are what each is alone', [PROGRAMS], ({ jaxpr }) => {
  for (const kernel of kernelsIn(jaxpr)) expect(oneAfterTheOther(kernel)).toEqual(generate(kernel, DEFAULT_PROFILE));
}, 100);

test('equal layers have one structure, whatever their buffers are called', () => {
  const types = [float32(8, 4), ...Array.from({ length: 3 }, () => [float32(4, 4), float32(4)]).flat()];
  const jaxpr = jaxprOf(types, (o, x, ...weights) => {
    const layer = (h: Atom, i: number): Atom => o.tanh(linear(o, h, weights[i]!, weights[i + 1]!));
    return layer(layer(layer(x!, 0), 2), 4);
  });
  const structures = kernelsIn(jaxpr).map(structureOf);
  expect(structures).toHaveLength(3);
  expect(new Set(structures.map((structure) => structure?.text)).size).toBe(1);
  expect(new Set(structures.map((structure) => structure?.buffers.join())).size).toBe(3);
});

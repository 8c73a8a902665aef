/** The jitted training-mode call of the tiny-NNX program is one scan, whose body does not know how many layers there are. */
import { expect, test } from 'vitest';
import { PathRngs, makeJaxpr, random } from '../../src/index.ts';
import type { Tensor } from '../../src/index.ts';
import type { Jaxpr } from '../../compiler/ir/jaxpr.ts';
import { equalJaxprs } from '../../compiler/ir/hash.ts';
import { parseJaxpr, printJaxpr } from '../../src/testing/index.ts';
import { ScanMLP } from '../../examples/seed.ts';
import { useWgsl } from '../support/wgsl.ts';

useWgsl();

function jaxprOf(layers: number): Jaxpr {
  const module = new ScanMLP(10, layers, { rngs: new PathRngs(random.key(0)) });
  const x = random.normal(random.key(0), [2, 10]);
  return makeJaxpr((m: ScanMLP, input: Tensor) => m.forward(input, { train: true, rngs: new PathRngs(random.key(1)) }))(module, x)
    .jaxpr;
}

test('one scan, whose body has as many equations for 50 layers as for 5', () => {
  const bodies = [5, 50].map((layers) => {
    const jaxpr = jaxprOf(layers);
    const scans = jaxpr.equations.filter(({ primitive }) => primitive.name === 'scan');
    expect(scans).toHaveLength(1);
    expect(scans[0]!.params['length']).toBe(layers - 1);
    expect(equalJaxprs(parseJaxpr(printJaxpr(jaxpr)), jaxpr)).toBe(true);
    return scans[0]!.params['jaxpr'] as Jaxpr;
  });
  expect(bodies[1]!.equations).toHaveLength(bodies[0]!.equations.length);
  expect(bodies[0]!.equations.length).toBeGreaterThan(30);
});

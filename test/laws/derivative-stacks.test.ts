/** Random programs under random stacks of transforms, with derivatives among them; `npm run fuzz` knows no bound. */
import { expect, test } from 'vitest';
import { programs } from '../../src/testing/arbitraries/programs.ts';
import { transformStacks } from '../../src/testing/arbitraries/stacks.ts';
import { Outcomes, derivativesAreDifferences, devicesAgree, stackIsPlain } from '../support/derivative-stacks.ts';
import { property } from '../support/property.ts';
import { useWgsl } from '../support/wgsl.ts';

useWgsl();

const outcomes = new Outcomes();

property('a stack means what loops mean, and its derivatives are difference quotients', [
  programs({ maxSteps: 6 }), transformStacks(),
], async (program, stack) => {
  outcomes.add(await stackIsPlain(program, stack));
  await derivativesAreDifferences(program, stack);
}, 100);

property('a stack computes on the device what it computes on the reference, and that is what loops and differences say', [
  programs({ maxSteps: 2, shapes: [[3]] }), transformStacks(),
], async (program, stack) => {
  outcomes.add(await devicesAgree(program, stack));
  await stackIsPlain(program, stack);
  await derivativesAreDifferences(program, stack);
}, 200);

test('at most a fifth of the runs were inconclusive', () => {
  expect(outcomes.total).toBeGreaterThanOrEqual(300);
  expect(outcomes.inconclusive / outcomes.total).toBeLessThan(0.2);
});

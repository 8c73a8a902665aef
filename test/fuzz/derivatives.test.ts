/** The laws of stacks with derivatives, without an end in sight. */
import fc from 'fast-check';
import { programs } from '../../src/testing/arbitraries/programs.ts';
import { transformStacks } from '../../src/testing/arbitraries/stacks.ts';
import { derivativesAreDifferences, devicesAgree, stackIsPlain } from '../support/derivative-stacks.ts';
import { useWgsl } from '../support/wgsl.ts';
import { fuzz } from './fuzz.ts';

useWgsl();

const drawn = fc.tuple(programs(), transformStacks());

fuzz('a stack with derivatives means what loops mean', drawn, async ([program, stack]) => {
  await stackIsPlain(program, stack);
});

fuzz('derivatives in a stack are difference quotients', drawn, ([program, stack]) => derivativesAreDifferences(program, stack));

fuzz('a stack with derivatives computes on the device what it computes on the reference', drawn, async ([program, stack]) => {
  await devicesAgree(program, stack);
});

/** The laws of stacks of transforms, without an end in sight. */
import fc from 'fast-check';
import { deviceMaps, deviceThreadsState, transformsAreLoops } from '../support/stacks/laws.ts';
import type { Axis } from '../support/stacks/laws.ts';
import { stacks } from '../support/stacks/stack.ts';
import { useWgsl } from '../support/wgsl.ts';
import { fuzz } from './fuzz.ts';

useWgsl();

const AXIS = fc.constantFrom<Axis>(0, 1, -1, -2);

fuzz('transforms are loops', fc.tuple(stacks(), AXIS, AXIS), ([stack, inAxis, outAxis]) => transformsAreLoops(stack, inAxis, outAxis));

fuzz('the device threads state', fc.tuple(stacks(), fc.constantFrom('no', 'argument', 'captured')), ([stack, jitting]) =>
  deviceThreadsState(stack, jitting),
);

fuzz('the device maps', fc.tuple(stacks(), AXIS, AXIS), ([stack, inAxis, outAxis]) => deviceMaps(stack, inAxis, outAxis));

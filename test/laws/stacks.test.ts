/** Random stacks of jit, vmap, loops and branches over functions with and without state mean what they say; `npm run fuzz` knows no bound. */
import fc from 'fast-check';
import { deviceMaps, deviceThreadsState, transformsAreLoops } from '../support/stacks/laws.ts';
import type { Axis } from '../support/stacks/laws.ts';
import { property } from '../support/property.ts';
import { stacks } from '../support/stacks/stack.ts';
import { useWgsl } from '../support/wgsl.ts';

useWgsl();

const AXIS = fc.constantFrom<Axis>(0, 1, -1, -2);

property('vmap is a loop, scan is a loop, cond is a choice, jit is nothing, nested in each other', [stacks(), AXIS, AXIS], transformsAreLoops, 40);

property('on the device, with a module passed or captured, results and state are those of the loops, call after call', [
  stacks(), fc.constantFrom('no', 'argument', 'captured'),
], deviceThreadsState, 20);

property('on the device, vmap(jit(f)) is the loop', [stacks(), AXIS, AXIS], deviceMaps, 10);

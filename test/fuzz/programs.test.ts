/** The laws of random programs, on as many as are asked for: `npm run fuzz -- --runs N`. */
import { evaluate } from '../../compiler/reference/evaluate.ts';
import { expectFromDevice, onDevice, optimizingIsIdentity, textIsWhole } from '../support/program-laws.ts';
import { property } from '../support/property.ts';
import { randomPrograms } from '../support/random-programs.ts';
import { useWgsl } from '../support/wgsl.ts';
import { FUZZ_RUNS } from './runs.ts';

const wgsl = useWgsl();

property('random programs: text, optimizer and WGSL', [randomPrograms()], async (program) => {
  textIsWhole(program.jaxpr);
  optimizingIsIdentity(program);
  expectFromDevice(await onDevice(program.jaxpr, program.inputs), evaluate(program.jaxpr, program.inputs));
}, FUZZ_RUNS);

import { test } from 'vitest';
test('c', () => console.log(wgsl.counts));

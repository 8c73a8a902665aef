/** The laws of random programs: text, optimizer, WGSL. */
import { evaluate } from '../../compiler/reference/evaluate.ts';
import { expectFromDevice, onDevice, optimizingIsIdentity, textIsWhole } from '../support/program-laws.ts';
import { randomPrograms } from '../support/random-programs.ts';
import { useWgsl } from '../support/wgsl.ts';
import { fuzz } from './fuzz.ts';

useWgsl();

fuzz('random programs on WGSL', randomPrograms(), async (program) => {
  textIsWhole(program.jaxpr);
  optimizingIsIdentity(program);
  expectFromDevice(await onDevice(program.jaxpr, program.inputs), evaluate(program.jaxpr, program.inputs));
});

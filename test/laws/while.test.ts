/** What holds of every program holds of programs with while loops. */
import fc from 'fast-check';
import { fuse } from '../../compiler/compile.ts';
import type { Jaxpr } from '../../compiler/ir/jaxpr.ts';
import { DEFAULT_PROFILE } from '../../compiler/program.ts';
import { evaluate } from '../../compiler/reference/evaluate.ts';
import { executeGraph } from '../support/execute-graph.ts';
import {
  callsAreIndependent, deviceIsReference, drawMapping, expectFromDevice, mappingIsLoop, optimizingIsIdentity, textIsWhole,
} from '../support/program-laws.ts';
import { property } from '../support/property.ts';
import { randomPrograms } from '../support/random-programs.ts';
import type { RandomProgram } from '../support/random-programs.ts';
import { useWgsl } from '../support/wgsl.ts';

useWgsl();

function hasWhile({ jaxpr }: RandomProgram): boolean {
  return jaxpr.equations.some(({ primitive }) => primitive.name === 'while');
}

/** Some while loop runs as several kernels. */
function isEncoded({ jaxpr }: { readonly jaxpr: Jaxpr }): boolean {
  return fuse(jaxpr, DEFAULT_PROFILE).lowerings.some(({ primitive, chosen }) => primitive === 'while' && chosen !== 'in-thread');
}

function kernelsAreReference({ jaxpr, inputs }: RandomProgram): void {
  expectFromDevice(executeGraph(fuse(jaxpr, DEFAULT_PROFILE), inputs), evaluate(jaxpr, inputs));
}

const options = { whileLoops: true, maxElements: 64 };
const programs = randomPrograms({ ...options, maxEquations: 12 }).filter(hasWhile);

property('their text parses back', [programs], ({ jaxpr }) => textIsWhole(jaxpr), 50);
property('optimizing them keeps every bit', [programs], optimizingIsIdentity, 50);
property('vmap of them is a loop', [programs, fc.nat()], mappingIsLoop, 50);
property('their kernels compute what the reference does', [programs], kernelsAreReference, 50);
property('so do those of loops that one kernel cannot run', [programs.filter(isEncoded)], kernelsAreReference, 25);
property('so do those of mapped loops, where lanes may end one by one', [programs, fc.nat()], (program, draw) => {
  kernelsAreReference(drawMapping(program, draw).program);
}, 50);

const small = randomPrograms({ ...options, maxEquations: 5 }).filter((program) => hasWhile(program) && isEncoded(program));
property('so does the device', [small], deviceIsReference, 3);
property('calls in flight do not disturb each other', [fc.array(small, { minLength: 2, maxLength: 3 })], callsAreIndependent, 2);

/** The laws of random programs of 1 to 30 equations; `npm run fuzz` knows no bound. */
import fc from 'fast-check';
import { describe } from 'vitest';
import { DEFAULT_PROFILE } from '../../compiler/program.ts';
import {
  deviceIsReference, drawMapping, eagerIsReference, mappingIsLoop, optimizingIsIdentity, profileIsReference, textIsWhole, tracingGivesItBack,
} from '../support/program-laws.ts';
import { property } from '../support/property.ts';
import { randomPrograms } from '../support/random-programs.ts';
import { useWgsl } from '../support/wgsl.ts';

const wgsl = useWgsl();

const DRAW = fc.nat({ max: 2 ** 30 });

describe.each([
  { maxEquations: 4, maxOutputs: 2, runs: 120 },
  { maxEquations: 8, maxOutputs: 2, runs: 110 },
  { maxEquations: 18, maxOutputs: 3, runs: 50 },
  { maxEquations: 30, maxOutputs: 3, runs: 25 },
])('random programs of up to $maxEquations equations', ({ maxEquations, maxOutputs, runs }) => {
  property(
    `up to ${maxEquations} equations: text, trace, optimizer, vmap, WGSL`,
    [randomPrograms({ maxEquations, maxOutputs }), DRAW],
    async (program, draw) => {
      textIsWhole(program.jaxpr);
      tracingGivesItBack(program);
      optimizingIsIdentity(program);
      mappingIsLoop(program, draw);
      await deviceIsReference(program);
    },
    runs,
  );
});

property('short programs: eager, each equation a program of its own', [randomPrograms({ maxEquations: 4 })], eagerIsReference, 10);

property('mapped programs of integers', [randomPrograms({ maxEquations: 12, maxOutputs: 2, dtypes: ['int32', 'uint32', 'bool'] }), DRAW], (program, draw) =>
  deviceIsReference(drawMapping(program, draw).program), 20);

property('larger arrays, compiled for a GPU with default limits', [randomPrograms({
  maxEquations: 10,
  maxOutputs: 6,
  shapes: [[], [0], [40], [300], [17, 5], [33, 20], [5, 70], [4, 17, 9], [0, 3]],
  maxElements: 4000,
})], (program) => profileIsReference(program, wgsl.device, DEFAULT_PROFILE), 20);

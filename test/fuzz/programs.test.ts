/** The laws of random programs, without an end in sight. */
import fc from 'fast-check';
import { DEFAULT_PROFILE } from '../../compiler/program.ts';
import {
  deviceIsReference, drawMapping, eagerIsReference, mappingIsLoop, optimizingIsIdentity, profileIsReference, textIsWhole, tracingGivesItBack,
} from '../support/program-laws.ts';
import { randomPrograms } from '../support/random-programs.ts';
import { useWgsl } from '../support/wgsl.ts';
import { fuzz } from './fuzz.ts';

const wgsl = useWgsl();

const DRAW = fc.nat({ max: 2 ** 30 });
const INTEGERS = randomPrograms({ dtypes: ['int32', 'uint32', 'bool'] });

fuzz('text, trace, optimizer and vmap', fc.tuple(randomPrograms(), DRAW), ([program, draw]) => {
  textIsWhole(program.jaxpr);
  tracingGivesItBack(program);
  optimizingIsIdentity(program);
  mappingIsLoop(program, draw);
});

fuzz('WGSL', randomPrograms(), deviceIsReference);

fuzz('WGSL for the schedules of a GPU with default limits', randomPrograms(), (program) =>
  profileIsReference(program, wgsl.device, DEFAULT_PROFILE),
);

fuzz('WGSL for a grid of few workgroups', randomPrograms(), (program) =>
  profileIsReference(program, wgsl.device, { ...wgsl.device.profile, maxComputeWorkgroupsPerDimension: 16 }),
);

fuzz('WGSL of mapped programs', fc.tuple(INTEGERS, DRAW), ([program, draw]) => {
  const { program: mapped } = drawMapping(program, draw);
  textIsWhole(mapped.jaxpr);
  optimizingIsIdentity(mapped);
  return deviceIsReference(mapped);
});

fuzz('WGSL equation by equation', randomPrograms({ maxEquations: 4 }), eagerIsReference);

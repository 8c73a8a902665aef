/** Random programs on arrays of many rows, of long rows and of no elements, and with many results: schedules, edges and limits. */
import { DEFAULT_PROFILE } from '../../compiler/program.ts';
import { deviceIsReference, optimizingIsIdentity, profileIsReference } from '../support/program-laws.ts';
import { randomPrograms } from '../support/random-programs.ts';
import { useWgsl } from '../support/wgsl.ts';
import { fuzz } from './fuzz.ts';

const wgsl = useWgsl();

const LARGE = randomPrograms({
  maxEquations: 12,
  shapes: [[], [40], [300], [1, 130], [17, 5], [33, 20], [5, 70], [70, 5], [4, 17, 9], [64, 16], [1000]],
  maxElements: 5000,
});
const EMPTY = randomPrograms({ shapes: [[], [0], [3], [0, 3], [3, 0], [2, 3], [2, 0, 3]] });
const MANY = randomPrograms({ maxEquations: 40, maxOutputs: 16, shapes: [[4, 3], [4], [3], [], [4, 1]] });

fuzz('large arrays', LARGE, (program) => {
  optimizingIsIdentity(program);
  return deviceIsReference(program);
});

fuzz('large arrays for the schedules of a GPU', LARGE, (program) => profileIsReference(program, wgsl.device, DEFAULT_PROFILE));

fuzz('arrays of no elements', EMPTY, (program) => {
  optimizingIsIdentity(program);
  return deviceIsReference(program);
});

fuzz('many results', MANY, (program) => profileIsReference(program, wgsl.device, DEFAULT_PROFILE));

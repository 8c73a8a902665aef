/** Random programs whose memory is used again: calls in flight, state written over what it was computed from, donated inputs. */
import fc from 'fast-check';
import { callsAreIndependent, donationIsInvisible, stateIsThreaded } from '../support/program-laws.ts';
import { randomPrograms } from '../support/random-programs.ts';
import { useWgsl } from '../support/wgsl.ts';
import { fuzz } from './fuzz.ts';

useWgsl();

const INTEGERS = randomPrograms({
  dtypes: ['int32', 'uint32', 'bool'],
  maxEquations: 16,
  shapes: [[], [3], [4], [3, 4], [4, 3], [200], [20, 30], [30, 20]],
  maxElements: 2000,
});

fuzz('calls in flight', fc.array(randomPrograms({ maxEquations: 8 }), { minLength: 2, maxLength: 5 }), callsAreIndependent);
fuzz('state written over itself', INTEGERS, stateIsThreaded);
fuzz('donated inputs', INTEGERS, donationIsInvisible);

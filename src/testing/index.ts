/** For tests of programs written with Heddle: laws, comparison of trees, and a device that counts. */
// Whoever imports this entry point alone also needs the methods of Tensor.
import '../tensor.ts';

export { assertAllClose } from './compare.ts';
export type { Tolerance } from './compare.ts';
export { jitLaw, vmapLaw, deviceLaw, printLaw } from './laws.ts';
export { openCountingDevice } from './counting.ts';
export type { CountingDevice } from './counting.ts';
export { countingDevice } from '../../runtime/index.ts';
export type { Counts } from '../../runtime/index.ts';
export { parseJaxpr } from '../../compiler/ir/parse.ts';
export { printJaxpr } from '../../compiler/ir/print.ts';

/** For tests of programs written with Heddle: laws, comparison of trees, and a device that counts. */
// Whoever imports this entry point alone also needs the methods of Tensor.
import '../tensor.ts';

export { assertAllClose, assertAllClose as expectClose } from './compare.ts';
export type { Tolerance } from './compare.ts';
export { jitLaw, vmapLaw, deviceLaw, printLaw } from './laws.ts';
export { laws } from './properties.ts';
export type { Laws, PropertyOptions } from './properties.ts';
export { checkGrads } from './check-grads.ts';
export type { CheckGradsOptions, Mode } from './check-grads.ts';
export { assertMaxTraces } from './max-traces.ts';
export { openCountingDevice } from './counting.ts';
export type { CountingDevice } from './counting.ts';
export { countingDevice } from '../../runtime/index.ts';
export type { BufferBytes, Counting, Counts } from '../../runtime/index.ts';
export { parseJaxpr } from '../../compiler/ir/parse.ts';
export { printJaxpr } from '../../compiler/ir/print.ts';

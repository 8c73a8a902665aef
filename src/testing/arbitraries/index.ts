/**
 * `heddle/testing/arbitraries`: arbitraries of fast-check (an optional peer) for what flows through Heddle. It is an entry of its own,
 * because its types are fast-check's.
 */
// Whoever imports this entry point alone also needs the methods of Tensor.
import '../../tensor.ts';

export { pytrees, shapes, tensors } from './values.ts';
export type { PytreeBounds, ShapeBounds, TensorBounds } from './values.ts';
export { programs } from './programs.ts';
export type { DrawnProgram, ProgramBounds } from './programs.ts';
export { transformStacks } from './stacks.ts';
export type { StackBounds, TensorFunction, TransformName, TransformStack } from './stacks.ts';

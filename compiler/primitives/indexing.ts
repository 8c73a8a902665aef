/** Primitives that read or write where an operand says. */
import { BLOCKS } from './indexing/blocks.ts';
import { gatherPrimitive } from './indexing/gather.ts';
import type { Primitive } from './primitive.ts';

export const INDEXING: readonly Primitive[] = [...BLOCKS, gatherPrimitive];
